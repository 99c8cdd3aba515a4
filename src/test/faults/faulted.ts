// One fault in one place: a fresh project, the real binary with the fault in it, what must hold then; the next start, without a
// person and without a fault, and what must hold then; and on to the end.
import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { statOf } from '../../paths.ts';
import { sha256 } from '../../sha256.ts';
import type { Finished } from '../child.ts';
import { makeRig, type Rig } from '../rig.ts';
import { unwrapped } from '../said.ts';
import { problemsAfterStart, problemsAtAnyMoment, repeated, see } from './invariants.ts';
import type { Scenario } from './project.ts';

export const FAULTS = ['kill', 'killAfter', 'empty', 'torn', 'ENOSPC', 'EACCES', 'EIO', 'short', 'full'] as const;
export type Fault = (typeof FAULTS)[number];

/** A call that changes something in the project. `fault`: the one that was put in there. */
export interface Call {
  readonly n: number;
  readonly name: string;
  readonly path: string;
  readonly fault?: Fault;
  readonly uncounted?: true;
  /** Another program was started between the call before and this one. */
  readonly afterSpawn?: true;
}

/** The calls of a whole run without a fault. */
export async function callsOf(scenario: Scenario): Promise<Call[]> {
  await using rig = await makeRig({ files: scenario.files });
  const { code, stderr } = await started(rig, scenario, faultEnv(rig, {}));
  if (code !== 0) throw new Error(`${scenario.name} ends with ${code} without any fault: ${stderr}`);
  return traced(rig);
}

async function started(rig: Rig, { args, paste }: Scenario, env: Record<string, string>): Promise<Finished> {
  if (paste === undefined) return rig.run([...args], { env });
  const term = rig.terminal([...args], { env, cols: 200 });
  let hasEnded = false;
  void term.exit.then(() => (hasEnded = true));
  // It may end before it asks.
  await term.waitFor('Ctrl-D').catch(() => {});
  if (!hasEnded) term.paste(paste);
  if (!hasEnded) term.press('ctrl-d');
  return { ...(await term.exit), stdout: '', stderr: term.scrollback() };
}

const BY_PATH = /^(open|writeFile|appendFile|rename|link|unlink|rm|rmdir|mkdir|copyFile|chmod|chown)Sync$/;
const NEEDS_SPACE = /^(open|write|writeFile|appendFile|rename|link|mkdir|copyFile|fsync)Sync$/;
const WRITES = /^(write|writeFile|appendFile)Sync$/;

/**
 * Whether the fault is one that this call can have, and not another one by another name: a kill before a call leaves what a kill
 * after the call before it leaves, unless a program was started between them; so does a kill with nothing written.
 */
export function fits(fault: Fault, { n, name, afterSpawn }: Call): boolean {
  switch (fault) {
    case 'kill':
      return n === 1 || afterSpawn === true;
    case 'killAfter':
    case 'EIO':
      return true;
    case 'empty':
      // The others make the file first.
      return WRITES.test(name) && name !== 'writeSync';
    case 'torn':
    case 'short':
      return WRITES.test(name);
    case 'ENOSPC':
    case 'full':
      return NEEDS_SPACE.test(name);
    case 'EACCES':
      return BY_PATH.test(name);
  }
}

/** What is wrong after a fault at call `at`, if it was reached. */
export async function faulted(
  scenario: Scenario,
  at: number,
  fault: Fault,
): Promise<{ hit: boolean; problems: string[] }> {
  await using rig = await makeRig({ files: scenario.files });
  const broken = await started(rig, scenario, faultEnv(rig, { at, fault }));
  const call = traced(rig).find((one) => one.fault !== undefined);
  const state = stateOf(rig, scenario);
  const problems = [
    ...endProblems(rig, broken, call).map((problem) => `the faulted one: ${problem}`),
    ...(startedFrom.has(state) ? [] : await problemsFromThenOn(rig, scenario)),
  ];
  startedFrom.add(state);
  const where = `${scenario.name}, ${fault} at ${at} (${call?.name} ${call?.path.replace(rig.dir, '')})`;
  return { hit: call !== undefined, problems: problems.map((problem) => `${where}: ${problem}`) };
}

/** Many faults leave the same behind. What comes of it is tried once. */
export const startedFrom = new Set<string>();

/** All that is on the disk, but for times, pids and the like. */
function stateOf(rig: Rig, { name }: Scenario): string {
  const files = Object.keys(rig.tree()).filter((path) => statSync(join(rig.dir, path)).isFile());
  const texts = [...files, '../ran.txt'].map((path) => `${path}:\n${rig.exists(path) ? rig.read(path) : ''}`);
  return sha256(rig.stable([name, ...texts].join('\n')).replaceAll(CHANGING, '<changing>'));
}

/** A run's id, the pid in a lock's name, a holder's start and the machine's, durations, sizes. */
const CHANGING = /<stamp>-\d+|(?<=(lock|json)\.)(after-)?[\da-f]+|"startTime":"\d+"|"ms":\d+/g;

/** What must hold now, after the next start, and after all that is left is done. */
async function problemsFromThenOn(rig: Rig, scenario: Scenario): Promise<string[]> {
  const problems = problemsAtAnyMoment(rig, scenario.files);
  const first = see(rig);
  letTimePass(rig);
  // Whatever was interrupted gets the answer of nobody; else all that is left is done now.
  const answers = first.asked.length > 0 ? ['--no-input'] : answersFor(rig, scenario);
  const next = await rig.run(['run', '--yes', ...answers]);
  problems.push(
    ...startProblems(next).map((problem) => `the next start: ${problem}`),
    ...problemsAfterStart(rig, scenario.files, first).map((problem) => `after the next start: ${problem}`),
    ...repeated(rig, first).map((id) => `the next start ran ${id} again, and asked nobody`),
    ...first.interrupted
      .filter((id) => !unwrapped(next.stderr).includes(`${id} was RUNNING`))
      .map((id) => `the next start does not name ${id}, which was interrupted`),
  );
  if (first.asked.length > 0) {
    const second = see(rig);
    const rest = await rig.run(['run', '--yes', ...answersFor(rig, scenario)]);
    if (rest.code !== 0) problems.push(`the rest ended with ${rest.code}: ${rest.stderr}`);
    problems.push(...problemsAfterStart(rig, scenario.files, second).map((problem) => `in the end: ${problem}`));
  }
  const open = Object.entries(rig.statuses()).filter(([, status]) => status !== 'DONE');
  problems.push(...open.map(([id, status]) => `in the end: ${id} is ${status}`));
  return problems;
}

/** A person is not back within the seconds that a file without its text may take. */
function letTimePass(rig: Rig): void {
  for (const path of Object.keys(rig.tree()).filter((path) => path.startsWith('.runbook/')))
    utimesSync(join(rig.dir, path), 0, 0);
}

/** `--answer` for what stopped in ERROR, and for all that is left to do. */
function answersFor(rig: Rig, { answers }: Scenario): string[] {
  const given = Object.entries(rig.statuses()).flatMap(([id, status]) => {
    if (status === 'DONE') return [];
    return [...(status === 'ERROR' ? ['retry'] : []), ...(answers[id] ?? [])];
  });
  return given.length === 0 ? [] : ['--answer', ...given];
}

const KILLS: readonly Fault[] = ['kill', 'killAfter', 'empty', 'torn'];
const EXITS = [0, 1, 2, 3, 4, 5, 130];

/** How a process ends that the system refuses something: orderly, with one message that names the file. */
function endProblems(rig: Rig, { code, signal, stderr }: Finished, call: Call | undefined): string[] {
  if (!call?.fault) return code === 0 ? [] : [`it ended with ${code} though no fault was reached: ${stderr}`];
  if (KILLS.includes(call.fault)) return signal === 'SIGKILL' ? [] : [`it was to be killed, and ended with ${code}`];
  if (code === null || !EXITS.includes(code)) return [`it ended with ${code ?? signal}: ${stderr}`];
  if (code === 0) return [];
  const messages = stderr.match(/^error:/gm) ?? [];
  const said = unwrapped(stderr);
  return [
    ...(messages.length === 1 ? [] : [`it ended with ${code} and ${messages.length} messages: ${stderr}`]),
    ...(isNamed(rig, call, said) ? [] : [`its message does not name the file: ${stderr}`]),
    ...bugsIn(stderr),
  ];
}

/** A disk that stays full refuses other files than the first one, too. */
function isNamed(rig: Rig, { fault, path }: Call, said: string): boolean {
  if (fault === 'full' || fault === 'short') return /error: `[^`]+` can't be .+: the disk is full/.test(said);
  return namesOf(rig, path).some((name) => said.includes(name));
}

/** The file itself; for a temporary file, the one that it becomes; for all that is the tool's own, their folder. */
function namesOf(rig: Rig, path: string): string[] {
  const short = path.slice(rig.dir.length + 1);
  const real = short.replace(/\.([^/]+)\.runbook-tmp$/, '$1');
  if (short.startsWith('.runbook/') || short === '.runbook') return ['.runbook'];
  // A folder is synced for the sake of a file in it.
  return statOf(path)?.isDirectory() ? [short || 'runbook.yaml', 'notes.md'] : [real];
}

export function startProblems({ code, signal, stderr }: Finished): string[] {
  const isFine = code !== null && [0, 1, 3, 4].includes(code);
  return [...(isFine ? [] : [`it ended with ${code ?? signal}: ${stderr}`]), ...bugsIn(stderr)];
}

function bugsIn(stderr: string): string[] {
  return /this is a mistake in runbook itself|^ {4}at /m.test(stderr) ? [`a bug is reported: ${stderr}`] : [];
}

/** `root`: the folder that is watched, if it is not the project's. */
export function faultEnv(
  rig: Rig,
  what: { root?: string; at?: number; on?: string; fault?: Fault },
): Record<string, string> {
  return {
    NODE_OPTIONS: `--require "${PRELOAD}"`,
    RUNBOOK_FAULT: JSON.stringify({ root: rig.dir, trace: `${rig.dir}/../trace`, ...what }),
  };
}

const PRELOAD = fileURLToPath(new URL('preload.cjs', import.meta.url));

function traced(rig: Rig): Call[] {
  if (!rig.exists('../trace')) return [];
  return rig
    .read('../trace')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);
}
