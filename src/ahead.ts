// Scripts that follow one another: the journal is written ahead of the files, as a database's log is. A script's start stands in
// it, synced, before it runs, and its end after it; the files get both at the next checkpoint, which comes at most every fifth
// of a second, before anything waits for a person, and at the end. After a kill, the next start brings up what is missing.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Event, Holder } from './events.ts';
import { journalFile, lastChanges } from './journal.ts';
import { Agenda } from './runbook/agenda.ts';
import type { Lease } from './runbook/lease.ts';
import { whileLocked } from './runbook/lock.ts';
import { cleared, optimizedLater } from './runbook/memory.ts';
import { readRunbook } from './runbook/read.ts';
import type { Scope } from './runbook/ready.ts';
import { type StatusWrite, saveUndisputed } from './runbook/save.ts';
import type { Settled } from './runbook/settle.ts';
import { areAsStamped, filesOf, stampsOf } from './runbook/stamps.ts';
import type { Runbook, Status, Task } from './runbook/task.ts';
import { type Changed, changeStatus, recordOutcome, type Session, settleDispute } from './session.ts';
import { bringUpToDate } from './upToDate.ts';

/** So long a status may stand in the journal alone, in milliseconds; or, in a large plan, so many times what a checkpoint takes. */
const EVERY_MS = 200;
const TIMES_ITS_COST = 40;
/** Before the first checkpoint, it is taken to cost as much as so many looks. */
const LOOKS = 3;
/** So many tasks may be in the journal alone, however large the plan: what is made of them at a checkpoint takes memory. */
const MOST_BEHIND = 2000;
/** In a large plan, after so many tasks what they left behind is cleared away: V8 would let it grow to as much as there is. */
const CLEARED_AFTER = 500;
/** Once so many scripts have followed one another, more will. */
const A_FEW = 3;

/** What is known of the files since the last look at them. */
interface Knowledge {
  readonly runbook: Runbook;
  readonly agenda: Agenda;
  readonly stamps: ReadonlyMap<string, string>;
  /** How much of the journal others have written. */
  readonly othersBytes: number;
}

interface Options extends Scope {
  readonly keepGoing: boolean;
  /** One task only: nothing follows, so that nothing is gained by being ahead. */
  readonly once: boolean;
}

export class Ahead {
  readonly #session: Session;
  readonly #journal: string;
  readonly #lease: Lease;
  readonly #options: Options;
  readonly #running = new Set<string>();
  /** The tasks of which the journal has more than the files, with what those say. */
  readonly #behind = new Map<string, Status>();
  /** Undefined when the files must be looked at. */
  #known: Knowledge | undefined;
  /** The files that were as they are known since anything was waited for last. */
  readonly #sameNow = new Set<string>();
  /** The files of the tasks that ran at the last checkpoint, as they were after it. */
  #sinceCheckpoint = new Map<string, ReadonlyMap<string, string>>();
  #timer: NodeJS.Timeout | undefined;
  readonly #tookMs: { checkpoint: number | undefined; look: number } = { checkpoint: undefined, look: 0 };
  #started = 0;

  constructor(session: Session, lease: Lease, options: Options) {
    this.#session = session;
    this.#journal = join(session.root, journalFile(session.root));
    this.#lease = lease;
    this.#options = options;
  }

  /** The runbook as it was at the last look. */
  get runbook(): Runbook | undefined {
    return this.#known?.runbook;
  }

  /** Its place in the runbook, counted from 0, where that is known without a search. */
  placeOf({ id }: Task): number | undefined {
    return this.#known?.agenda.placeOf(id);
  }

  /** The script that comes next, where that follows from what is known and nobody has touched the files since. */
  next(): Task | undefined {
    if (!this.#known && this.#running.size > 0) this.look();
    for (let task = this.#known?.agenda.next(); task; task = this.#known?.agenda.next()) {
      if (!mayGoAhead(task)) return undefined;
      if (this.#isUntouched(task)) return task;
      this.look();
    }
    return undefined;
  }

  /** How the runbook stands by its files. What this run itself is at is not interrupted. */
  look(predecessor?: Holder): Settled {
    this.checkpoint();
    const began = performance.now();
    this.#forget();
    const found = bringUpToDate(this.#session, predecessor);
    const settled = { ...found, interrupted: found.interrupted.filter(({ id }) => !this.#running.has(id)) };
    this.#known = !this.#options.once && this.#isCalm(settled) ? this.#learn(settled.runbook) : undefined;
    this.#tookMs.look = performance.now() - began;
    return settled;
  }

  /**
   * Marks a task RUNNING before anything of it happens: in the journal alone where it `follows` from what is known. False if a
   * hand has changed it meanwhile.
   */
  start(task: Task, { follows }: { readonly follows: boolean }): boolean {
    const { id: taskId, status: from } = task;
    const to = 'RUNNING' as const;
    const event = { kind: 'started', taskId, from, to } as const;
    if (follows && this.#isUntouched(task)) {
      const inFiles = this.#inFiles(taskId, from);
      this.#note(taskId, inFiles);
      this.#session.tellAll([{ ...event, inFiles }]);
      this.#known?.agenda.set(taskId, to);
      this.#running.add(taskId);
      if (this.#started === A_FEW) optimizedLater();
      if (++this.#started % CLEARED_AFTER === 0) cleared(this.#known?.runbook.source.text ?? '');
      return true;
    }
    this.checkpoint();
    this.#lease.name(taskId);
    if (changeStatus(this.#session, { taskId, from, to }, event).kind !== 'saved') return false;
    this.#running.add(taskId);
    // What follows it can go ahead from here.
    if (mayGoAhead(task) && !this.#options.once) this.look();
    return true;
  }

  /** As `recordOutcome`; where a script has ended well and nobody is in the way, in the journal alone. */
  readonly record = (write: StatusWrite, event: Event & { kind: 'ended' | 'putBack' }): Changed => {
    // It was waited for.
    this.#sameNow.clear();
    const { taskId } = write;
    const task = this.#atWork(taskId);
    if (task && write.to === 'DONE' && event.kind === 'ended' && mayGoAhead(task) && this.#isUntouched(task)) {
      this.#running.delete(taskId);
      const readied = this.#ended(taskId);
      if (readied) return this.#recordAhead(write, event, readied);
    }
    this.#running.delete(taskId);
    try {
      this.checkpoint();
    } catch {
      // What keeps the files from being written is met again, and told with the outcome.
    }
    const from = this.#inFiles(taskId, write.from);
    this.#behind.delete(taskId);
    this.#known = undefined;
    const recorded = recordOutcome(this.#session, { ...write, from }, event);
    this.#lease.name(undefined);
    return recorded;
  };

  /** This run is no longer at a task, which stays RUNNING. */
  leave(taskId: string): void {
    this.checkpoint();
    this.#running.delete(taskId);
    this.#known = undefined;
    this.#lease.name(undefined);
  }

  /** Brings into the files what only the journal has. Throws what keeps them from being written. */
  checkpoint(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#session.sync();
    if (this.#behind.size === 0) return;
    const began = performance.now();
    const tasks = [...this.#running].flatMap((id) => this.#known?.agenda.task(id) ?? []);
    this.#forget();
    const { root, path, runId } = this.#session;
    whileLocked(root, () => {
      const last = lastChanges(root);
      // As the next start would find it: whatever failed meanwhile, it is the journal that counts.
      const writes = [...this.#behind.keys()].flatMap((taskId): StatusWrite[] => {
        const { inFiles, to, record, runId: by } = last.get(taskId) ?? {};
        return inFiles && to && by === runId ? [{ taskId, from: inFiles, to, ...record }] : [];
      });
      const written = new Set(saveUndisputed(path, writes));
      // Should the journal not take what comes now, the files have it all the same.
      for (const { taskId, to } of written) this.#behind.set(taskId, to);
      // A hand in the files of a script that runs is met when that has ended.
      const disputed = writes.filter((write) => !written.has(write) && !this.#running.has(write.taskId));
      for (const write of disputed) settleDispute(this.#session, write);
      this.#session.tellAll([{ kind: 'checkpoint', tasks: writes.length }]);
      const stillDisputed = new Set(writes.filter((write) => !written.has(write)).map(({ taskId }) => taskId));
      for (const taskId of this.#behind.keys())
        if (!stillDisputed.has(taskId) || !this.#running.has(taskId)) this.#behind.delete(taskId);
    });
    this.#sinceCheckpoint = new Map(tasks.map((task) => [task.id, stampsOf(filesOf([task]))]));
    const [running] = this.#running;
    this.#lease.name(running);
    this.#tookMs.checkpoint = performance.now() - began;
  }

  /** What is known of a large plan, and all that was made on the way to it, would else be there twice. */
  #forget(): void {
    const text = this.#known?.runbook.source.text;
    this.#known = undefined;
    this.#sameNow.clear();
    if (text !== undefined) cleared(text);
  }

  /** The last checkpoint. What could not be written is said. */
  close(): void {
    try {
      this.checkpoint();
    } catch (error) {
      const last = lastChanges(this.#session.root);
      for (const taskId of this.#behind.keys())
        if (last.get(taskId)?.to === 'DONE') this.#session.world.emit({ kind: 'notSaved', taskId, to: 'DONE' });
      throw error;
    }
  }

  /**
   * A task that runs, as it is known. After a checkpoint, the files are looked at for it, unless a hand has been in its own: that
   * is met when its end is written.
   */
  #atWork(taskId: string): Task | undefined {
    const stamps = this.#sinceCheckpoint.get(taskId);
    if (!this.#known && stamps && areAsStamped(stamps.keys(), stamps)) {
      try {
        this.look();
      } catch {
        // It is met again by the next look, when the task's end is written.
      }
    }
    const task = this.#known?.agenda.task(taskId);
    return task?.status === 'RUNNING' ? task : undefined;
  }

  /** Which tasks become READY by the good end of one; undefined where no script follows, so that nothing is gained. */
  #ended(taskId: string): readonly Task[] | undefined {
    const agenda = this.#known?.agenda;
    if (!agenda) return undefined;
    const readied = agenda.set(taskId, 'DONE');
    for (const { id } of readied) agenda.set(id, 'READY');
    const next = agenda.next();
    return this.#running.size > 0 || (next && mayGoAhead(next)) ? readied : undefined;
  }

  #recordAhead(write: StatusWrite, event: Event & { kind: 'ended' }, readied: readonly Task[]): Changed {
    const inFiles = this.#inFiles(write.taskId, write.from);
    this.#note(write.taskId, inFiles);
    for (const { id, status } of readied) this.#note(id, status);
    const to = 'READY' as const;
    this.#session.tellSoon([
      { ...event, inFiles },
      ...readied.map(({ id: taskId, status: from }): Event => ({ kind: 'readied', taskId, from, to, inFiles: from })),
    ]);
    return { kind: 'saved', changed: true };
  }

  #inFiles(taskId: string, status: Status): Status {
    return this.#behind.get(taskId) ?? status;
  }

  #note(taskId: string, inFiles: Status): void {
    this.#behind.set(taskId, inFiles);
    const { look, checkpoint = LOOKS * look } = this.#tookMs;
    const wait = Math.max(EVERY_MS, TIMES_ITS_COST * (checkpoint + look));
    const isFull = this.#behind.size >= MOST_BEHIND;
    if (isFull) clearTimeout(this.#timer);
    if (isFull || !this.#timer) this.#timer = setTimeout(() => this.#onTime(), isFull ? 0 : wait);
  }

  #onTime(): void {
    try {
      this.checkpoint();
    } catch {
      // The journal has it; the next look at the files meets the same trouble, and ends the run with it.
    }
  }

  /** Whether nothing has to be asked before the next task. */
  #isCalm({ runbook, interrupted }: Settled): boolean {
    const { keepGoing, leftAside } = this.#options;
    return (
      interrupted.length === 0 &&
      (keepGoing || !runbook.tasks.some(({ id, status }) => status === 'ERROR' && !leftAside?.has(id)))
    );
  }

  /** Undefined if the files are not as they were when the runbook was read. */
  #learn(runbook: Runbook): Knowledge | undefined {
    const { root, path } = this.#session;
    const stamps = stampsOf(filesOf(runbook.tasks).add(runbook.source.path));
    const othersBytes = this.#othersBytes();
    // Only now: what is the same after the stamps were taken is what they stand for.
    const again = readRunbook(path);
    const isSame =
      again.source === runbook.source &&
      again.tasks.every(({ detailFile }, i) => detailFile === runbook.tasks[i]?.detailFile);
    return isSame && again.root === root
      ? { runbook, agenda: new Agenda(runbook, this.#options), stamps, othersBytes }
      : undefined;
  }

  /** Whether nobody has been in the files of a task and of what it waits for. Looked at once between two waits. */
  #isUntouched(task: Task): boolean {
    const known = this.#known;
    if (!known) return false;
    if (!this.#sameNow.has(this.#journal)) {
      if (this.#othersBytes() !== known.othersBytes) return false;
      this.#sameNow.add(this.#journal);
    }
    const isSame = ({ homes }: Task) =>
      homes.every(({ source: { path } }) => {
        if (!this.#sameNow.has(path) && areAsStamped([path], known.stamps)) this.#sameNow.add(path);
        return this.#sameNow.has(path);
      });
    return isSame(task) && known.agenda.dependenciesOf(task).every(isSame);
  }

  #othersBytes(): number {
    const size = statSync(this.#journal, { throwIfNoEntry: false })?.size ?? 0;
    return size - this.#session.journaledBytes();
  }
}

/** What asks nobody, and is not to be told apart from its neighbours in a commit. */
export function mayGoAhead({ type, commit }: Task): boolean {
  return type === 'AUTOMATED_SCRIPT' && commit === false;
}
