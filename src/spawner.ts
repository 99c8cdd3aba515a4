// A small process that starts programs for this one (spawner.pl): to fork Node itself takes milliseconds, and the more of them the
// more memory it has. It gives them real pipes, too, which can be opened anew (`> /dev/stderr`); Node's are sockets, which can't.
//
// To it go, with all numbers big-endian in four bytes: the length of the variables that all programs get, and these; then what is
// asked of it: a letter (s: start, d: drop the pipes), an id, a length and so many bytes. From it comes, in the same form: y (it
// is ready), s (this pid is to be it), f (it could not: errno), o and e (stdout, stderr), d (ended, its pipes are still open), x (over:
// the status, as of waitpid).
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { getSystemErrorName } from 'node:util';
import { DRAIN_MS, type Ended, endTree, type Program, type Start, type Started, startByNode } from './starting.ts';

const PERL = '/usr/bin/perl';
/** The numbers of `setsid` by `process.arch`; that of `pidfd_open` is the same on all. */
const SETSID: Readonly<Record<string, number>> = { x64: 112, arm64: 157, riscv64: 157, loong64: 157 };
const PIDFD_OPEN = 434;

/** Undefined where the system has not what it takes: it is Linux from 5.3 on, with Perl. */
export async function openSpawner(env: Readonly<Record<string, string>>): Promise<Start | undefined> {
  const setsid = SETSID[process.arch];
  if (process.platform !== 'linux' || setsid === undefined || !existsSync(PERL)) return undefined;
  const child = spawn(PERL, [join(__dirname, 'spawner.pl'), String(setsid), String(PIDFD_OPEN)], {
    // What Perl reads of the person's variables is none of its business here.
    env: {},
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const spawner = new Spawner(child);
  spawner.send(framed(strings(Object.entries(env).flat())));
  return (await spawner.isReady) ? (program) => spawner.start(program) : undefined;
}

/** What is done with the answers to one request. */
interface Asked {
  readonly program: Program;
  readonly started: (pid: number) => void;
  readonly refused: (code: string) => void;
  readonly over: (ended: Ended) => void;
  readonly decoders: { readonly o: StringDecoder; readonly e: StringDecoder };
  pid?: number;
  drain?: NodeJS.Timeout;
}

class Spawner {
  readonly isReady: Promise<boolean>;
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, Asked>();
  #tellReady: (isReady: boolean) => void = () => {};
  #isGone = false;
  #ids = 0;
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

  send(...parts: readonly Buffer[]): void {
    this.#child.stdin?.write(Buffer.concat(parts));
  }

  start(program: Program): Promise<Started> {
    const { command, cwd, ownEnv, onStdout } = program;
    const [file, args] =
      command.kind === 'program'
        ? [command.file, command.args]
        : [command.shell ?? '/bin/sh', ['-c', command.line] as const];
    const own = Object.entries(ownEnv);
    const words = [onStdout ? '1' : '', cwd, file, String(own.length), ...own.flat(), file, ...args];
    // No system takes such a text, and Node says so.
    if (this.#isGone || words.some((word) => word.includes('\0'))) return startByNode(program);
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      const ended = new Promise<Ended>((over, failed) => {
        const isStarted = () => this.#asked.get(id)?.pid !== undefined;
        this.#asked.set(id, {
          program,
          started: (pid) => resolve({ pid, ended }),
          refused: (code) => {
            const error = Object.assign(new Error(`spawn ${file} ${code}`), { code });
            if (isStarted()) failed(error);
            else reject(error);
          },
          over,
          decoders: { o: new StringDecoder(), e: new StringDecoder() },
        });
      });
      this.#awaited(true);
      this.send(request('s', id), framed(strings(words)));
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
  }

  #hear(kind: string, id: number, data: Buffer): void {
    const asked = this.#asked.get(id);
    if (kind === 'y') {
      this.#tellReady(true);
      this.#awaited(false);
    }
    if (!asked) return;
    switch (kind) {
      case 's':
        asked.pid = data.readUInt32BE(0);
        asked.started(asked.pid);
        break;
      case 'o':
      case 'e':
        told(asked, kind, asked.decoders[kind].write(data));
        break;
      case 'd':
        asked.drain = setTimeout(() => this.send(request('d', id), framed(Buffer.alloc(0))), DRAIN_MS);
        break;
      case 'f':
        asked.refused(getSystemErrorName(-data.readUInt32BE(0)));
        this.#forget(id, asked);
        break;
      case 'x':
        this.#forget(id, asked);
        for (const stream of ['o', 'e'] as const) told(asked, stream, asked.decoders[stream].end());
        asked.over(endedAs(data.readUInt32BE(0)));
        break;
    }
  }

  #forget(id: number, { drain }: Asked): void {
    clearTimeout(drain);
    this.#asked.delete(id);
    if (this.#asked.size === 0) this.#awaited(false);
  }

  /** Whether this process is to stay alive for it. */
  #awaited(is: boolean): void {
    const parts = [this.#child, this.#child.stdin, this.#child.stdout];
    for (const part of parts) if (part === this.#child || part instanceof Socket) part[is ? 'ref' : 'unref']();
  }

  /** Somebody has ended it. How its programs end is never heard, so that they are ended. */
  #gone(): void {
    this.#isGone = true;
    this.#tellReady(false);
    for (const [id, asked] of this.#asked) {
      if (asked.pid !== undefined) endTree(asked.pid, 'SIGKILL');
      if (asked.pid === undefined) asked.refused('EPIPE');
      else asked.over({ exitCode: undefined, signal: 'SIGKILL' });
      this.#forget(id, asked);
    }
  }
}

/** A letter, an id, a length. */
const HEAD = 9;

function told({ program: { onOutput, onStdout } }: Asked, stream: 'o' | 'e', text: string): void {
  if (text === '') return;
  if (stream === 'o' && onStdout) onStdout(text);
  else onOutput(text);
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

function request(kind: string, id: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.write(kind, 'latin1');
  bytes.writeUInt32BE(id, 1);
  return bytes;
}

function strings(texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text) => framed(Buffer.from(text))));
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
