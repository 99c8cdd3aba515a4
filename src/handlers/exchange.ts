// What goes to the model and what comes back: each prompt and reply kept in the logs and journaled, and what they cost counted.
import { errnoOf, type Place, RunbookError } from '../errors.ts';
import type { Usage } from '../events.ts';
import { costOfRun } from '../journal.ts';
import type { TaskLog } from '../logs.ts';
import { reasonOf } from '../paths.ts';
import { clear, cleared } from '../runbook/memory.ts';
import { sha256 } from '../sha256.ts';
import { marksOf } from '../survivors.ts';
import type { Model, Reply } from '../world.ts';
import type { Job } from './outcome.ts';
import type { Prompt } from './prompt.ts';
import { tokensIn, tooLarge } from './size.ts';
import { withoutThinking } from './thinking.ts';
import { turnsOf } from './turns.ts';

/** Throws BUDGET_REACHED if this run, or this task in it, has spent what it may. */
export function requireBudget({ runbook, task, session }: Job): void {
  const { root, runId } = session;
  const reached = (who: string, budget: number | undefined, spent: () => number, at: () => Place, hint: string) => {
    if (budget === undefined || spent() < budget) return;
    const message = `${who} has spent $${spent().toFixed(4)}, and its \`budget\` is $${budget}; nothing more was sent`;
    throw new RunbookError({ code: 'BUDGET_REACHED', message, at: at(), hint });
  };
  const again = 'A new run starts from zero; or raise the budget.';
  reached(
    'this run',
    runbook.budget,
    () => costOfRun(root, runId),
    () => runbook.source.place(['budget']),
    again,
  );
  const ofTask = () => costOfRun(root, runId, task.id);
  reached(`\`${task.id}\``, task.budget, ofTask, () => task.place('budget'), again);
}

/** What may still be spent on this task in this run; undefined if there is no limit. */
export function budgetLeft({ runbook, task, session: { root, runId } }: Job): number | undefined {
  const left = [
    ...(runbook.budget === undefined ? [] : [runbook.budget - costOfRun(root, runId)]),
    ...(task.budget === undefined ? [] : [task.budget - costOfRun(root, runId, task.id)]),
  ];
  return left.length === 0 ? undefined : Math.min(...left);
}

export type Answer =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'aborted' };

const SHOWN_EVERY_MS = 50;
/** Characters of a reply. */
const CLEARED_EVERY = 500_000;

/** The requests of one start of a task. */
export class Exchange {
  readonly #job: Job;
  readonly #model: Model;
  readonly #log: TaskLog;
  #usage: Usage = { inputTokens: undefined, outputTokens: undefined, cost: undefined };
  #requests = 0;
  #response = '';
  #isContinued = false;
  /** Whether a reply broke off, so that it cost at least what is counted. */
  #isAtLeast = false;

  constructor(job: Job, model: Model, log: TaskLog) {
    this.#job = job;
    this.#model = model;
    this.#log = log;
  }

  get requests(): number {
    return this.#requests;
  }

  /** Whether the latest request went on with a reply that was cut. */
  get isContinued(): boolean {
    return this.#isContinued;
  }

  get usage(): Usage {
    return this.#usage;
  }

  /** `soFar` is a reply that was cut, to be gone on with. Throws BUDGET_REACHED before anything is sent. */
  async send(prompt: Prompt, soFar?: string): Promise<Answer> {
    const { session, task } = this.#job;
    requireBudget(this.#job);
    const refused = tooLarge(prompt, this.#model);
    if (refused) return { kind: 'failed', detail: [refused.message, refused.hint].filter(Boolean).join('. ') };
    this.#requests++;
    this.#isContinued = soFar !== undefined;
    const numbered = (name: string) => (this.#requests === 1 ? `${name}.md` : `${name}-${this.#requests}.md`);
    const turns = turnsOf(prompt.text, soFar);
    const sent = turns.map(({ content }) => content).join('\n\n');
    const kept = this.#log.keep(numbered('prompt'), session.world.redact(sent));
    const tokens = soFar === undefined ? prompt.tokens : tokensIn(sent);
    const { label, provider } = this.#model;
    session.tell({
      kind: 'promptSent',
      taskId: task.id,
      model: label,
      provider,
      template: prompt.template,
      tokens,
      attempt: this.#requests,
      log: kept.file,
      sha256: kept.sha256,
    });
    const started = performance.now();
    const progress = this.#progress(tokens);
    let [came, clearedAt] = [0, 0];
    const take = (piece: string, text: string) => {
      came += piece.length;
      // What carries the pieces is ten times as large as they are, and is let lie until there is much of it.
      if (came - clearedAt > CLEARED_EVERY) {
        clearedAt = came;
        clear();
      }
      progress(piece.length, text);
    };
    try {
      const reply = await this.#model.reply({
        taskId: task.id,
        turns,
        attempt: this.#requests,
        marks: marksOf(session.runId, task.id),
        onText: (piece) => take(piece, piece),
        onThought: (piece) => take(piece, ''),
        onDid: (what) => session.world.emit({ kind: 'note', text: `${label}: ${what}` }),
        onRetry: (why, waitMs) => session.tell({ kind: 'replyDelayed', taskId: task.id, why, waitMs }),
      });
      this.#count(reply, performance.now() - started, numbered('reply'));
      return { kind: 'reply', reply };
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
      if (came > 0) this.#countBroken(tokens, came, performance.now() - started);
      // Who pastes was asked, and has done nothing yet.
      if (error.code === 'INTERRUPTED' && session.world.signal.aborted && this.#model.provider !== 'paste')
        return { kind: 'aborted' };
      if (error.code !== 'MODEL_FAILED') throw error;
      return { kind: 'failed', detail: [error.message, error.hint].filter(Boolean).join('. ') };
    }
  }

  /** What is kept of it in the YAML, with the task's `last_run`. */
  summary(): Readonly<Record<string, unknown>> {
    const { inputTokens, outputTokens, cost } = this.#usage;
    return {
      ...(this.#response === '' ? {} : { llm_response: snippet(this.#response) }),
      cost_estimate: {
        model: this.#model.label,
        input_tokens: inputTokens ?? 'unknown',
        output_tokens: outputTokens ?? 'unknown',
        cost_usd: cost ?? 'unknown',
        ...(this.#isAtLeast ? { at_least: true } : {}),
      },
    };
  }

  /** Counts are estimates while it comes; what the server counted replaces them in the end. */
  #progress(promptTokens: number): (chars: number, text: string) => void {
    let [all, shown] = [0, 0];
    return (chars, text) => {
      all += chars;
      // A price is looked up each time, and some replies come in a million pieces.
      const now = performance.now();
      if (now - shown < SHOWN_EVERY_MS) return;
      shown = now;
      const tokens = Math.ceil(all / 4);
      const cost = added(this.#usage.cost, this.#model.price(promptTokens, tokens));
      this.#job.session.world.emit({ kind: 'replyProgress', tokens, cost, text });
    };
  }

  /** What came of a reply that broke off is paid for, as far as that can be told: by the prompt, and by what was seen to come. */
  #countBroken(inputTokens: number, chars: number, ms: number): void {
    const outputTokens = Math.ceil(chars / 4);
    const usage: Usage = { inputTokens, outputTokens, cost: this.#model.price(inputTokens, outputTokens) };
    this.#isAtLeast = true;
    this.#add(usage);
    const { label, provider } = this.#model;
    const taskId = this.#job.task.id;
    this.#job.session.report({ kind: 'replyBroken', taskId, model: label, provider, usage, ms: Math.round(ms) });
  }

  #add(usage: Usage): void {
    this.#usage = {
      inputTokens: added(this.#usage.inputTokens, usage.inputTokens),
      outputTokens: added(this.#usage.outputTokens, usage.outputTokens),
      cost: added(this.#usage.cost, usage.cost),
    };
  }

  #count({ text, usage }: Reply, ms: number, name: string): void {
    const { session, task } = this.#job;
    this.#add(usage);
    this.#response = session.world.redact(text);
    cleared(text);
    const log = this.#kept(name);
    const { label, provider } = this.#model;
    session.report({
      kind: 'replyReceived',
      taskId: task.id,
      model: label,
      provider,
      usage,
      ms: Math.round(ms),
      log,
      sha256: sha256(this.#response),
      snippet: snippet(this.#response),
    });
  }

  /** Where the reply is kept. It is paid for, so that it counts also where it can't be: that is said. */
  #kept(name: string): string | undefined {
    try {
      return this.#log.keep(name, this.#response).file;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      const text = `The reply could not be kept beside ${this.#log.file}: ${reasonOf(errno)}. It is here as long as you are.`;
      this.#job.session.world.emit({ kind: 'note', text });
      return undefined;
    }
  }
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : Math.round(((a ?? 0) + (b ?? 0)) * 1e9) / 1e9;
}

/** The beginning of a reply on one line: enough to recognise it in the YAML. */
function snippet(reply: string): string {
  const line = (withoutThinking(reply) ?? reply).trim().slice(0, 2000).replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
