// A run over many tasks of all types that is killed again and again, until it is finished. What is drawn comes from a seed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finished } from '../child.ts';
import { makeRig, type Rig } from '../rig.ts';
import { unwrapped } from '../said.ts';
import { faultEnv, startProblems } from './faulted.ts';
import { problemsAfterStart, problemsAtAnyMoment, type Seen, see } from './invariants.ts';
import { NEW_ARTIFACT, OLD_ARTIFACT } from './project.ts';

export interface KillResult {
  readonly kills: number;
  /** How many of them were put in at a call; the others came at some moment. */
  readonly atCalls: number;
  readonly problems: readonly string[];
}

const TASKS = 30;

/** Kills runs over one project at most `most` times, then lets it come to its end. */
export async function killedRuns(seed: number, most: number): Promise<KillResult> {
  const files = projectOf(TASKS);
  await using rig = await makeRig({ files });
  const random = randomFrom(seed);
  const problems: string[] = [];
  let [kills, atCalls] = [0, 0];
  const told = (when: string, found: readonly string[]) =>
    problems.push(...found.map((problem) => `seed ${seed}, kill ${kills}, ${when}: ${problem}`));
  for (let isFinished = false; !isFinished; ) {
    const before = see(rig);
    const goesOn = kills >= most;
    // Now and then nobody is there to be asked: what was interrupted then stands in ERROR, and is retried by the next one.
    const alone = before.asked.length > 0 && random() < 0.3;
    const args = ['run', '--yes', ...(alone ? ['--no-input'] : answersFor(rig, before))];
    const atCall = kills % 2 === 0;
    const ended = goesOn || alone ? await rig.run(args) : await killed(rig, args, atCall, random);
    if (ended.signal === 'SIGKILL') {
      kills++;
      if (atCall) atCalls++;
      told('after the kill', [...problemsAtAnyMoment(rig, files), ...lostSince(rig, before)]);
      continue;
    }
    told('the next start', startProblems(ended));
    told('after the next start', problemsAfterStart(rig, files, before));
    told(
      'the next start',
      before.interrupted.filter((id) => !isNamed(ended, id)).map((id) => `${id} is not named`),
    );
    isFinished = Object.values(rig.statuses()).every((status) => status === 'DONE');
    // What went wrong is told, and not tried for ever.
    if (goesOn && !isFinished && !alone) {
      told('in the end', [`it ended with ${ended.code}: ${ended.stderr}`]);
      break;
    }
  }
  return { kills, atCalls, problems };
}

/** At one of the calls that change a file, or after some time: somewhere in the life of the process. */
async function killed(rig: Rig, args: string[], atCall: boolean, random: () => number): Promise<Finished> {
  if (atCall) return rig.run(args, { env: faultEnv(rig, { at: 1 + Math.floor(random() * 200), fault: 'kill' }) });
  const child = rig.start(args);
  const timer = new AbortController();
  const killing = sleep(random() * 2500, undefined, { signal: timer.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  );
  const ended = await child.exit;
  timer.abort();
  await killing;
  return ended;
}

function isNamed({ stderr }: Finished, id: string): boolean {
  return unwrapped(stderr).includes(`${id} was RUNNING`);
}

function lostSince(rig: Rig, before: Seen): string[] {
  const now = see(rig);
  return [...before.done].flatMap((id) => [
    ...(now.done.has(id) ? [] : [`${id} was DONE, and is not any more`]),
    ...(now.ran.get(id) === before.ran.get(id) ? [] : [`${id} was DONE, and ran again`]),
  ]);
}

/** The first question is about what was interrupted, or stands in ERROR; then each task that is no script has its own. */
function answersFor(rig: Rig, { asked }: Seen): string[] {
  const statuses = Object.entries(rig.statuses());
  const stopped = asked.length > 0 || statuses.some(([, status]) => status === 'ERROR');
  const decided = statuses.filter(([id, status]) => !id.startsWith('build') && status !== 'DONE');
  const answers = [...(stopped ? ['retry'] : []), ...decided.map(() => 'accept')];
  return answers.length === 0 ? [] : ['--answer', ...answers];
}

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function projectOf(tasks: number): Record<string, string> {
  const all = Array.from({ length: tasks }, (_, i) => taskOf(i));
  const head = '# thirty tasks\nmodels: {rehearsal: {provider: scripted, replies: replies.yaml}}\ntasks:\n';
  return {
    'runbook.yaml': head + all.map(({ entry }) => entry).join(''),
    'p.md': 'Draft it.\n',
    'replies.yaml': `replies:\n  - reply: "\`\`\`\\n${NEW_ARTIFACT.trim()}\\n\`\`\`"\n`,
    ...Object.assign({}, ...all.map(({ files }) => files)),
  };
}

/** Each depends on the one before it. */
function taskOf(i: number): { entry: string; files: Record<string, string> } {
  const name = (n: number) => `${['build', 'read', 'draft'][n % 3]}_${n}`;
  const id = name(i);
  const after = i === 0 ? '' : `    depends_on: [ ${name(i - 1)} ]\n`;
  const file = `tasks/${id}.yaml`;
  switch (i % 3) {
    case 0:
      return {
        entry: `  - id: ${id}  # a script\n    status: PENDING # mine\n    type: AUTOMATED_SCRIPT\n${after}    script_details: echo ${id} >> ../ran.txt; echo built\n\n`,
        files: {},
      };
    case 1:
      return {
        entry: `  - id: ${id}\n    task_detail_file: ${file}\n${after}`,
        files: { [file]: 'status:  PENDING # here\nmanual_instructions: Read it.\n' },
      };
    default:
      return {
        entry: `  - {id: ${id}, status: PENDING, type: AI_ASSISTED, task_detail_file: ${file}, depends_on: [${name(i - 1)}]}\n`,
        files: {
          [file]: `status: PENDING\nai_details: {model: rehearsal, prompt_template: p.md, output_parser: code_block}\noutput_artifact: ${id}.md\nchecks: ["grep -q good ${id}.md"]\n`,
          [`${id}.md`]: OLD_ARTIFACT,
        },
      };
  }
}
