// Walks an example: its folder copied into a rig, the answers to all that its steps ask, and what its files say afterwards.
import { cpSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { press, type } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

export interface Answer {
  task: string;
  question: string;
  key: string;
  /** What is typed at the line that is asked for after the key. */
  line?: [question: string, text: string];
  /** What the person does elsewhere before they press the key. */
  before?: () => void;
}

/** What a task's own file says. */
export interface TaskFile {
  id: string;
  status: string;
  type: string;
  last_run?: Record<string, unknown>;
  issues?: { timestamp: string; type: string; detail: string; resolution?: string }[];
}

export async function rigWithExample(name: string): Promise<Rig> {
  const rig = await makeRig();
  // As `cp -R` does it: with the modes, since some scripts are run by their path.
  cpSync(folderOf(name), rig.dir, { recursive: true });
  return rig;
}

/** `y` at each of these questions. */
export function yes(task: string, ...questions: string[]): Answer[] {
  return questions.map((question) => ({ task, question, key: 'y' }));
}

/** Answers the questions in order. Fails if another task asks, or something else is asked. */
export async function walk(term: Terminal, answers: readonly Answer[]): Promise<void> {
  for (const { task, question, key, line, before } of answers) {
    await term.waitForNew((text) => text.trimEnd().endsWith('›'));
    const asking = [...term.scrollback().matchAll(/^▶ (\S+)/gm)].at(-1)?.[1];
    if (asking !== task) throw new Error(`${asking} asks, where it was to be ${task}\n${term.screen()}`);
    before?.();
    await press(term, question, key);
    if (line) await type(term, ...line);
  }
}

/** Of each task: its status in the runbook, and what its own file says. */
export function bothFiles(rig: Rig): { id: string; status: string; file: TaskFile }[] {
  const { tasks } = parse(rig.read('runbook.yaml')) as {
    tasks: { id: string; status: string; task_detail_file: string }[];
  };
  return tasks.map(({ id, status, task_detail_file }) => ({
    id,
    status,
    file: parse(rig.read(task_detail_file)) as TaskFile,
  }));
}

/** The lines of one of its files that are not as they are in the example; undefined where one is missing. */
export function changedLines(rig: Rig, name: string, path: string): (string | undefined)[] {
  const [before, after] = [readFileSync(folderOf(`${name}/${path}`), 'utf8'), rig.read(path)].map((text) =>
    text.split('\n'),
  );
  const length = Math.max(before?.length ?? 0, after?.length ?? 0);
  return Array.from({ length }, (_, i) => i)
    .filter((i) => before?.[i] !== after?.[i])
    .map((i) => after?.[i]);
}

function folderOf(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
}
