// The journal as a story: its lines become moments, each with what changed, by whom, how long it took and what it cost.
// A start and the end that follows it in the same run are one moment.
import { type JournalLine, journalFile, walkJournal } from './journal.ts';
import { STATUSES, type Status } from './runbook/vocabulary.ts';
import { commandIn, numberIn, placeIn, textIn, wordsFor } from './storyWords.ts';

export interface Moment {
  /** Undefined where a hand has been in the line. */
  readonly time: Date | undefined;
  readonly runId: string | undefined;
  readonly taskId: string | undefined;
  /** As in the journal: `COMPLETE_TASK`. */
  readonly eventType: string;
  /** Both the same where the status stayed, or was put back. */
  readonly from: Status | undefined;
  readonly to: Status | undefined;
  readonly by: By;
  /** `skip`, where a command of that name changed the status. */
  readonly command: string | undefined;
  /** `file:line` of what a hand wrote. */
  readonly at: string | undefined;
  /** Who answered the question by which a task ended: `person`, `--yes`, `--answer`, `nobody`. */
  readonly decidedBy: string | undefined;
  /** When the task was started that ended here. */
  readonly started: Date | undefined;
  readonly ms: number | undefined;
  /** US dollars, of all replies since the start. */
  readonly cost: number | undefined;
  /** The path of the full log. */
  readonly log: string | undefined;
  /** What else there is to say, in words. */
  readonly note: string | undefined;
  /** What led to a status, and is neither a change of one nor a hand's: a reply, a check, a file that was written. */
  readonly isDetail: boolean;
}

/** `run`: a runner carried out the task. `tool`: it followed from something else, such as the end of a dependency. */
export type By = 'run' | 'command' | 'hand' | 'tool';

export interface Totals {
  readonly runs: number;
  readonly starts: number;
  /** How often it was tried again: another reply, another attempt of a script, `runbook retry`. */
  readonly retries: number;
  /** Of the tasks that ended. */
  readonly ms: number;
  readonly cost: number;
}

export interface Story {
  /** The file that tells it, from the folder of the runbook. */
  readonly journal: string;
  /** Oldest first. */
  readonly moments: readonly Moment[];
  readonly totals: Totals;
  /** The same for each task of which the journal tells. */
  readonly byTask: ReadonlyMap<string, Totals>;
  /** Lines of the journal that could not be read. */
  readonly unreadable: number;
}

/** The story of all tasks, or of those that `wanted` names. Reads the journal once; takes no lock and writes nothing. */
export function readStory(root: string, wanted?: ReadonlySet<string>): Story {
  const teller = new Teller();
  const unreadable = walkJournal(root, (line) => {
    // Where the files stand is no part of what happened.
    if (line.event_type === 'CHECKPOINT') return;
    if (!wanted || (line.task_id !== undefined && wanted.has(line.task_id))) teller.add(line);
  });
  return {
    journal: journalFile(root),
    moments: teller.moments(),
    totals: teller.totals(),
    byTask: teller.byTask(),
    unreadable,
  };
}

/** The moment from which a task has its status; undefined if the journal tells none. */
export function momentOf({ moments }: Story, taskId: string, status: Status): Moment | undefined {
  const last = moments.findLast((moment) => moment.taskId === taskId && isChange(moment) && !onlyAdds(moment));
  return last?.to === status ? last : undefined;
}

/** Whether it is about a status, and not about the plan or about what led to a status. */
export function isChange({ to, isDetail }: Moment): boolean {
  return to !== undefined && !isDetail;
}

function onlyAdds({ eventType, from, to }: Moment): boolean {
  return ADDS.has(eventType) && from === to;
}

/** These may say more of a status that stood before. */
const ADDS: ReadonlySet<string> = new Set(['UNSAVED_TASK', 'RECOVER_TASK']);

/** What ends a start, and is told in its place. */
const ENDS: ReadonlySet<string> = new Set(['COMPLETE_TASK', 'ERROR_TASK', 'SKIP_TASK', 'LEAVE_TASK', 'INTERRUPT_TASK']);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Teller {
  readonly #moments: (Moment | undefined)[] = [];
  /** The start of each task whose end has not come yet. */
  readonly #starts = new Map<string, { readonly index: number; readonly moment: Mutable<Moment> }>();
  readonly #decisions = new Map<string, { readonly runId: string; readonly by: string }>();
  readonly #all = new Tally();
  readonly #tallies = new Map<string, Tally>();

  add(line: JournalLine): void {
    const moment = toMoment(line);
    const { taskId = '', eventType, runId = '' } = moment;
    this.#count(line);
    const start = this.#starts.get(taskId);
    const decision = textIn(line, 'decision');
    if (decision !== undefined) this.#decisions.set(taskId, { runId, by: textIn(line, 'by') ?? '' });
    if ((eventType === 'AI_RESPONSE_RECEIVED' || eventType === 'AI_RESPONSE_BROKEN') && start)
      start.moment.cost = (start.moment.cost ?? 0) + (moment.cost ?? 0);
    if (ENDS.has(eventType)) this.#end(moment, start);
    else if (isGivenBack(line)) this.#starts.delete(taskId);
    if (eventType === 'START_TASK') {
      if (start) giveUp(start.moment);
      this.#starts.set(taskId, { index: this.#moments.length, moment });
    }
    this.#moments.push(moment);
    if (isChange(moment)) this.#decisions.delete(taskId);
  }

  moments(): Moment[] {
    return this.#moments.filter((moment) => moment !== undefined);
  }

  totals(): Totals {
    return this.#all.totals();
  }

  byTask(): Map<string, Totals> {
    return new Map([...this.#tallies].map(([id, tally]) => [id, tally.totals()]));
  }

  #end(moment: Mutable<Moment>, start: { readonly index: number; readonly moment: Mutable<Moment> } | undefined): void {
    const { taskId = '', runId = '' } = moment;
    const decision = this.#decisions.get(taskId);
    if (decision?.runId === runId) moment.decidedBy = decision.by;
    this.#starts.delete(taskId);
    // Only the replies tell all of the cost: of a task that was left, its end tells none.
    moment.cost = start?.moment.runId === runId ? start.moment.cost : undefined;
    if (!start) return;
    if (start.moment.runId === runId) {
      this.#moments[start.index] = undefined;
      moment.from = start.moment.from;
      moment.started = start.moment.time;
    } else giveUp(start.moment);
  }

  #count(line: JournalLine): void {
    this.#all.add(line);
    if (line.task_id === undefined) return;
    const tally = this.#tallies.get(line.task_id) ?? new Tally();
    this.#tallies.set(line.task_id, tally);
    tally.add(line);
  }
}

class Tally {
  readonly #runs = new Set<string>();
  readonly #sums = { starts: 0, retries: 0, ms: 0, cost: 0 };

  add(line: JournalLine): void {
    const sums = this.#sums;
    const type = line.event_type;
    this.#runs.add(typeof line.run_id === 'string' ? line.run_id : '');
    if (type === 'START_TASK') sums.starts++;
    if (type === 'COMPLETE_TASK' || type === 'ERROR_TASK') sums.ms += numberIn(line, 'ms') ?? 0;
    if (type === 'AI_RESPONSE_RECEIVED' || type === 'AI_RESPONSE_BROKEN') sums.cost += numberIn(line, 'cost_usd') ?? 0;
    const again = textIn(line, 'decision') === 'retry' || commandIn(line) === 'retry' || type === 'AUTO_RETRY';
    if (again || (type === 'RUN_SCRIPT' && (numberIn(line, 'attempt') ?? 1) > 1)) sums.retries++;
  }

  totals(): Totals {
    return { runs: this.#runs.size, ...this.#sums };
  }
}

/** Who had taken it has given it back; both are told. */
function isGivenBack(line: JournalLine): boolean {
  return commandIn(line) !== undefined && textIn(line, 'taken_by') !== undefined;
}

/** Another run has found the task as this one left it. Where somebody had taken it, that is said already. */
function giveUp(start: Mutable<Moment>): void {
  if (start.note === undefined) start.note = 'its runner was gone before the end';
}

function toMoment(line: JournalLine): Mutable<Moment> {
  const { event_type: eventType, run_id: runId, task_id: taskId } = line;
  const [from, to] = changeIn(line);
  const by = byWhom(line);
  const changes = to !== undefined && (from !== to || ADDS.has(eventType));
  return {
    time: timeOf(line.timestamp),
    runId: typeof runId === 'string' ? runId : undefined,
    taskId,
    eventType,
    from,
    to: to ?? (eventType === 'INTERRUPT_TASK' ? 'RUNNING' : undefined),
    by,
    command: commandIn(line),
    at: placeIn(line),
    decidedBy: undefined,
    started: undefined,
    ms: numberIn(line, 'ms'),
    cost: numberIn(line, 'cost_usd'),
    log: textIn(line, 'log'),
    note: wordsFor(line),
    isDetail: !changes && by !== 'hand' && !['INTERRUPT_TASK', 'CHANGE_PLAN'].includes(eventType),
  };
}

function changeIn({ status_change: change }: JournalLine): (Status | undefined)[] {
  return change?.split(' -> ').map((word) => STATUSES.find((status) => status === word)) ?? [];
}

function timeOf(timestamp: unknown): Date | undefined {
  const time = typeof timestamp === 'string' ? new Date(timestamp) : undefined;
  return time && !Number.isNaN(time.getTime()) ? time : undefined;
}

function byWhom(line: JournalLine): By {
  if (line.event_type === 'HAND_EDIT') return 'hand';
  if (commandIn(line) !== undefined) return 'command';
  return ['READY_TASK', 'RECOVER_TASK', 'UNSAVED_TASK'].includes(line.event_type) ? 'tool' : 'run';
}
