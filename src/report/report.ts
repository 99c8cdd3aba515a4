// What a report tells: how the plan stands, and what happened, from the files and the journal. All its texts can be shown as they
// are: without the values of secrets, and without what acts on a terminal.
import { type Graph, graphOf } from '../graph/graph.ts';
import { openIssue, type Status, type Task } from '../runbook/task.ts';
import type { Standing } from '../standing.ts';
import type { Moment, Story, Totals } from '../story.ts';
import { issueInWords } from '../storyWords.ts';
import { harmless, oneLine } from '../terminal/words.ts';

export interface Report {
  readonly name: string;
  readonly description: string | undefined;
  readonly at: Date;
  /** DONE or SKIPPED. */
  readonly finished: number;
  readonly totals: Totals;
  /** In the order of the file. */
  readonly tasks: readonly TaskReport[];
  /** Changes of a status and of the plan, oldest first. */
  readonly moments: readonly Moment[];
  /** How many came before these. */
  readonly earlier: number;
  /** The file that tells of it. */
  readonly journal: string;
  /** Lines of it that could not be read. */
  readonly unreadable: number;
  readonly graph: Graph;
}

export interface TaskReport extends Totals {
  readonly id: string;
  readonly name: string;
  readonly type: Task['type'];
  readonly status: Status;
  /** Of a task in ERROR. */
  readonly issue: string | undefined;
}

export interface ReportOptions {
  readonly redact: (text: string) => string;
  readonly at: Date;
  /** Of the changes, the latest so many. */
  readonly latest: number;
}

export function reportOf({ runbook }: Standing, story: Story, { redact, at, latest }: ReportOptions): Report {
  const changes = story.moments.filter(({ isDetail }) => !isDetail);
  const shown = (text: string) => oneLine(redact(harmless(text)));
  const maybe = (text: string | undefined) => (text === undefined ? undefined : shown(text));
  return {
    name: shown(runbook.name),
    description: runbook.description === undefined ? undefined : redact(harmless(runbook.description)).trim(),
    at,
    finished: runbook.tasks.filter(({ status }) => status === 'DONE' || status === 'SKIPPED').length,
    totals: story.totals,
    tasks: runbook.tasks.map((task) => ({
      ...(story.byTask.get(task.id) ?? NOTHING),
      id: shown(task.id),
      name: shown(task.name),
      type: task.type,
      status: task.status,
      issue: task.status === 'ERROR' ? shown(issueWords(task)) : undefined,
    })),
    moments: changes.slice(-latest).map((moment) => ({
      ...moment,
      runId: maybe(moment.runId),
      taskId: maybe(moment.taskId),
      eventType: shown(moment.eventType),
      command: maybe(moment.command),
      at: maybe(moment.at),
      decidedBy: maybe(moment.decidedBy),
      log: maybe(moment.log),
      note: maybe(moment.note),
    })),
    earlier: Math.max(0, changes.length - latest),
    journal: story.journal,
    unreadable: story.unreadable,
    graph: graphOf(runbook, undefined, redact),
  };
}

const NOTHING: Totals = { runs: 0, starts: 0, retries: 0, ms: 0, cost: 0 };

function issueWords(task: Task): string {
  const issue = openIssue(task);
  return issue ? issueInWords(issue.type, issue.detail) : 'no issue is written';
}
