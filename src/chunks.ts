// The program's own files, loaded with the code that V8 has made of them: to compile them anew takes half of the time of a short
// command. It is kept in the person's cache folder, for each command by itself, since each needs other functions: those that its
// first call has used, which its help and a dry run keep apart. Whatever goes wrong with it, the files themselves are there. Node has
// the same from 22 on, under the same switch (NODE_DISABLE_COMPILE_CACHE).
import type { Script } from 'node:vm';

const { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, writeFileSync } =
  process.getBuiltinModule('node:fs');

interface Module {
  exports: unknown;
}

const loaded = new Map<string, Module>();

/** What was compiled by this process, by the name of its file. */
const compiled = new Map<string, Script>();

/** Loads a file that the build has put beside this one, or a module of Node's. `file` is as in `require`. */
export function loadChunk(file: string): unknown {
  if (!file.startsWith('./')) return require(file);
  const known = loaded.get(file);
  if (known) return known.exports;
  const module: Module = { exports: {} };
  loaded.set(file, module);
  const name = file.slice(2);
  const body = compile(name).runInThisContext() as (...parts: unknown[]) => void;
  body(module.exports, loadChunk, module, `${__dirname}/${name}`, __dirname);
  return module.exports;
}

function compile(name: string): Script {
  const { Script } = process.getBuiltinModule('node:vm');
  // The build writes nothing but ASCII, and the function around it.
  const source = bytesOf(`${__dirname}/${name}`).toString('latin1');
  const cachedData = cache && readCompiled(`${cache}/${name}`);
  // By its bare name: the code is the same wherever the program is installed.
  const script = new Script(source, cachedData ? { filename: name, cachedData } : { filename: name });
  if (!cachedData || (script.cachedDataRejected && isPlainNode())) {
    if (compiled.size === 0) process.on('exit', keepCompiled);
    compiled.set(name, script);
  }
  return script;
}

/** V8 takes no code that was made under other flags. */
function isPlainNode(): boolean {
  return process.execArgv.length === 0 && !process.env['NODE_OPTIONS'];
}

/** Undefined if there is none that can be run as it is: V8 does not look at what it gets. */
function readCompiled(path: string): Buffer | undefined {
  try {
    return halfOf(bytesOf(path, true));
  } catch {
    return undefined;
  }
}

/** Each file in turn: the system has to find memory for what is written to for the first time. */
const ROOM = Buffer.allocUnsafe(1 << 19);

/**
 * All of a file, until the next is read; of one that is to be `own`, nothing if others may write to it. It is read as plainFile.ts
 * reads: what of Node is used for that has to be compiled at each start.
 */
function bytesOf(path: string, own = false): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size, uid, mode } = fstatSync(file);
    if (own && process.platform !== 'win32' && (uid !== process.geteuid?.() || (mode & 0o022) !== 0))
      return Buffer.alloc(0);
    const bytes = size > ROOM.length ? Buffer.allocUnsafe(size) : ROOM;
    let total = 0;
    while (total < size) {
      const length = readSync(file, bytes, total, size - total, null);
      if (length === 0) break;
      total += length;
    }
    return bytes.subarray(0, total);
  } finally {
    closeSync(file);
  }
}

/** It is there twice, so that a byte that has changed, or is missing, is seen: a checksum would take ten times as long. */
function halfOf(twice: Buffer): Buffer | undefined {
  const half = twice.length >> 1;
  if (half === 0) return undefined;
  return twice.compare(twice, half, twice.length, 0, half) === 0 ? twice.subarray(0, half) : undefined;
}

/** Keeps what had to be compiled, for the next start. Called at the end, when it is known which functions the command needs. */
function keepCompiled(exitCode: number): void {
  // A mistake, perhaps in the very name of the command, is not what comes next; nor is a runbook that another runner holds.
  if (!cache || exitCode === 2 || exitCode === 5) return;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    const present = readdirSync(cache);
    for (const [name, script] of compiled) {
      const code = script.createCachedData();
      const temporary = `${cache}/${name}.${process.pid}`;
      writeFileSync(temporary, Buffer.concat([code, code]), { mode: 0o600 });
      renameSync(temporary, `${cache}/${name}`);
      for (const other of present) if (other !== name && stemOf(other) === stemOf(name)) rmSync(`${cache}/${other}`);
    }
  } catch {
    // No space, no permission: the next start compiles again.
  }
}

/** A chunk's name without the hash of what is in it. */
function stemOf(name: string): string {
  return name.replace(/-[\w-]{8}\.js$/, '');
}

const MANNERS = [
  ['-help', '--help', '-h'],
  ['-dry', '--dry-run', '-n'],
] as const;

const cache = cacheFolder();

/** Undefined if there is no place for it, or none is wanted. */
function cacheFolder(): string | undefined {
  const { env, platform, version, arch } = process;
  if (env['NODE_DISABLE_COMPILE_CACHE']) return undefined;
  const home = env['HOME'] && `${env['HOME']}${platform === 'darwin' ? '/Library/Caches' : '/.cache'}`;
  const base = platform === 'win32' ? env['LOCALAPPDATA'] : env['XDG_CACHE_HOME'] || home;
  const words = process.argv.slice(2);
  const [word = 'status'] = words;
  // One that is not absolute would be somewhere in the person's project.
  if (!base || !/^(?:\/|[A-Za-z]:[\\/])/.test(base)) return undefined;
  // Who was the first to call a command has said what is kept for it: its help, and a dry run, need other functions.
  const manner = MANNERS.find(([, ...flags]) => flags.some((flag) => words.includes(flag)))?.[0] ?? '';
  return `${base}/runbook/${version}-${arch}/${/^[a-z]{2,12}$/.test(word) ? word : 'flags'}${manner}`;
}
