// `why`: why a task has its status: what it waits for, who set it, when and where, and the command that moves it on.
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import { logOfLastStart } from '../logs.ts';
import { forTask, linkText, reasonOf } from '../reasons.ts';
import type { Link } from '../runbook/ready.ts';
import { homeLine, openIssue, statusLine, type Task } from '../runbook/task.ts';
import { lookAt, type Standing } from '../standing.ts';
import { isChange, momentOf, readStory, type Story } from '../story.ts';
import { say } from '../terminal/streams.ts';
import { asCommand } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';
import { momentData, unreadableWords } from './telling.ts';
import { plainLines, screenLines, type Told } from './whyScreen.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('<id>', 'the task')
    .addHelpText('before', 'Examples:\n  runbook why publish\n  runbook why publish --json  the same for a program\n')
    .action(action(why));
}

/** How many changes of its status are told. */
const LATEST = 10;

function why(context: Context, id: string): number {
  const standing = lookAt(context.runbookPath());
  requireTask(standing.runbook, 'why', id);
  const task = standing.runbook.tasks.find((candidate) => candidate.id === id);
  if (!task) return EXIT.ok;
  const story = readStory(standing.runbook.root, new Set([id]));
  const told = tell(standing, task, story);
  context.print('why', toData(told), () => (context.flags.plain ? plainLines(told) : screenLines(context, told)));
  if (told.unreadable > 0 && !context.flags.json) say(unreadableWords(told.unreadable, story.journal));
  return EXIT.ok;
}

function tell(standing: Standing, task: Task, story: Story): Told {
  const changes = story.moments.filter(isChange);
  const latest = changes.slice(-LATEST);
  const unsettled = standing.changes.find((change) => change.task.id === task.id);
  return {
    standing,
    task,
    log: logOfLastStart(standing.runbook.root, task.id),
    reason: reasonOf(standing, task),
    unsettled,
    setBy: unsettled ? undefined : momentOf(story, task.id, task.status),
    latest,
    earlier: changes.length - latest.length,
    unreadable: story.unreadable,
  };
}

function toData({ standing, task, log, reason, unsettled, setBy, latest, earlier, unreadable }: Told) {
  const { id, name, type, status, homes, lastRun } = task;
  return {
    id,
    name,
    type,
    status,
    reason: reason.text,
    waits_for: reason.chain.map((link) => linkData(standing, link)),
    commands: reason.commands.map((words) => asCommand(...words)),
    written_at: homes.map((home) => ({ at: homeLine(home), status: home.status ?? null })),
    unsettled: unsettled ? { kind: unsettled.kind, from: unsettled.from, at: unsettled.at } : null,
    taken: standing.taken.get(id) ?? null,
    set_by: setBy ? momentData(setBy) : null,
    last_run: lastRun ?? null,
    issue: openIssue(task) ?? null,
    log: log ?? null,
    history: latest.map(momentData),
    earlier,
    unreadable_lines: unreadable,
  };
}

function linkData(standing: Standing, link: Link) {
  const isCause = link.waits.length === 0;
  return {
    id: link.task.id,
    status: link.task.status,
    at: statusLine(link.task),
    first_cause: isCause,
    waits_for: link.waits.map(({ id }) => id),
    reason: linkText(standing, link),
    commands: isCause ? forTask(standing, link.task).map((words) => asCommand(...words)) : [],
  };
}
