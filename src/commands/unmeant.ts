// What is no mistake, and yet looks unmeant: what will bite later.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trouble } from '../errors.ts';
import { statOf } from '../paths.ts';
import { waitsFor } from '../runbook/ready.ts';
import type { Runbook, Task } from '../runbook/task.ts';

export function unmeant(runbook: Runbook): Trouble[] {
  const early = runbook.tasks.filter((task) => task.status === 'READY' && waitsFor(runbook, task).length > 0);
  const tooEarly = early.map((task) => ({
    code: 'RUNBOOK_INVALID' as const,
    message: `\`${task.id}\` is READY, but waits for ${waitsFor(runbook, task)
      .map(({ id }) => `\`${id}\``)
      .join(', ')}; it does not start before`,
    at: task.place('status'),
  }));
  return [...tooEarly, ...runbook.tasks.flatMap(unusedWork), ...writtenTwice(runbook), ...unusedTemplates(runbook)];
}

/** Most often it is the `type` that was forgotten. */
function unusedWork(task: Task): Trouble[] {
  const needs = { ai_details: 'AI_ASSISTED', script_details: 'AUTOMATED_SCRIPT' } as const;
  return (['ai_details', 'script_details'] as const)
    .filter((field) => needs[field] !== task.type && isWritten(task, field))
    .map((field) => ({
      code: 'RUNBOOK_INVALID',
      message: `\`${task.id}\` has \`${field}\`, which nothing uses: its type is ${task.type}`,
      at: task.place(field, 'key'),
      hint: `\`type: ${needs[field]}\` would use them.`,
    }));
}

function isWritten(task: Task, field: string): boolean {
  return task.homes.some(({ source, path }) => {
    const map = path.reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], source.value);
    return (map as Record<string, unknown> | null)?.[field] != null;
  });
}

/** What was accepted last stands there, and the other's work is lost. */
function writtenTwice({ tasks }: Runbook): Trouble[] {
  const first = new Map<string, Task>();
  return tasks.flatMap((task): Trouble[] => {
    const artifact = task.outputArtifact;
    if (artifact === undefined) return [];
    const other = first.get(artifact);
    if (!other) first.set(artifact, task);
    return other
      ? [
          {
            code: 'RUNBOOK_INVALID',
            message: `\`${task.id}\` writes \`${artifact}\`, as \`${other.id}\` does: what is written last is what remains`,
            at: task.place('output_artifact'),
          },
        ]
      : [];
  });
}

const TEMPLATES = 'prompt_templates';
/** Of a folder that is full of other things, nothing is said. */
const MOST_FILES = 500;

function isText(path: string): boolean {
  const found = statOf(path);
  return found?.isFile() === true && found.size < 1_000_000;
}

/** A file of the folder of templates whose name stands nowhere: not in the YAML, and not in another template. */
function unusedTemplates({ root, source, tasks }: Runbook): Trouble[] {
  const folder = join(root, TEMPLATES);
  if (!statOf(folder)?.isDirectory()) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(?:^|[\\/])\./.test(name) && isText(join(folder, name)))
    .sort();
  if (names.length > MOST_FILES) return [];
  const yaml = new Set([source.text, ...tasks.flatMap(({ homes }) => homes.map((home) => home.source.text))]);
  const texts = names.map((name) => readFileSync(join(folder, name), 'utf8'));
  return names.flatMap((name, i): Trouble[] => {
    const last = name.replace(/^.*[\\/]/, '');
    const isNamed = [...yaml, ...texts.filter((_, other) => other !== i)].some((text) => text.includes(last));
    if (isNamed) return [];
    const file = `${TEMPLATES}/${name.replaceAll('\\', '/')}`;
    return [
      {
        code: 'RUNBOOK_INVALID',
        message: `no task uses the template \`${file}\``,
        at: { file, line: 1, column: 1, length: 1, text: '' },
      },
    ];
  });
}
