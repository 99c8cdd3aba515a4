// One start of an AI_ASSISTED task: ask, judge, show, check, decide, and again on retry.
import { unreachable } from '../errors.ts';
import type { DecidedBy, Proposal } from '../events.ts';
import { openTaskLog, type TaskLog } from '../logs.ts';
import type { AiDetails } from '../runbook/task.ts';
import type { Model } from '../world.ts';
import { type Attempt, isForTheModel, movedUnder, questionOf, whatWasWrong } from './attempt.ts';
import { taken } from './each.ts';
import { edited } from './editing.ts';
import { Exchange } from './exchange.ts';
import { Judging } from './judging.ts';
import type { Job, Outcome } from './outcome.ts';
import { type Earlier, fillTemplate, type Prompt } from './prompt.ts';
import { writeProposal } from './proposal.ts';
import type { ProposedFile } from './reply.ts';
import { tokensIn } from './size.ts';
import { joined } from './turns.ts';
import { warmUp } from './warmUp.ts';

/** What a task must have to be AI_ASSISTED. */
export type CompleteAi = AiDetails & { readonly promptTemplate: string };

/** The requests and decisions of one start of a task. */
export class Conversation {
  readonly #job: Job;
  readonly #ai: CompleteAi;
  readonly #log: TaskLog;
  readonly #exchange: Exchange;
  readonly #started: number;
  readonly #judging: Judging;
  #retries = 0;

  constructor(job: Job, ai: CompleteAi, model: Model) {
    this.#job = job;
    this.#ai = ai;
    this.#started = job.session.world.now().getTime();
    this.#log = openTaskLog(job.session, job.task.id);
    this.#exchange = new Exchange(job, model, this.#log);
    this.#judging = new Judging(job, ai, this.#log);
  }

  async carryOut(first: Prompt): Promise<Outcome> {
    let prompt: Prompt | undefined = first;
    /** What came of the reply to this prompt before it was cut. */
    let soFar: string | undefined;
    for (;;) {
      if (soFar === undefined) prompt = await this.#reviewed(prompt);
      if (!prompt) return { kind: 'left', why: 'left' };
      const attempt = await this.#request(prompt, soFar);
      if (attempt === 'aborted') return { kind: 'cutOff' };
      const decided = this.#retriedAlone(attempt) ?? (await this.#decide(attempt));
      if (decided.kind === 'outcome') return decided.outcome;
      soFar = decided.kind === 'continue' ? decided.soFar : undefined;
      if (decided.kind === 'continue') continue;
      prompt = await fillTemplate(
        this.#job,
        this.#ai.fallbackPromptTemplate ?? this.#ai.promptTemplate,
        decided.earlier,
      );
    }
  }

  /** What was wrong with a reply goes back to the model, as often as the task allows; each time is seen. */
  #retriedAlone(attempt: Attempt): { kind: 'retry'; earlier: Earlier } | undefined {
    const { autoRetry } = this.#ai;
    if (this.#retries >= autoRetry || !isForTheModel(attempt)) return undefined;
    this.#retries++;
    const { session, task } = this.#job;
    session.tell({ kind: 'retried', taskId: task.id, attempt: this.#retries, of: autoRetry });
    const earlier = { feedback: '', previousResponse: attempt.response, error: whatWasWrong(attempt) };
    return { kind: 'retry', earlier };
  }

  /** With --review the person reads each prompt, and may change it, before it goes. Undefined: they leave. */
  async #reviewed(prompt: Prompt): Promise<Prompt | undefined> {
    const { world, tell } = this.#job.session;
    if (!this.#job.options.review) return prompt;
    let { text } = prompt;
    for (;;) {
      world.emit({ kind: 'promptShown', text });
      const { answer, by } = await world.ask.choose({
        topic: 'prompt',
        message: 'Send this prompt?',
        choices: [
          { key: 'y', answer: 'send', label: 'send' },
          { key: 'm', answer: 'edit', label: 'edit' },
          { key: 'q', answer: 'quit', label: 'leave' },
        ],
      });
      if (answer === 'quit') return undefined;
      if (answer === 'send') return { ...prompt, text, tokens: tokensIn(text) };
      const changed = await edited(world, 'prompt.md', text, by);
      if (changed === undefined) continue;
      text = changed;
      tell({ kind: 'decided', taskId: this.#job.task.id, decision: 'edit prompt', by, manualEdit: true });
    }
  }

  async #request(prompt: Prompt, soFar: string | undefined): Promise<Attempt | 'aborted'> {
    const warmed = warmUp(this.#job, this.#ai.outputParser);
    const answer = await this.#exchange.send(prompt, soFar).finally(warmed);
    switch (answer.kind) {
      case 'aborted':
        return 'aborted';
      case 'failed':
        return this.#judging.unusable('GENERATION_ERROR', answer.detail, soFar ?? '', soFar);
      case 'reply':
        return this.#judging.judge(
          soFar === undefined ? answer.reply : { ...answer.reply, text: joined(soFar, answer.reply.text) },
        );
      default:
        return unreachable(answer);
    }
  }

  async #decide(
    attempt: Attempt,
  ): Promise<
    { kind: 'outcome'; outcome: Outcome } | { kind: 'retry'; earlier: Earlier } | { kind: 'continue'; soFar: string }
  > {
    const { session, task } = this.#job;
    const { world, tell, report } = session;
    let current = attempt;
    for (;;) {
      const { answer, by } = await world.ask.choose(questionOf(current, this.#ai.fallbackPromptTemplate !== undefined));
      const end = (outcome: Outcome) => ({ kind: 'outcome', outcome }) as const;
      switch (answer) {
        case 'diff':
          if (current.kind === 'proposal' && !(await world.ask.page(current.files)))
            world.emit({ kind: 'proposed', files: current.files, whole: true });
          continue;
        case 'each': {
          if (current.kind !== 'proposal') continue;
          const files = await taken(session, current.files);
          if (files.length === 0 || files.length === current.files.length) continue;
          tell({ kind: 'decided', taskId: task.id, decision: 'take some', by, detail: namesOf(files) });
          const some = await this.#judging.propose(files.map(toProposed), current.response);
          if (some === 'aborted') return end({ kind: 'cutOff' });
          current = some;
          continue;
        }
        case 'continue':
          if (current.kind !== 'unusable' || !current.cut) continue;
          report({ kind: 'decided', taskId: task.id, decision: answer, by });
          return { kind: 'continue', soFar: current.cut };
        case 'quit':
          return end({ kind: 'left', why: 'left' });
        case 'skip':
          report({ kind: 'decided', taskId: task.id, decision: answer, by });
          return end({ kind: 'skipped', record: this.#record('FAILURE', undefined) });
        case 'error': {
          const said = by === 'person' || by === '--answer' ? await world.ask.line('What is wrong?') : '';
          report({ kind: 'decided', taskId: task.id, decision: answer, by, detail: said });
          if (said !== '' || this.#judging.issues.length === 0)
            this.#judging.note(
              current.kind === 'unusable' ? current.issueType : 'VALIDATION_FAIL',
              said || 'refused on review',
            );
          return end({ kind: 'error', record: this.#record('FAILURE', undefined) });
        }
        case 'retry': {
          const feedback = await world.ask.line('What should change? (Enter: nothing to add)');
          report({ kind: 'decided', taskId: task.id, decision: answer, by, detail: feedback });
          if (feedback !== '') this.#judging.note('VALIDATION_FAIL', feedback);
          return {
            kind: 'retry',
            earlier: { feedback, previousResponse: current.response, error: whatWasWrong(current) },
          };
        }
        case 'edit': {
          const mine = await this.#edited(current, by);
          if (mine === 'aborted') return end({ kind: 'cutOff' });
          if (mine === current) continue;
          const moved = movedUnder(current, mine);
          current = mine;
          if (moved.length > 0) {
            tell({ kind: 'artifactChanged', taskId: task.id, paths: moved });
            continue;
          }
          if (mine.kind !== 'proposal' || mine.checked.kind === 'failed') continue;
          const accepted = await this.#accept(mine, 'Manually edited', by);
          if (accepted.kind === 'outcome') return accepted;
          current = accepted.again;
          continue;
        }
        case 'accept': {
          if (current.kind !== 'proposal') continue;
          report({ kind: 'decided', taskId: task.id, decision: answer, by });
          const accepted = await this.#accept(current, this.#howRetried(), by);
          if (accepted.kind === 'outcome') return accepted;
          current = accepted.again;
          continue;
        }
        default:
          return unreachable(answer);
      }
    }
  }

  /** The person's own version, from their editor: checked like a reply, and then accepted. */
  async #edited(attempt: Attempt, by: DecidedBy): Promise<Attempt | 'aborted'> {
    const { session, task } = this.#job;
    const start: readonly Pick<Proposal, 'path' | 'after' | 'removes'>[] =
      attempt.kind === 'proposal' ? attempt.files : [{ path: task.outputArtifact, after: attempt.response }];
    const files: ProposedFile[] = [];
    for (const { path, after, removes } of start) {
      if (removes) {
        files.push({ path, text: after, removes });
        continue;
      }
      const text = await edited(session.world, path ?? 'reply.md', after, by);
      if (text === undefined) return attempt;
      files.push({ path, text });
    }
    session.tell({ kind: 'decided', taskId: task.id, decision: 'edit', by, manualEdit: true });
    return this.#judging.propose(files, attempt.response);
  }

  /** Writes it, unless a hand has changed what it would replace since the person saw the diff: then they see it anew. */
  async #accept(
    attempt: Attempt & { kind: 'proposal' },
    resolution: string,
    by: DecidedBy,
  ): Promise<{ kind: 'outcome'; outcome: Outcome } | { kind: 'again'; again: Attempt }> {
    const { session, task } = this.#job;
    const { files, response } = attempt;
    const changed = writeProposal(session, task, files, by);
    if (!changed) return { kind: 'again', again: attempt };
    if (changed.length === 0)
      return { kind: 'outcome', outcome: { kind: 'done', record: this.#record('SUCCESS', resolution) } };
    session.tell({ kind: 'artifactChanged', taskId: task.id, paths: changed });
    const again = await this.#judging.propose(files.map(toProposed), response);
    return again === 'aborted' ? { kind: 'outcome', outcome: { kind: 'cutOff' } } : { kind: 'again', again };
  }

  #howRetried(): string {
    if (this.#exchange.requests === 1) return 'Done on a later attempt';
    if (this.#exchange.isContinued) return 'Continued';
    return this.#ai.fallbackPromptTemplate ? 'Retried with fallback' : 'Retried';
  }

  #record(outcome: 'SUCCESS' | 'FAILURE', resolution: string | undefined) {
    const { world } = this.#job.session;
    const now = world.now();
    return {
      ms: now.getTime() - this.#started,
      usage: this.#exchange.usage,
      log: this.#log.file,
      issues:
        resolution === undefined
          ? this.#judging.issues
          : this.#judging.issues.map((issue) => ({ ...issue, resolution })),
      resolution,
      lastRun: { timestamp: now.toISOString(), outcome, ...this.#exchange.summary() },
    };
  }
}

function toProposed({ path, after, removes }: Proposal): ProposedFile {
  return { path, text: after, removes };
}

function namesOf(files: readonly Proposal[]): string {
  return files.map(({ path }) => path ?? '').join(', ');
}
