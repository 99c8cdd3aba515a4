// What a reply comes to: parsed, shown beside what it would change, and tried by the checks. What was wrong with those of one
// start of a task is noted, for the task's issues.
import type { NewIssue, Proposal } from '../events.ts';
import type { TaskLog } from '../logs.ts';
import { cleared } from '../runbook/memory.ts';
import type { AiDetails } from '../runbook/task.ts';
import type { Reply } from '../world.ts';
import type { Attempt } from './attempt.ts';
import { type Checked, runChecks } from './checks.ts';
import type { Job } from './outcome.ts';
import { placed } from './proposal.ts';
import { type ProposedFile, parseReply } from './reply.ts';
import { withoutThinking } from './thinking.ts';
import { onTrial } from './trial.ts';
import { personsUncommitted } from './uncommitted.ts';
import { proposedBy } from './work.ts';

export class Judging {
  readonly issues: NewIssue[] = [];
  readonly #job: Job;
  readonly #ai: AiDetails;
  readonly #log: TaskLog;

  constructor(job: Job, ai: AiDetails, log: TaskLog) {
    this.#job = job;
    this.#ai = ai;
    this.#log = log;
  }

  /** What comes of a reply. */
  async judge(reply: Reply): Promise<Attempt | 'aborted'> {
    const { ask, redact } = this.#job.session.world;
    const said = withoutThinking(reply.text);
    if (reply.work && !reply.cut) {
      const proposed = proposedBy(this.#job, reply.work, said ?? '');
      if (!('refused' in proposed)) return this.propose(proposed, said ?? '');
      return this.unusable('GENERATION_ERROR', proposed.refused, said ?? '');
    }
    if (reply.cut) {
      const detail = 'the reply was cut off at its token limit';
      return this.unusable('GENERATION_ERROR', detail, said ?? '', said?.trim() ? reply.text : undefined);
    }
    const response = said ?? '';
    const options = {
      ...(this.#ai.outputSchema === undefined ? {} : { outputSchema: this.#ai.outputSchema }),
      ...(this.#job.task.outputArtifact === undefined ? {} : { artifact: this.#job.task.outputArtifact }),
    };
    const parsed = await parseReply(this.#ai.outputParser, reply.text, options);
    cleared(reply.text);
    if (parsed.kind === 'unusable') return this.unusable('GENERATION_ERROR', parsed.detail, response);
    if (parsed.kind === 'files') return this.propose(parsed.files, response);
    const several = `the reply has ${parsed.blocks.length} code blocks where one was asked for`;
    if (ask.lacks('block')) return this.unusable('GENERATION_ERROR', several, response);
    const { answer } = await ask.choose({
      topic: 'block',
      message: `${several}. Which one?`,
      choices: parsed.blocks
        .slice(0, 9)
        .map(({ label }, i) => ({ key: String(i + 1), answer: `pick:${i}` as const, label: redact(label) })),
    });
    const block = parsed.blocks[Number(answer.slice('pick:'.length))];
    return this.propose([{ path: undefined, text: block?.text ?? '' }], response);
  }

  unusable(issueType: string, detail: string, response: string, cut?: string): Attempt {
    this.note(issueType, detail);
    this.#job.session.tell({ kind: 'replyFailed', taskId: this.#job.task.id, issueType, detail });
    return { kind: 'unusable', issueType, detail, response, cut };
  }

  note(type: string, detail: string): void {
    const { world } = this.#job.session;
    this.issues.push({ timestamp: world.now().toISOString(), type, detail });
  }

  /** Shows what would change, and lets the checks see it in its place. */
  async propose(proposed: readonly ProposedFile[], response: string): Promise<Attempt | 'aborted'> {
    const { runbook, session, task } = this.#job;
    const files = placed(runbook, task, proposed);
    if (!Array.isArray(files)) return this.unusable('GENERATION_ERROR', files.refused, response);
    // Git looks while the diff is made.
    const looking = personsUncommitted(session, files);
    session.world.emit({ kind: 'proposed', files, whole: false });
    cleared(response);
    const unsaved = await looking;
    if (unsaved.length > 0) session.world.emit({ kind: 'uncommitted', paths: unsaved });
    const checked = await this.#check(files);
    if (checked.kind === 'aborted') return 'aborted';
    if (checked.kind === 'failed') this.note('VALIDATION_FAIL', checked.detail);
    session.world.emit({ kind: 'reviewPoints', points: this.#ai.reviewPoints });
    return { kind: 'proposal', files, checked, response };
  }

  #check(files: readonly Proposal[]): Promise<Checked> {
    const { session, task } = this.#job;
    const onDisk = files.flatMap(({ path, after, removes }) =>
      path === undefined ? [] : [{ path, text: after, removes }],
    );
    if (task.checks.length === 0 || onDisk.length === 0) return runChecks(this.#job, this.#log);
    return onTrial(session, task.id, onDisk, () => runChecks(this.#job, this.#log));
  }
}
