// The test rig: a temporary folder with the real binary in it. Each process is handed out as a remote control, so that a
// test reads like a story. What a rig starts, and what that starts, is ended with it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { parse } from 'yaml';
import { type Child, type Finished, type Stdin, startChild } from './child.ts';
import { endProcessesOf, processesOf } from './processes.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export interface RigOptions {
  files?: Record<string, string>;
  /** A repository with all the files in one commit. */
  git?: boolean;
  /** What runs instead of dist/cli.cjs: a path from the rig's folder. */
  bin?: string;
}

export interface ChildOptions {
  env?: Record<string, string>;
  /** From the rig's folder. */
  cwd?: string;
  stdin?: Stdin;
}

/** One line of logs/run_log.jsonl. */
export interface JournalLine {
  timestamp: string;
  run_id: string;
  event_type: string;
  task_id?: string;
  status_change?: string;
  details?: Record<string, unknown>;
}

export async function makeRig({ files = {}, git = false, bin }: RigOptions = {}): Promise<Rig> {
  const rig = new Rig(bin);
  for (const [path, text] of Object.entries(files)) rig.write(path, text);
  if (git) {
    rig.git('init', '--quiet');
    rig.git('add', '--all');
    rig.git('commit', '--quiet', '--allow-empty', '--message=start');
  }
  return rig;
}

export class Rig {
  /** The project's folder. Beside it, and not in it, are the home, the temporary folder and the commands of its processes. */
  readonly dir: string;
  readonly #root: string;
  /** The program itself. */
  readonly bin: string;

  constructor(bin?: string) {
    // Short names, since a path may stand on a screen of 80 columns.
    this.#root = fs.realpathSync(fs.mkdtempSync(join(process.env.RUNBOOK_TEST_FOLDER ?? tmpdir(), 'r')));
    this.dir = join(this.#root, 'w');
    this.bin = bin ? resolve(this.dir, bin) : resolve(process.env.RUNBOOK_TEST_BIN ?? builtBinary);
    for (const name of ['w', 'home', 'tmp', 'bin']) fs.mkdirSync(join(this.#root, name));
    this.write('../home/.gitconfig', gitSettings);
    for (const name of ['node', 'npm', 'npx'])
      fs.symlinkSync(join(dirname(process.execPath), name), join(this.#root, 'bin', name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcessesOf(this.#root);
    fs.rmSync(this.#root, { recursive: true, force: true });
  }

  /** Runs to the end, without a terminal. What hangs is ended, and fails the test with what it has said. */
  readonly run = vi.defineHelper(
    async (args: string[], options: ChildOptions & { timeoutMs?: number } = {}): Promise<Finished> => {
      const { timeoutMs = 45_000, ...childOptions } = options;
      const child = this.start(args, childOptions);
      const hanging = new Error(`\`${args.join(' ')}\` does not end`);
      let hangs = false;
      const timer = setTimeout(() => {
        hangs = true;
        child.kill('SIGKILL');
      }, timeoutMs);
      const finished = await child.exit;
      clearTimeout(timer);
      if (!hangs) return finished;
      hanging.message += `; it has said:\n${child.output()}`;
      throw hanging;
    },
  );

  /** A child without a terminal. */
  start(args: string[], { env, cwd = '.', stdin }: ChildOptions = {}): Child {
    const options = { cwd: resolve(this.dir, cwd), env: this.#env(env), stdin };
    return startChild([process.execPath, this.bin, ...args], options);
  }

  /** A child in a terminal, with a person in front of it. */
  terminal(
    args: string[],
    options: { cols?: number; rows?: number; env?: Record<string, string>; cwd?: string } = {},
  ): Terminal {
    const { env, cwd = '.', ...size } = options;
    return openTerminal(process.execPath, [this.bin, ...args], {
      ...size,
      cwd: resolve(this.dir, cwd),
      env: this.#env(env),
    });
  }

  /** Ids of all that was started here and is still alive, down to the grandchildren. */
  processes(): number[] {
    return processesOf(this.#root);
  }

  read(path: string): string {
    return fs.readFileSync(join(this.dir, path), 'utf8');
  }

  /** A text that begins with `#!` may be executed. */
  write(path: string, text: string): void {
    const file = join(this.dir, path);
    fs.mkdirSync(dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    if (text.startsWith('#!')) fs.chmodSync(file, 0o755);
  }

  /** A command in the PATH of the children, for example a pretended `claude`. `script` begins with `#!`. */
  command(name: string, script: string): void {
    this.write(join('../bin', name), script);
  }

  exists(path: string): boolean {
    return fs.existsSync(join(this.dir, path));
  }

  git(...args: string[]): string {
    return execFileSync('git', args, { cwd: this.dir, env: this.#env(), encoding: 'utf8', stdio: 'pipe' }).trimEnd();
  }

  /** The whole lines; a torn last one is left out. */
  journal(): JournalLine[] {
    if (!this.exists('logs/run_log.jsonl')) return [];
    const lines = this.read('logs/run_log.jsonl').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as JournalLine);
  }

  statuses(): Record<string, string> {
    const { tasks } = parse(this.read('runbook.yaml')) as { tasks: { id: string; status?: string }[] };
    return Object.fromEntries(tasks.map(({ id, status }) => [id, status ?? 'not written']));
  }

  /** All that is there: a file as its mode and hash, a link as its target, a folder. Two equal trees: nothing was written. */
  tree(): Record<string, string> {
    const paths = everythingIn(this.dir)
      .map((path) => relative(this.dir, path))
      .sort();
    // Git refreshes its index when it is only asked something. What is staged shows in .git/objects all the same.
    return Object.fromEntries(
      paths.filter((path) => path !== '.git/index').map((path) => [path, fingerprint(join(this.dir, path))]),
    );
  }

  /** `text` with all that differs from run to run replaced. In a line where that happened, wide gaps become two blanks. */
  stable(text: string): string {
    return text
      .split('\n')
      .map((line) => this.#stableLine(line))
      .join('\n');
  }

  #stableLine(line: string): string {
    const places = line
      .replaceAll(this.dir, '<dir>')
      .replaceAll(join(this.#root, 'home'), '<home>')
      .replaceAll(this.#root, '<rig>')
      .replaceAll(process.env.RUNBOOK_TEST_FOLDER ?? '\0', '<tests>');
    const stable = changing.reduce((done, [pattern, name]) => done.replace(pattern, name), places);
    return stable === line ? line : stable.replace(/(?<=\S) {2,}(?=\S)/g, '  ');
  }

  /** Nothing of the person who runs the tests: no keys, no CI, no colour settings, no editor, no commands but the system's. */
  #env(extra: Record<string, string> = {}): Record<string, string> {
    const at = (name: string) => join(this.#root, name);
    const clean = {
      PATH: `${at('bin')}:/usr/bin:/bin`,
      HOME: at('home'),
      XDG_CONFIG_HOME: at('home/.config'),
      // One for all rigs: what is kept there is of the program, not of a project.
      XDG_CACHE_HOME: join(process.env.RUNBOOK_TEST_FOLDER ?? tmpdir(), 'cache'),
      TMPDIR: at('tmp'),
    };
    return { ...clean, LANG: 'C.UTF-8', TZ: 'UTC', SHELL: '/bin/sh', GIT_CONFIG_NOSYSTEM: '1', ...extra };
  }
}

const builtBinary = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

const gitSettings =
  '[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n[commit]\ngpgsign = false\n';

/** Longer patterns first: a stamp holds what looks like other numbers. */
const changing: [RegExp, string][] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?/g, '<time>'],
  [/\b\d{8}T\d{6}\d*Z?/g, '<stamp>'],
  [/\bat \d\d:\d\d(:\d\d)?\b/g, 'at <clock>'],
  [/(?:(?:<|&#60;) )?\b(\d+(\.\d+)? (ms|s|min|h|d)\b ?)+(?<! )/g, '<duration>'],
  [/\b(pid"?[:=]? ?)\d+/g, '$1<pid>'],
  [/(\bhost `)[^`]+/g, '$1<host>'],
];

/** Not by `recursive: true`, which on Node 24 goes through links to folders as well, and through one to a parent for ever. */
function everythingIn(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...everythingIn(path)] : [path];
  });
}

function fingerprint(path: string): string {
  const entry = fs.lstatSync(path);
  if (entry.isSymbolicLink()) return `-> ${fs.readlinkSync(path)}`;
  if (entry.isDirectory()) return 'folder';
  // A pipe would never end, and a file of gigabytes too late.
  if (!entry.isFile() || entry.size > 50_000_000) return `${entry.mode.toString(8)} ${entry.size} ${entry.mtimeMs}`;
  const hash = createHash('sha256').update(fs.readFileSync(path)).digest('hex').slice(0, 16);
  return `${(entry.mode & 0o777).toString(8)} ${hash}`;
}
