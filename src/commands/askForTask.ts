// What `add` asks a person who has not said it in flags: as few questions as make a task that can be worked with.
import { RunbookError } from '../errors.ts';
import type { Runbook, TaskType } from '../runbook/task.ts';
import { didYouMean } from '../suggest.ts';
import { say } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import type { Ask } from '../world.ts';

export interface AddFlags {
  readonly name?: string;
  readonly id?: string;
  readonly type?: TaskType;
  readonly dependsOn?: readonly string[];
  readonly script?: string;
  readonly instructions?: string;
  readonly description?: string;
  readonly promptTemplate?: string;
  readonly model?: string;
  readonly outputArtifact?: string;
  readonly check?: readonly string[];
  readonly tag?: readonly string[];
  readonly after?: string;
  readonly before?: string;
  readonly detail?: boolean;
}

/** The flags, and what was answered to the questions that they leave open. Throws INTERRUPTED if no name is given. */
export async function askForTask(
  ask: Ask,
  runbook: Runbook,
  flags: AddFlags,
): Promise<AddFlags & { readonly name: string }> {
  const name = (await ask.line('What is to be done?')).trim();
  if (name === '') throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  const type = flags.type ?? (await askForType(ask, flags));
  const work = await askForWork(ask, type, flags);
  const dependsOn = flags.dependsOn ?? (runbook.tasks.length > 0 ? await askForDependencies(ask, runbook) : []);
  return { ...flags, ...work, name, type, dependsOn };
}

async function askForType(ask: Ask, { script, promptTemplate, model }: AddFlags): Promise<TaskType> {
  if (script !== undefined) return 'AUTOMATED_SCRIPT';
  if (promptTemplate !== undefined || model !== undefined) return 'AI_ASSISTED';
  const { answer } = await ask.choose({
    topic: 'plan',
    message: 'Who does it?',
    choices: [
      { key: 'y', answer: 'pick:MANUAL', label: 'you' },
      { key: 's', answer: 'pick:AUTOMATED_SCRIPT', label: 'a script' },
      { key: 'm', answer: 'pick:AI_ASSISTED', label: 'a model' },
    ],
  });
  return answer.slice('pick:'.length) as TaskType;
}

async function askForWork(ask: Ask, type: TaskType, flags: AddFlags): Promise<Partial<AddFlags>> {
  if (type === 'AUTOMATED_SCRIPT') return { script: flags.script ?? (await insist(ask, 'Which command?')) };
  if (type === 'AI_ASSISTED')
    return { promptTemplate: flags.promptTemplate ?? (await insist(ask, 'Which template (a path)?')) };
  const instructions = flags.instructions ?? (await ask.line('How? (enter: its name says it)')).trim();
  return instructions === '' ? {} : { instructions };
}

async function insist(ask: Ask, question: string): Promise<string> {
  for (;;) {
    const answer = (await ask.line(question)).trim();
    if (answer !== '') return answer;
  }
}

async function askForDependencies(ask: Ask, { tasks }: Runbook): Promise<string[]> {
  const ids = tasks.map(({ id }) => id);
  say(`  There ${ids.length === 1 ? 'is' : 'are'} ${shownIds(ids)}.`);
  for (;;) {
    const line = (await ask.line('Waits for which ids? (enter: none)')).trim();
    const named = ids.includes(line) ? [line] : line.split(/[\s,]+/).filter((word) => word !== '');
    const unknown = named.find((id) => !ids.includes(id));
    if (unknown === undefined) return named;
    say(`  There is no task ${oneLine(unknown)}.${didYouMean(unknown, ids)}`);
  }
}

/** The latest come last, as in the file: a new one most likely waits for one of them. */
function shownIds(ids: readonly string[]): string {
  const shown = ids.slice(-MOST).map(oneLine).join(', ');
  return ids.length > MOST ? `${ids.length - MOST} others, and ${shown}` : shown;
}

const MOST = 8;
