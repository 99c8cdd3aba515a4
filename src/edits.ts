// Hand edits of the plan itself: a command, a dependency, a template, a task more or less. The plan as it was read last is kept
// in `.runbook/`; without it (the first time, or when somebody has deleted it) there is nothing to compare with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './errors.ts';
import type { Event } from './events.ts';
import { sha256 } from './journal.ts';
import { insideProject } from './paths.ts';
import { FOLDER } from './runbook/folder.ts';
import { type Plan, type PlanEdit, planEdits, planOf } from './runbook/plan.ts';
import type { Runbook, Task } from './runbook/task.ts';
import { writeDurably } from './runbook/write.ts';
import type { Session } from './session.ts';

/** More than these are counted on the screen; the journal has them all. */
const SHOWN = 5;

/**
 * Tells and journals what has changed in the plan since it was read last, by this command or an earlier one. To be called while
 * the runbook is locked. A crash between the journal and the file that is compared with has it told twice, never not at all.
 */
export function noticeEdits(session: Session, runbook: Runbook): void {
  const path = join(runbook.root, FOLDER, 'plan.json');
  const text = contentOf(path);
  const now: Seen = { format: 1, plan: planOf(runbook, session.world.redact), templates: templatesOf(runbook) };
  const nowText = JSON.stringify(now);
  if (text === nowText) return;
  const before = text === undefined ? undefined : seenIn(text);
  if (before) {
    const events = [
      ...editsOf(runbook, before.plan, now.plan),
      ...templateEdits(runbook, before.templates, now.templates),
    ];
    for (const event of events.slice(0, SHOWN)) session.tell(event);
    for (const event of events.slice(SHOWN)) session.keep(event);
    const more = events.length - SHOWN;
    if (more > 0) session.world.emit({ kind: 'note', text: `And ${more} more of your edits: the journal names them.` });
  }
  writeDurably(path, nowText);
}

interface Seen {
  readonly format: 1;
  readonly plan: Plan;
  /** sha256 of the text, by path. */
  readonly templates: Readonly<Record<string, string>>;
}

/** What an older or newer version has left there, or a hand, is not compared with. */
function seenIn(text: string): Seen | undefined {
  try {
    const seen = JSON.parse(text) as Partial<Seen> | null;
    const isWhole = seen?.format === 1 && Array.isArray(seen.plan?.tasks) && seen.plan.fields && seen.templates;
    return isWhole ? (seen as Seen) : undefined;
  } catch {
    return undefined;
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function editsOf(runbook: Runbook, before: Plan, now: Plan): Event[] {
  const tasks = new Map(runbook.tasks.map((task) => [task.id, task]));
  return planEdits(before, now).map((edit): Event => {
    const place = placeOf(runbook, edit, tasks.get(edit.taskId ?? ''));
    return { kind: 'planEdited', taskId: edit.taskId, edit, at: place && `${place.file}:${place.line}` };
  });
}

/** Of a task that is gone there is no place. */
function placeOf({ source }: Runbook, edit: PlanEdit, task: Task | undefined): Place | undefined {
  if (edit.kind !== 'field') return task?.place('id');
  return task ? task.place(edit.field) : source.place(edit.field.split('.'));
}

function templatesOf(runbook: Runbook): Record<string, string> {
  const paths = runbook.tasks.flatMap(({ ai }) => [ai?.promptTemplate, ai?.fallbackPromptTemplate]);
  const named = [...new Set(paths)].filter((path) => path !== undefined);
  return Object.fromEntries(
    named.flatMap((path) => {
      const text = contentOf(insideProject(runbook.root, path));
      return text === undefined ? [] : [[path, sha256(text)]];
    }),
  );
}

/** Only of those that are named before and after: another template is a field that has changed. */
function templateEdits({ tasks }: Runbook, before: Seen['templates'], now: Seen['templates']): Event[] {
  return Object.keys(now).flatMap((path): Event[] => {
    const [from, to] = [before[path], now[path]];
    if (from === undefined || to === undefined || from === to) return [];
    const user = tasks.find(({ ai }) => [ai?.promptTemplate, ai?.fallbackPromptTemplate].includes(path));
    return [{ kind: 'templateEdited', taskId: user?.id, path, from, to }];
  });
}
