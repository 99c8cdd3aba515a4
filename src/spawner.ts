// A small process that starts programs for this one (spawner.py): to fork Node itself takes milliseconds, and the more of them the
// more memory it has. It gives them real pipes, too, which can be opened anew (`> /dev/stderr`); Node's are sockets, which can't.
//
// All that goes to it is its length, and so many bytes; numbers are big-endian in four. First the variables that all programs get;
// then what is asked of it: a letter (s: start this, d: drop the pipe), a number for it, the rest. From it comes: a letter, that
// number, a length and so many bytes. y (it is ready), p (it runs: the pid), f (it could not: errno), o (what it printed), d (ended, its
// pipe is still open), x (over: the status, as of waitpid).
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { getSystemErrorName } from 'node:util';
import { DRAIN_MS, type Ended, endTree, type Program, type Run, runByNode } from './starting.ts';
import { endMarked } from './survivors.ts';

const PYTHON = '/usr/bin/python3';

/** It takes some 11 ms to be ready. One that is not by then, for whatever reason, is not waited for. */
const LATE_MS = 5000;

/** Undefined where the system has not what it takes: it is Linux from 5.3 on, with Python from 3.9 on. */
export async function openSpawner(env: Readonly<Record<string, string>>): Promise<Run | undefined> {
  if (process.platform !== 'linux' || !existsSync(PYTHON)) return undefined;
  // What Python reads of the person's folders and variables is none of its business here.
  const child = spawn(PYTHON, ['-I', '-S', '-B', join(__dirname, 'spawner.py')], {
    env: {},
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const spawner = new Spawner(child);
  spawner.send(framed(Object.entries(env).flat()));
  const late = setTimeout(() => child.kill('SIGKILL'), LATE_MS);
  const isReady = await spawner.isReady;
  clearTimeout(late);
  return isReady ? (program) => spawner.run(program) : undefined;
}

/** What is done with the answers about one program. */
interface Asked {
  readonly program: Program;
  readonly refused: (code: string) => void;
  readonly over: (ended: Ended) => void;
  /** Known when it runs. */
  pid?: number;
  /** There is one as soon as something was printed. */
  decoder?: StringDecoder;
  drain?: NodeJS.Timeout;
}

class Spawner {
  readonly isReady: Promise<boolean>;
  readonly #child: ChildProcess;
  /** By their numbers. */
  readonly #asked = new Map<number, Asked>();
  #last = 0;
  #tellReady: (isReady: boolean) => void = () => {};
  #isGone = false;
  #isAwaited = true;
  /** What came of an answer that is not whole. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(child: ChildProcess) {
    this.#child = child;
    this.isReady = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    for (const source of [child, child.stdin]) source?.on('error', () => this.#gone());
    child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes)).on('close', () => this.#gone());
  }

  send(bytes: Buffer): void {
    this.#child.stdin?.write(bytes);
  }

  run(program: Program): Promise<Ended> {
    const { command, cwd, ownEnv, onStdout } = program;
    const [file, args] =
      command.kind === 'program'
        ? [command.file, command.args]
        : [command.shell ?? '/bin/sh', ['-c', command.line] as const];
    const own = Object.entries(ownEnv);
    const words = [cwd, file, String(own.length)];
    for (const [name, value] of own) words.push(name, value);
    words.push(file, ...args);
    // It has one pipe for all that a program prints. And no system takes a text with a NUL, as Node says.
    if (this.#isGone || onStdout || words.some((word) => word.includes('\0'))) return runByNode(program);
    return new Promise((over, failed) => {
      const refused = (code: string) => failed(Object.assign(new Error(`spawn ${file} ${code}`), { code }));
      this.#asked.set(++this.#last, { program, refused, over });
      this.#awaited();
      this.send(request('s', this.#last, words));
    });
  }

  #read(bytes: Buffer): void {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (rest.length >= HEAD) {
      const end = HEAD + rest.readUInt32BE(5);
      if (rest.length < end) break;
      this.#hear(String.fromCharCode(rest.readUInt8(0)), rest.readUInt32BE(1), rest.subarray(HEAD, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    this.#awaited();
  }

  #hear(kind: string, id: number, data: Buffer): void {
    if (kind === 'y') this.#tellReady(true);
    const asked = this.#asked.get(id);
    if (!asked) return;
    switch (kind) {
      case 'p':
        asked.pid = data.readUInt32BE(0);
        asked.program.onStart(asked.pid);
        break;
      case 'o':
        asked.decoder ??= new StringDecoder();
        told(asked, asked.decoder.write(data));
        break;
      case 'd':
        asked.drain = setTimeout(() => this.send(request('d', id)), DRAIN_MS);
        break;
      case 'f':
        this.#forget(id, asked).refused(getSystemErrorName(-data.readUInt32BE(0)));
        break;
      case 'x':
        this.#forget(id, asked);
        told(asked, asked.decoder?.end() ?? '');
        asked.over(endedAs(data.readUInt32BE(0)));
        break;
    }
  }

  #forget(id: number, asked: Asked): Asked {
    clearTimeout(asked.drain);
    this.#asked.delete(id);
    return asked;
  }

  /** Whether this process is to stay alive for what is still to be heard. Where nothing is, most often something is at once. */
  #awaited(): void {
    if (this.#isHeardOf || !this.#isAwaited) this.#keepAlive(this.#isHeardOf);
    else setImmediate(() => this.#keepAlive(this.#isHeardOf));
  }

  get #isHeardOf(): boolean {
    return this.#asked.size > 0;
  }

  #keepAlive(is: boolean): void {
    if (is === this.#isAwaited) return;
    this.#isAwaited = is;
    const parts = [this.#child, this.#child.stdin, this.#child.stdout];
    for (const part of parts) if (part === this.#child || part instanceof Socket) part[is ? 'ref' : 'unref']();
  }

  /** Somebody has ended it. How its programs end is never heard, so that they are ended. */
  #gone(): void {
    this.#isGone = true;
    this.#tellReady(false);
    for (const [id, asked] of this.#asked) {
      if (asked.pid !== undefined) endTree(asked.pid, 'SIGKILL');
      // It was started, and that was not told any more.
      else endMarked(asked.program.ownEnv);
      this.#forget(id, asked).over({ exitCode: undefined, signal: 'SIGKILL' });
    }
  }
}

/** A letter, a number, a length. */
const HEAD = 9;

function told({ program }: Asked, text: string): void {
  if (text !== '') program.onOutput(text);
}

/** The low seven bits are the signal that ended it, those from the ninth on the code with which it ended. */
function endedAs(status: number): Ended {
  const number = status & 0x7f;
  if (number === 0) return { exitCode: status >> 8, signal: undefined };
  return { exitCode: undefined, signal: `SIG${SIGNALS[number - 1] ?? number}` };
}

/** As Linux counts them, on all of these machines. */
const SIGNALS =
  `HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ
  VTALRM PROF WINCH IO PWR SYS`.split(/\s+/);

/** A letter, a number, and what goes with it. */
function request(kind: string, id: number, texts: readonly string[] = []): Buffer {
  const bytes = framed(texts, 5);
  bytes.write(kind, 4, 'latin1');
  bytes.writeUInt32BE(id, 5);
  return bytes;
}

/** The length of what follows, room for so many bytes, and each text behind its own length. */
function framed(texts: readonly string[], room = 0): Buffer {
  let most = 4 + room;
  for (const text of texts) most += 4 + 3 * text.length;
  const bytes = Buffer.allocUnsafe(most);
  let end = 4 + room;
  for (const text of texts) {
    const length = bytes.write(text, end + 4);
    bytes.writeUInt32BE(length, end);
    end += 4 + length;
  }
  bytes.writeUInt32BE(end - 4);
  return bytes.subarray(0, end);
}
