// Loaded into the real binary before anything else (NODE_OPTIONS=--require): counts the calls that change something inside the
// project's folder, notes each in a file, and puts a fault in at one of them. RUNBOOK_FAULT says which, as JSON:
// { root, trace, at, fault }; instead of the number, `on` is a pattern for the call, such as `renameSync runbook.yaml`. Without either it only
// counts.
const childProcess = require('node:child_process');
const fs = require('node:fs');
const { constants } = require('node:os');
const { syncBuiltinESMExports } = require('node:module');
const { resolve, sep } = require('node:path');

const { root, trace, at = 0, on, fault } = JSON.parse(process.env.RUNBOOK_FAULT ?? '{}');

/** The system's own name for what a function of Node does. */
const SYSCALLS = {
  openSync: 'open',
  writeSync: 'write',
  writeFileSync: 'write',
  appendFileSync: 'write',
  renameSync: 'rename',
  linkSync: 'link',
  symlinkSync: 'symlink',
  unlinkSync: 'unlink',
  rmSync: 'unlink',
  rmdirSync: 'rmdir',
  fsyncSync: 'fsync',
  fdatasyncSync: 'fdatasync',
  truncateSync: 'open',
  ftruncateSync: 'ftruncate',
  mkdirSync: 'mkdir',
  mkdtempSync: 'mkdtemp',
  copyFileSync: 'copyfile',
  cpSync: 'cp',
  chmodSync: 'chmod',
  fchmodSync: 'fchmod',
  chownSync: 'chown',
  fchownSync: 'fchown',
  utimesSync: 'utime',
  futimesSync: 'futime',
};
const WITH_TARGET = ['renameSync', 'linkSync', 'symlinkSync', 'copyFileSync', 'cpSync'];
const WRITES = ['writeSync', 'writeFileSync', 'appendFileSync'];
/** What a full disk refuses. */
const NEEDS_SPACE = [...WRITES, 'openSync', 'mkdirSync', 'mkdtempSync', 'linkSync', 'symlinkSync', 'copyFileSync'];
const REASONS = { ENOSPC: 'no space left on device', EACCES: 'permission denied', EIO: 'i/o error' };

const real = { ...fs };
/** What is open, by its descriptor. */
const open = new Map();
let count = 0;
/** How deep we are in a call that is counted: Node's own functions call each other. */
let depth = 0;
let hasStruck = false;
let diskIsFull = false;
/** Whether another program was started since the last call: it may have done something meanwhile. */
let hasSpawned = false;

if (root) {
  for (const name of Object.keys(SYSCALLS)) fs[name] = (...args) => called(name, args);
  fs.closeSync = (fd) => {
    open.delete(fd);
    return real.closeSync(fd);
  };
  for (const name of Object.keys(SYSCALLS)) refuseOthers(fs, name.replace(/Sync$/, ''));
  for (const name of Object.keys(SYSCALLS)) refuseOthers(fs.promises, name.replace(/Sync$/, ''));
  refuseOthers(fs, 'createWriteStream');
  const spawnReally = childProcess.spawn;
  childProcess.spawn = (...args) => {
    hasSpawned = true;
    const child = spawnReally(...args);
    // What starts programs for the runner is told so by its stdin.
    const write = child.stdin?.write;
    if (write)
      child.stdin.write = (...written) => {
        hasSpawned = true;
        return write.apply(child.stdin, written);
      };
    return child;
  };
  syncBuiltinESMExports();
}

function called(name, args) {
  const path = depth > 0 ? undefined : pathOf(name, args);
  if (path === undefined || !isInside(path)) return really(name, args);
  const n = ++count;
  const hit =
    n === at ||
    (!hasStruck && on !== undefined && new RegExp(`^${on}$`).test(`${name} ${path.slice(root.length + 1)}`));
  hasStruck ||= hit;
  note({ n, name, path, ...(hit ? { fault } : {}), ...(hasSpawned ? { afterSpawn: true } : {}) });
  hasSpawned = false;
  if (hit) return struck(name, args, path);
  if (diskIsFull && needsSpace(name, args)) return refuse('ENOSPC', name, args, path);
  return really(name, args);
}

/** What is there already needs none, until something is written. */
function needsSpace(name, [path]) {
  if (!NEEDS_SPACE.includes(name)) return false;
  return !['openSync', 'mkdirSync'].includes(name) || !real.existsSync(path);
}

function really(name, args) {
  depth++;
  try {
    const result = real[name](...args);
    if (name === 'openSync') open.set(result, resolve(String(args[0])));
    return result;
  } finally {
    depth--;
  }
}

/** Undefined where nothing is changed. What is created or removed is named by its new, or old, place. */
function pathOf(name, args) {
  if (name === 'openSync' && isForReading(args[1])) return undefined;
  const named = WITH_TARGET.includes(name) ? args[1] : args[0];
  return typeof named === 'number' ? open.get(named) : resolve(String(named));
}

function isForReading(flags = 'r') {
  const { O_WRONLY, O_RDWR } = fs.constants;
  if (typeof flags === 'number') return (flags & (O_WRONLY | O_RDWR)) === 0;
  return flags === 'r' || flags === 'rs';
}

function isInside(path) {
  return path === root || path.startsWith(root + sep);
}

function struck(name, args, path) {
  switch (fault) {
    case 'kill':
      return die();
    case 'killAfter':
      really(name, args);
      return die();
    case 'empty':
      writeOnly(0, name, args);
      return die();
    case 'torn':
      writeOnly(0.5, name, args);
      return die();
    case 'full':
      diskIsFull = true;
      return refuse('ENOSPC', name, args, path);
    case 'short':
      // A disk that becomes full takes what it has room for, and says how much that was; only the next write is refused.
      diskIsFull = true;
      if (name === 'writeSync') return writeOnly(0.5, name, args);
      writeOnly(0.5, name, args);
      throw systemError('ENOSPC', 'write');
    default:
      return refuse(fault, name, args, path);
  }
}

/** Nothing of ours runs after it. */
function die() {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** The first part of what was to be written; of a call that writes nothing, nothing. */
function writeOnly(part, name, args) {
  if (!WRITES.includes(name)) return undefined;
  const bytes = bytesOf(name, args);
  const begun = bytes.subarray(0, Math.floor(bytes.length * part));
  if (name === 'writeSync') return real.writeSync(args[0], begun);
  depth++;
  if (name === 'appendFileSync') real.appendFileSync(args[0], begun);
  else real.writeFileSync(args[0], begun);
  depth--;
  return undefined;
}

function bytesOf(name, [, data, offset = 0]) {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return name === 'writeSync' && typeof data !== 'string' ? bytes.subarray(offset) : bytes;
}

/** As Node throws it: a call on a descriptor names no path, nor does the write inside of `writeFileSync`. */
function refuse(code, name, args, path) {
  const byName = typeof args[0] !== 'number';
  if ((name === 'writeFileSync' || name === 'appendFileSync') && byName) {
    if (code === 'EACCES') throw systemError(code, 'open', path);
    writeOnly(0, name, args);
    throw systemError(code, 'write');
  }
  const [from, to] = args;
  if (WITH_TARGET.includes(name)) throw systemError(code, SYSCALLS[name], resolve(String(from)), resolve(String(to)));
  throw systemError(code, SYSCALLS[name], byName ? path : undefined);
}

function systemError(code, syscall, path, dest) {
  const places = [path, dest].filter((place) => place !== undefined).map((place) => `'${place}'`);
  const error = new Error(`${code}: ${REASONS[code]}, ${[syscall, places.join(' -> ')].filter(Boolean).join(' ')}`);
  const number = constants.errno[code];
  return Object.assign(error, { errno: -number, code, syscall, ...(path ? { path } : {}), ...(dest ? { dest } : {}) });
}

function note(line) {
  depth++;
  real.appendFileSync(trace, `${JSON.stringify(line)}\n`);
  depth--;
}

/** The product changes files with synchronous calls alone. Another one would go uncounted, so it is noted, and fails the test. */
function refuseOthers(holder, name) {
  const other = holder[name];
  if (typeof other !== 'function') return;
  holder[name] = function (path, ...args) {
    if (typeof path !== 'number' && isInside(resolve(String(path))) && !(name === 'open' && isForReading(args[0])))
      note({ n: 0, name, path: resolve(String(path)), uncounted: true });
    return other.call(this, path, ...args);
  };
}
