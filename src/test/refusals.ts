// What a user is told of a mistake. Each case has a folder of its own; every refusal is held to what is promised of all:
// exit code 2, one JSON object on stderr and nothing on stdout, a place that is really there, nothing written.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, vi } from 'vitest';
import type { Finished } from './child.ts';
import type { Rig } from './rig.ts';

export interface Case {
  /** By path. */
  files?: Record<string, string | Uint8Array>;
  /** `next`, if not said. */
  args?: string[];
  env?: Record<string, string>;
  /** What files can't say: links, modes. Gets the folder. */
  before?: (folder: string) => void;
}

export interface Told {
  code: string;
  message: string;
  at: { file: string; line: number; column: number; length: number; text: string } | null;
  hint: string | null;
}

/** The refusals of all cases under their names, as `inWords` has them. A text alone is the text of `runbook.yaml`. */
export const refusals = vi.defineHelper(
  async (rig: Rig, cases: Record<string, string | Case>, all: Partial<Case> = {}): Promise<string> => {
    const laidOut = Object.entries(cases).map(([name, given]) => {
      const ownCase: Case = { ...all, ...(typeof given === 'string' ? { files: { 'runbook.yaml': given } } : given) };
      return { ...ownCase, name, cwd: layOut(rig, ownCase) };
    });
    const before = rig.tree();
    const told: string[] = [];
    const left = laidOut.entries();
    const work = async () => {
      for (const [i, { name, cwd, args = ['next'], env = {} }] of left) {
        const finished = await rig.run(['--json', ...args], { cwd, env });
        told[i] = `${name}\n${inWords(toldBy(finished, name, join(rig.dir, cwd))).replaceAll(/^/gm, '  ')}`;
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(rig.tree(), 'something was written').toEqual(before);
    return `\n${rig.stable(told.join('\n')).replaceAll(/<dir>\/case\d+/g, '<dir>')}\n`;
  },
);

/** What one run with --json says of a mistake. */
function toldBy({ code, signal, stdout, stderr }: Finished, name: string, folder: string): Told {
  expect({ code, signal, stdout, stderr }, name).toMatchObject({ code: 2, signal: null, stdout: '' });
  expect(stderr, name).toMatch(/^\{.*\}\n$/);
  const object = JSON.parse(stderr) as { error: Told };
  expect(object, name).toEqual({ schema_version: 1, kind: 'error', error: expect.anything() });
  const { error } = object;
  expect(Object.keys(error), name).toEqual(['code', 'message', 'at', 'hint']);
  requireSense(error, name);
  if (error.at) requirePlace(error.at, readFileSync(join(folder, error.at.file)), name);
  return error;
}

/** A sentence for a person: not empty, nothing of JavaScript's in it. */
export function requireSense({ code, message, hint }: Omit<Told, 'at'>, name: string): void {
  expect(code, name).toMatch(/^(?!BUG)[A-Z_]+$/);
  for (const text of [message, ...(hint === null ? [] : [hint])]) {
    expect(text.trim(), name).not.toBe('');
    expect(text, name).not.toMatch(/\bundefined\b|\[object|node:|^ +at .+:\d+:\d+\)?$/m);
  }
  expect(message, name).not.toMatch(/^[A-Z][a-z]|^[A-Z]\w*Error\b/);
}

/** The line that is shown is the line that stands there, and the caret is within it. */
export function requirePlace(place: NonNullable<Told['at']>, bytes: Uint8Array, name: string): void {
  const { line, column, length, text } = place;
  const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
  const whole = (lines[line - 1] ?? '').replace(/\r$/, '');
  expect(text, name).toBe(line === 1 ? whole.replace(/^\uFEFF/, '') : whole);
  expect(length, name).toBeGreaterThan(0);
  expect(column - 1 + length, name).toBeLessThanOrEqual(Math.max(column, text.length));
}

let folders = 0;

function layOut(rig: Rig, { files = {}, before }: Case): string {
  const name = `case${++folders}`;
  const folder = join(rig.dir, name);
  // A repository of its own, so that nobody looks for a runbook above it.
  mkdirSync(join(folder, '.git'), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: String(content).startsWith('#!') ? 0o755 : 0o644 });
  }
  before?.(folder);
  return name;
}

/** The code with the place and what is underlined there; the message; the hint. Each on its line, cut where it is long. */
export function inWords({ code, message, at, hint }: Told): string {
  const marked = at?.text.slice(at.column - 1, at.column - 1 + at.length);
  const place = at ? ` ${at.file}:${at.line}:${at.column} ${marked}` : '';
  return [code + place, message, ...(hint?.split('\n') ?? [])].map(short).join('\n');
}

function short(whole: string): string {
  const text = whole.replaceAll('\0', '␀');
  return (text.length > 220 ? `${text.slice(0, 100)} … ${text.slice(-60)}` : text).trimEnd();
}
