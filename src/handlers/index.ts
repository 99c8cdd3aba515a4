// The one door through which task types enter: a new one is a new file beside these, and a case here.
import { RunbookError, type Trouble, unreachable } from '../errors.ts';
import { requireLogFolder } from '../logs.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { prepareAi, requireAi, requireSchema } from './ai.ts';
import { prepareManual, requireManual } from './manual.ts';
import { requireKnownModel } from './modelChoice.ts';
import type { Job, Step } from './outcome.ts';
import { prepareScript, requireScript } from './script.ts';

/** Finds what is wrong before anything is written, and says what will happen. Throws the person's mistakes. */
export async function prepare(job: Job): Promise<Step> {
  requireLogFolder(job.session.root, job.task.id);
  switch (job.task.type) {
    case 'MANUAL':
      return prepareManual(job);
    case 'AI_ASSISTED':
      return prepareAi(job);
    case 'AUTOMATED_SCRIPT':
      return prepareScript(job);
    default:
      return unreachable(job.task.type);
  }
}

/** What would keep a task from being started, found without a person, a model or a process. */
export async function findProblem(runbook: Runbook, task: Task): Promise<Trouble | undefined> {
  try {
    await requireAll(runbook, task);
    return undefined;
  } catch (error) {
    if (error instanceof RunbookError) return error;
    throw error;
  }
}

async function requireAll(runbook: Runbook, task: Task): Promise<void> {
  const { root } = runbook;
  switch (task.type) {
    case 'MANUAL':
      requireManual(root, task);
      return;
    case 'AI_ASSISTED':
      requireKnownModel(runbook, task);
      await requireSchema(task, requireAi(runbook, task));
      return;
    case 'AUTOMATED_SCRIPT':
      requireScript(root, task, process.env['PATH']);
      return;
    default:
      unreachable(task.type);
  }
}
