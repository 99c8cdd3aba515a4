// Bundles src/cli.ts into dist/, with the packages inside: one small file to start, a chunk for each thing loaded later.
// The licences of the packages travel with them, in dist/licenses.txt.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const { metafile, outputFiles } = await build({
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Names stay, so that the stack of a bug still says where it was.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // nunjucks asks for these two to watch templates, which we never do.
  external: ['chokidar', 'fsevents'],
  define: { RUNBOOK_VERSION: JSON.stringify(version) },
  // Some packages are CommonJS and call require() for Node's own modules; an ES module has none.
  banner: { js: "import{createRequire as rq}from'node:module';const require=rq(import.meta.url);" },
  metafile: true,
  write: false,
  logLevel: 'warning',
});
// A runner that is at work may still load a chunk (`npm test` is a step of our own playbook), so that no file is ever missing:
// each is renamed into its place, and what is left over goes last.
mkdirSync('dist/schemas/json', { recursive: true });
for (const { path, contents } of outputFiles) replace(path, contents);
replace('dist/licenses.txt', licencesOf(Object.keys(metafile.inputs)));
const schemas = JSON.parse(execFileSync(process.execPath, ['dist/cli.js', 'schema', 'all']));
for (const [which, schema] of Object.entries(schemas))
  replace(`dist/schemas/${which}.json`, `${JSON.stringify(schema, null, 2)}\n`);
const kept = [...outputFiles.map(({ path }) => basename(path)), 'licenses.txt', 'schemas'];
for (const entry of readdirSync('dist')) if (!kept.includes(entry)) rmSync(join('dist', entry), { recursive: true });

function replace(path, contents) {
  writeFileSync(`${path}.new`, contents, { mode: path.endsWith('cli.js') ? 0o755 : 0o644 });
  renameSync(`${path}.new`, path);
}

/** The licence text of every package that has a file in the bundle. */
function licencesOf(inputs) {
  const folders = new Set(
    inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean),
  );
  return [...folders]
    .sort()
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n`);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = existsSync(folder) && readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}`;
}
