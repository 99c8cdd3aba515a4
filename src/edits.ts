// Hand edits of the plan itself: a command, a dependency, a template, a task more or less. They are found by comparing with what
// was seen last.
import type { Place } from './errors.ts';
import type { Event } from './events.ts';
import { lastChanges } from './journal.ts';
import { insideProject } from './paths.ts';
import { readPlain } from './plainFile.ts';
import { keptEntries } from './runbook/keepReading.ts';
import { isPlanOf, type Plan, type PlanEdit, planEdits, planOf } from './runbook/plan.ts';
import type { Settled } from './runbook/settle.ts';
import type { Runbook, Task } from './runbook/task.ts';
import { writeDurably } from './runbook/write.ts';
import { FORMAT, type Head, type KeptSeen, readSeen, type Seen, seenPath } from './seen.ts';
import type { Session } from './session.ts';
import { sha256 } from './sha256.ts';

/** More than these are counted on the screen; the journal has them all. */
const SHOWN = 5;

/**
 * Tells and journals what has changed in the plan since it was read last, by this command or an earlier one. To be called while
 * the runbook is locked. A crash between the journal and the file that is compared with has it told twice, never not at all.
 */
export function noticeEdits(session: Session, settled: Settled): void {
  const { runbook } = settled;
  const before = readSeen(runbook.root);
  const templates = templatesOf(runbook);
  const isSure = keptEntries(runbook.root, before?.stamp, runbook.source);
  if (before && isUpToDate(before, settled, templates) && isPlanOf(before, runbook, isSure)) return;
  const now: Seen = {
    plan: planOf(runbook, session.world.redact),
    templates,
    statuses: statusesOf(settled, before),
  };
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
  writeSeen(runbook.root, now);
}

/** Throws FILE_UNWRITABLE. */
export function writeSeen(root: string, { plan: { fields, tasks }, templates, statuses }: Seen): void {
  const lines = tasks.map((task) => `\n${JSON.stringify(task)}`).join('');
  const head: Head = {
    format: FORMAT,
    length: Buffer.byteLength(lines),
    taskCount: tasks.length,
    templates,
    statuses: statuses.flat(),
    fields,
  };
  writeDurably(seenPath(root), JSON.stringify(head) + lines);
}

/** A status that has just changed is as it was before, until the journal has the change. */
export function statusesOf(
  { runbook, changes }: Pick<Settled, 'runbook' | 'changes'>,
  before: KeptSeen | undefined,
): Seen['statuses'] {
  const journaled = lastChanges(runbook.root);
  const changed = new Set(changes.map(({ task }) => task.id));
  return runbook.tasks
    .filter(({ id }) => !journaled.has(id))
    .flatMap(({ id, status }) => {
      const kept = changed.has(id) ? before?.statuses.get(id) : status;
      return kept === undefined ? [] : [[id, kept] as const];
    });
}

function isUpToDate(before: KeptSeen, settled: Settled, templates: Seen['templates']): boolean {
  const { runbook, changes, areKnown } = settled;
  if (JSON.stringify(before.templates) !== JSON.stringify(templates)) return false;
  // What is neither journaled nor among the changes is then as it was seen.
  if (areKnown) return true;
  const journaled = lastChanges(runbook.root);
  const changed = new Set(changes.map(({ task }) => task.id));
  return runbook.tasks.every(
    ({ id, status }) => journaled.has(id) || changed.has(id) || before.statuses.get(id) === status,
  );
}

function editsOf(runbook: Runbook, before: Plan, now: Plan): Event[] {
  const tasks = new Map(runbook.tasks.map((task) => [task.id, task]));
  return planEdits(before, now).map((edit): Event => {
    const place = placeOf(runbook, edit, tasks.get(edit.taskId ?? ''));
    return { kind: 'planEdited', taskId: edit.taskId, edit, at: place && `${place.file}:${place.line}` };
  });
}

/** Of a task that is gone there is no place. */
export function placeOf({ source }: Runbook, edit: PlanEdit, task: Task | undefined): Place | undefined {
  if (edit.kind !== 'field') return task?.place('id');
  return task ? task.place(edit.field) : source.place(edit.field.split('.'));
}

export function templatesOf(runbook: Runbook): Record<string, string> {
  const paths = new Set<string | undefined>();
  runbook.tasks.forEach(({ ai }) => {
    if (ai) paths.add(ai.promptTemplate).add(ai.fallbackPromptTemplate);
  });
  paths.delete(undefined);
  return Object.fromEntries(
    [...paths].flatMap((path) => {
      if (path === undefined) return [];
      const text = contentOf(insideProject(runbook.root, path));
      return text === undefined ? [] : [[path, sha256(text)]];
    }),
  );
}

function contentOf(path: string): string | undefined {
  try {
    return readPlain(path).toString();
  } catch {
    // It is missed when it is needed.
    return undefined;
  }
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
