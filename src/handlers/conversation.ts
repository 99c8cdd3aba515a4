// The requests, reviews and decisions of one start of an AI_ASSISTED task: ask, judge, show, check, decide, and again on retry.
import { RunbookError, unreachable } from '../errors.ts';
import type { DecidedBy, NewIssue, Proposal, Usage } from '../events.ts';
import { costOfRun } from '../journal.ts';
import { openTaskLog, type TaskLog } from '../logs.ts';
import type { AiDetails } from '../runbook/task.ts';
import type { Answer, Decision, Model, Question, Reply } from '../world.ts';
import { type Checked, runChecks } from './checks.ts';
import type { Job, Outcome } from './outcome.ts';
import { type Earlier, fillTemplate, type Prompt } from './prompt.ts';
import { placed, writeProposal } from './proposal.ts';
import { type ProposedFile, parseReply } from './reply.ts';
import { onTrial } from './trial.ts';

/** What a task must have to be AI_ASSISTED. */
export type CompleteAi = AiDetails & { readonly promptTemplate: string };

/** What one request came to: something to decide on, or nothing that can be used. */
type Attempt =
  | {
      readonly kind: 'proposal';
      readonly files: readonly Proposal[];
      readonly checked: Checked;
      readonly response: string;
    }
  | { readonly kind: 'unusable'; readonly issueType: string; readonly detail: string; readonly response: string };

/** Throws BUDGET_REACHED if this run has spent what it may. */
export function requireBudget({ runbook, session }: Job): void {
  const spent = runbook.budget === undefined ? 0 : costOfRun(session.root, session.runId);
  if (runbook.budget === undefined || spent < runbook.budget) return;
  throw new RunbookError({
    code: 'BUDGET_REACHED',
    message: `this run has spent $${spent.toFixed(4)}, and its \`budget\` is $${runbook.budget}; nothing more was sent`,
    at: runbook.source.place(['budget']),
    hint: 'A new run starts from zero; or raise the budget.',
  });
}

/** The requests and decisions of one start of a task. */
export class Conversation {
  readonly #job: Job;
  readonly #ai: CompleteAi;
  readonly #model: Model;
  readonly #log: TaskLog;
  readonly #started: number;
  readonly #issues: NewIssue[] = [];
  #usage: Usage = { inputTokens: undefined, outputTokens: undefined, cost: undefined };
  #attempt = 0;
  #response = '';

  constructor(job: Job, ai: CompleteAi, model: Model) {
    const now = job.session.world.now();
    this.#job = job;
    this.#ai = ai;
    this.#model = model;
    this.#started = now.getTime();
    this.#log = openTaskLog(job.session.root, job.task.id, now);
  }

  async carryOut(first: Prompt): Promise<Outcome> {
    let prompt: Prompt | undefined = first;
    for (;;) {
      prompt = await this.#reviewed(prompt);
      if (!prompt) return { kind: 'left', why: 'left' };
      const attempt = await this.#request(prompt);
      if (attempt === 'aborted') return { kind: 'cutOff' };
      const decided = await this.#decide(attempt);
      if (decided.kind === 'outcome') return decided.outcome;
      prompt = await fillTemplate(
        this.#job,
        this.#ai.fallbackPromptTemplate ?? this.#ai.promptTemplate,
        decided.earlier,
      );
    }
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
      if (answer === 'send') return { ...prompt, text, tokens: Math.ceil(text.length / 4) };
      const edited = await this.#edit('prompt.md', text, by);
      if (edited === undefined) continue;
      text = edited;
      tell({ kind: 'decided', taskId: this.#job.task.id, decision: 'edit prompt', by, manualEdit: true });
    }
  }

  async #request(prompt: Prompt): Promise<Attempt | 'aborted'> {
    const { session, task } = this.#job;
    requireBudget(this.#job);
    this.#attempt++;
    const numbered = (name: string) => (this.#attempt === 1 ? `${name}.md` : `${name}-${this.#attempt}.md`);
    const kept = this.#log.keep(numbered('prompt'), session.world.redact(prompt.text));
    const { label, provider } = this.#model;
    session.tell({
      kind: 'promptSent',
      taskId: task.id,
      model: label,
      provider,
      template: prompt.template,
      tokens: prompt.tokens,
      attempt: this.#attempt,
      log: kept.file,
      sha256: kept.sha256,
    });
    const started = performance.now();
    let reply: Reply;
    try {
      reply = await this.#model.reply({
        taskId: task.id,
        prompt: prompt.text,
        attempt: this.#attempt,
        onText: this.#showProgress(prompt.tokens),
        onRetry: (why, waitMs) => session.tell({ kind: 'replyDelayed', taskId: task.id, why, waitMs }),
      });
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      if (error.code === 'INTERRUPTED' && session.world.signal.aborted) return 'aborted';
      if (error.code !== 'MODEL_FAILED') throw error;
      return this.#unusable('GENERATION_ERROR', [error.message, error.hint].filter(Boolean).join('. '), '');
    }
    this.#count(reply, performance.now() - started, numbered('reply'));
    return this.#judge(reply);
  }

  /** Counts are estimates while it comes; what the server counted replaces them in the end. */
  #showProgress(promptTokens: number): (piece: string) => void {
    let chars = 0;
    return (piece) => {
      chars += piece.length;
      const tokens = Math.ceil(chars / 4);
      const cost = added(this.#usage.cost, this.#model.price(promptTokens, tokens));
      this.#job.session.world.emit({ kind: 'replyProgress', tokens, cost, text: piece });
    };
  }

  #count(reply: Reply, ms: number, name: string): void {
    const { session, task } = this.#job;
    const { usage } = reply;
    this.#usage = {
      inputTokens: added(this.#usage.inputTokens, usage.inputTokens),
      outputTokens: added(this.#usage.outputTokens, usage.outputTokens),
      cost: added(this.#usage.cost, usage.cost),
    };
    this.#response = session.world.redact(reply.text);
    const kept = this.#log.keep(name, this.#response);
    const { label, provider } = this.#model;
    session.tell({
      kind: 'replyReceived',
      taskId: task.id,
      model: label,
      provider,
      usage,
      ms: Math.round(ms),
      log: kept.file,
      sha256: kept.sha256,
      snippet: snippet(this.#response),
    });
  }

  async #judge(reply: Reply): Promise<Attempt | 'aborted'> {
    const { ask, redact } = this.#job.session.world;
    if (reply.cut) return this.#unusable('GENERATION_ERROR', 'the reply was cut off at its token limit', reply.text);
    const options = {
      ...(this.#ai.outputSchema === undefined ? {} : { outputSchema: this.#ai.outputSchema }),
      ...(this.#job.task.outputArtifact === undefined ? {} : { artifact: this.#job.task.outputArtifact }),
    };
    const parsed = await parseReply(this.#ai.outputParser, reply.text, options);
    if (parsed.kind === 'unusable') return this.#unusable('GENERATION_ERROR', parsed.detail, reply.text);
    if (parsed.kind === 'files') return this.#propose(parsed.files, reply.text);
    const several = `the reply has ${parsed.blocks.length} code blocks where one was asked for`;
    if (ask.lacks('block')) return this.#unusable('GENERATION_ERROR', several, reply.text);
    const { answer } = await ask.choose({
      topic: 'block',
      message: `${several}. Which one?`,
      choices: parsed.blocks
        .slice(0, 9)
        .map(({ label }, i) => ({ key: String(i + 1), answer: `pick:${i}` as const, label: redact(label) })),
    });
    const block = parsed.blocks[Number(answer.slice('pick:'.length))];
    return this.#propose([{ path: undefined, text: block?.text ?? '' }], reply.text);
  }

  #unusable(issueType: string, detail: string, response: string): Attempt {
    this.#note(issueType, detail);
    this.#job.session.tell({ kind: 'replyFailed', taskId: this.#job.task.id, issueType, detail });
    return { kind: 'unusable', issueType, detail, response };
  }

  #note(type: string, detail: string): void {
    const { world } = this.#job.session;
    this.#issues.push({ timestamp: world.now().toISOString(), type, detail });
  }

  /** Shows what would change, and lets the checks see it in its place. */
  async #propose(proposed: readonly ProposedFile[], response: string): Promise<Attempt | 'aborted'> {
    const { session, task } = this.#job;
    const files = placed(session.root, task, proposed);
    if (!Array.isArray(files)) return this.#unusable('GENERATION_ERROR', files.refused, response);
    session.world.emit({ kind: 'proposed', files, whole: false });
    const checked = await this.#check(files);
    if (checked.kind === 'aborted') return 'aborted';
    if (checked.kind === 'failed') this.#note('VALIDATION_FAIL', checked.detail);
    session.world.emit({ kind: 'reviewPoints', points: this.#ai.reviewPoints });
    return { kind: 'proposal', files, checked, response };
  }

  #check(files: readonly Proposal[]): Promise<Checked> {
    const { session, task } = this.#job;
    const onDisk = files.flatMap(({ path, after }) => (path === undefined ? [] : [{ path, text: after }]));
    if (task.checks.length === 0 || onDisk.length === 0) return runChecks(this.#job, this.#log);
    return onTrial(session.root, task.id, onDisk, () => runChecks(this.#job, this.#log));
  }

  async #decide(
    attempt: Attempt,
  ): Promise<{ kind: 'outcome'; outcome: Outcome } | { kind: 'retry'; earlier: Earlier }> {
    const { session, task } = this.#job;
    const { world, tell } = session;
    let current = attempt;
    for (;;) {
      const { answer, by } = await world.ask.choose(this.#question(current));
      const end = (outcome: Outcome) => ({ kind: 'outcome', outcome }) as const;
      switch (answer) {
        case 'diff':
          if (current.kind === 'proposal') world.emit({ kind: 'proposed', files: current.files, whole: true });
          continue;
        case 'quit':
          return end({ kind: 'left', why: 'left' });
        case 'skip':
          tell({ kind: 'decided', taskId: task.id, decision: answer, by });
          return end({ kind: 'skipped', record: this.#record('FAILURE', undefined) });
        case 'error': {
          const said = by === 'person' || by === '--answer' ? await world.ask.line('What is wrong?') : '';
          tell({ kind: 'decided', taskId: task.id, decision: answer, by, detail: said });
          if (said !== '' || this.#issues.length === 0)
            this.#note(
              current.kind === 'unusable' ? current.issueType : 'VALIDATION_FAIL',
              said || 'refused on review',
            );
          return end({ kind: 'error', record: this.#record('FAILURE', undefined) });
        }
        case 'retry': {
          const feedback = await world.ask.line('What should change? (Enter: nothing to add)');
          tell({ kind: 'decided', taskId: task.id, decision: answer, by, detail: feedback });
          if (feedback !== '') this.#note('VALIDATION_FAIL', feedback);
          return {
            kind: 'retry',
            earlier: { feedback, previousResponse: current.response, error: whatWasWrong(current) },
          };
        }
        case 'edit': {
          const edited = await this.#edited(current, by);
          if (edited === 'aborted') return end({ kind: 'cutOff' });
          if (edited === current) continue;
          current = edited;
          if (edited.kind !== 'proposal' || edited.checked.kind === 'failed') continue;
          return end(this.#accept(edited.files, 'Manually edited'));
        }
        case 'accept':
          if (current.kind !== 'proposal') continue;
          tell({ kind: 'decided', taskId: task.id, decision: answer, by });
          return end(this.#accept(current.files, this.#howRetried()));
        default:
          return unreachable(answer);
      }
    }
  }

  #question(attempt: Attempt): Question<Decision | 'diff'> {
    const acceptable = attempt.kind === 'proposal' && attempt.checked.kind !== 'failed';
    const choices: { key: string; answer: Extract<Answer, Decision | 'diff'>; label: string }[] = [
      { key: 'r', answer: 'retry', label: this.#ai.fallbackPromptTemplate ? 'retry with the fallback' : 'retry' },
      { key: 'm', answer: 'edit', label: 'edit' },
      { key: 'e', answer: 'error', label: 'error' },
      { key: 's', answer: 'skip', label: 'skip' },
    ];
    if (acceptable) choices.unshift({ key: 'y', answer: 'accept', label: 'accept' });
    if (attempt.kind === 'proposal') choices.push({ key: 'd', answer: 'diff', label: 'diff' });
    choices.push({ key: 'q', answer: 'quit', label: 'leave' });
    const checks =
      attempt.kind === 'unusable' ? 'failed' : attempt.checked.kind === 'aborted' ? 'failed' : attempt.checked.kind;
    const message =
      attempt.kind === 'unusable'
        ? 'This reply can’t be used. What now?'
        : acceptable
          ? 'Accept?'
          : 'A check failed. What now?';
    return { topic: 'review', message, choices, checks };
  }

  /** The person's own version, from their editor: checked like a reply, and then accepted. */
  async #edited(attempt: Attempt, by: DecidedBy): Promise<Attempt | 'aborted'> {
    const { session, task } = this.#job;
    const start =
      attempt.kind === 'proposal'
        ? attempt.files
        : [{ path: task.outputArtifact, before: undefined, after: attempt.response }];
    const files: ProposedFile[] = [];
    for (const { path, after } of start) {
      const text = await this.#edit(path ?? 'reply.md', after, by);
      if (text === undefined) return attempt;
      files.push({ path, text });
    }
    session.tell({ kind: 'decided', taskId: task.id, decision: 'edit', by, manualEdit: true });
    return this.#propose(files, attempt.response);
  }

  /**
   * What comes back from the editor; undefined if it failed, which is said: a reply is not lost for that. Where a flag asked
   * for the edit it is thrown, since the answer after it was not meant for the reply as it came.
   */
  async #edit(name: string, text: string, by: DecidedBy): Promise<string | undefined> {
    const { world } = this.#job.session;
    try {
      return await world.ask.edit(name, text);
    } catch (error) {
      if (by !== 'person' || !(error instanceof RunbookError) || error.code !== 'EDITOR_FAILED') throw error;
      world.emit({ kind: 'note', text: [error.message, error.hint].filter(Boolean).join('. ') });
      return undefined;
    }
  }

  #accept(files: readonly Proposal[], resolution: string): Outcome {
    writeProposal(this.#job.session, this.#job.task, files);
    return { kind: 'done', record: this.#record('SUCCESS', resolution) };
  }

  #howRetried(): string {
    if (this.#attempt === 1) return 'Done on a later attempt';
    return this.#ai.fallbackPromptTemplate ? 'Retried with fallback' : 'Retried';
  }

  #record(outcome: 'SUCCESS' | 'FAILURE', resolution: string | undefined) {
    const { world } = this.#job.session;
    const now = world.now();
    const { inputTokens, outputTokens, cost } = this.#usage;
    return {
      ms: now.getTime() - this.#started,
      usage: this.#usage,
      log: this.#log.file,
      issues: resolution === undefined ? this.#issues : this.#issues.map((issue) => ({ ...issue, resolution })),
      resolution,
      lastRun: {
        timestamp: now.toISOString(),
        outcome,
        ...(this.#response === '' ? {} : { llm_response: snippet(this.#response) }),
        cost_estimate: {
          model: this.#model.label,
          input_tokens: inputTokens ?? 'unknown',
          output_tokens: outputTokens ?? 'unknown',
          cost_usd: cost ?? 'unknown',
        },
      },
    };
  }
}

function whatWasWrong(attempt: Attempt): string {
  if (attempt.kind === 'unusable') return attempt.detail;
  return attempt.checked.kind === 'failed' ? attempt.checked.detail : '';
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : Math.round(((a ?? 0) + (b ?? 0)) * 1e9) / 1e9;
}

/** The beginning of a reply on one line: enough to recognise it in the YAML. */
function snippet(reply: string): string {
  const line = reply.trim().replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
