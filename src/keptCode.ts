// The code that V8 has made of the program's own files, kept for the next start: to compile them anew takes half of the time of a short
// command. It stands in the person's cache folder, for each command by itself, since each needs other functions; its help and a dry run
// keep their own. Whatever goes wrong with it, the files themselves are there. Node has the same from 22 on, under the same switch
// (NODE_DISABLE_COMPILE_CACHE).
import type { Script } from 'node:vm';

const {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} = process.getBuiltinModule('node:fs');

/** What is kept of a file. */
export interface KeptCode {
  /** Until the next file is read. */
  code: Buffer;
  /** How many commands, since it was kept, have looked whether they needed more than it holds, and did not. */
  looks: number;
}

/** Undefined if there is none that can be run as it is: V8 does not look at what it gets. */
export function keptCode(name: string): KeptCode | undefined {
  if (!cache) return undefined;
  try {
    const file = openSync(`${cache}/${name}`, 'r');
    try {
      const { size, uid, mode } = fstatSync(file);
      if (process.platform !== 'win32' && (uid !== process.geteuid?.() || (mode & 0o022) !== 0)) return undefined;
      return codeIn(file, size);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/**
 * The code is there twice, so that a byte that has changed, or is missing, is seen: a checksum would take ten times as long. After it
 * stands how often was looked.
 */
function codeIn(file: number, size: number): KeptCode | undefined {
  const length = size >> 1;
  if (length === 0 || size % 2 === 0) return undefined;
  if (length + PIECE > room.length) room = Buffer.allocUnsafe(length + PIECE);
  const code = room.subarray(0, length);
  const piece = room.subarray(length);
  if (readSync(file, code, 0, length, null) < length) return undefined;
  for (let at = 0; at < length; ) {
    const count = readSync(file, piece, 0, Math.min(PIECE, length - at), null);
    if (count === 0 || piece.compare(code, at, at + count, 0, count) !== 0) return undefined;
    at += count;
  }
  return readSync(file, piece, 0, 1, null) === 1 ? { code, looks: piece[0] ?? 0 } : undefined;
}

/**
 * For each file in turn, the largest first: the system has to find memory for what is written to for the first time. That is why the
 * second half comes in pieces.
 */
let room = Buffer.alloc(0);
const PIECE = 1 << 16;

/**
 * Whether to look if this command needs more than is kept: what the first call of a command needed is not all that the next ones will.
 * To look takes 3 ms, and is the less worth it the oftener it was in vain. The next three do; then it is by `chance`, from 0 to 1,
 * since calls of one kind may well come in turns with those of another.
 */
export function isDue({ looks }: Pick<KeptCode, 'looks'>, chance = Math.random()): boolean {
  return chance * (1 + looks) < 3;
}

/** There is one byte for how often was looked. */
export function oneMore(looks: number): number {
  return Math.min(looks + 1, 255);
}

/** Of the same functions, V8 makes some bytes more or less. */
const SLIGHT = 200;

const toKeep: { name: string; script: Script; kept: KeptCode | undefined }[] = [];

/** What V8 has made of `script` by the end of this process is for the next start, unless `kept` holds all of it. */
export function keepCode(name: string, script: Script, kept: KeptCode | undefined): void {
  if (!cache) return;
  if (toKeep.length === 0) process.on('exit', keepAll);
  toKeep.push({ name, script, kept });
}

function keepAll(exitCode: number): void {
  // A mistake, perhaps in the very name of the command, is not what comes next; nor is a runbook that another runner holds.
  if (!cache || exitCode === 2 || exitCode === 5) return;
  try {
    mkdirSync(cache, { recursive: true, mode: 0o700 });
    let isNew = false;
    for (const { name, script, kept } of toKeep) {
      const code = script.createCachedData();
      if (kept && code.length < kept.code.length + SLIGHT) hasLooked(name, kept);
      else {
        const temporary = `${cache}/${name}.${process.pid}`;
        writeFileSync(temporary, Buffer.concat([code, code, Buffer.of(0)]), { mode: 0o600 });
        renameSync(temporary, `${cache}/${name}`);
        isNew = true;
      }
    }
    // What other versions of the program have left.
    if (isNew)
      for (const other of readdirSync(cache)) if (!existsSync(`${__dirname}/${other}`)) rmSync(`${cache}/${other}`);
  } catch {
    // No space, no permission: the next start compiles again.
  }
}

function hasLooked(name: string, { code, looks }: KeptCode): void {
  const file = openSync(`${cache}/${name}`, 'r+');
  try {
    // Another command may have kept its own meanwhile.
    if (fstatSync(file).size === 2 * code.length + 1) writeSync(file, Buffer.of(oneMore(looks)), 0, 1, 2 * code.length);
  } finally {
    closeSync(file);
  }
}

const cache = cacheFolder();

/** Undefined if there is no place for it, or none is wanted. */
function cacheFolder(): string | undefined {
  const { env, platform, version, arch } = process;
  if (env['NODE_DISABLE_COMPILE_CACHE']) return undefined;
  const base = platform === 'win32' ? env['LOCALAPPDATA'] : env['XDG_CACHE_HOME'] || homeCache(env['HOME'], platform);
  // One that is not absolute would be somewhere in the person's project.
  if (!base || !(platform === 'win32' ? /^[a-z]:[\\/]/i.test(base) : base.startsWith('/'))) return undefined;
  const words = process.argv.slice(2);
  const [word = 'status'] = words;
  const isNamed = (...flags: string[]) => flags.some((flag) => words.includes(flag));
  // Who was the first to call a command has said what is kept for it: its help, and a dry run, need other functions.
  const manner = isNamed('--help', '-h') ? '-help' : isNamed('--dry-run', '-n') ? '-dry' : '';
  return `${base}/runbook/${version}-${arch}/${/^[a-z]{2,12}$/.test(word) ? word : 'flags'}${manner}`;
}

function homeCache(home: string | undefined, platform: string): string | undefined {
  return home && `${home}/${platform === 'darwin' ? 'Library/Caches' : '.cache'}`;
}
