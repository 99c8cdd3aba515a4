// AI_ASSISTED: fill the template → stream the reply → parse → show what would change → check it → the person decides.
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RunbookError } from '../errors.ts';
import { insideProject } from '../paths.ts';
import type { AiDetails, Task } from '../runbook/task.ts';
import { compile } from '../template.ts';
import { type CompleteAi, Conversation, requireBudget } from './conversation.ts';
import { chooseModel } from './modelChoice.ts';
import type { Job, Step } from './outcome.ts';
import { fillTemplate, knownNames, NOTHING_EARLIER } from './prompt.ts';
import { parserProblem } from './reply.ts';
import { requireFolder } from './script.ts';

export async function prepareAi(job: Job): Promise<Step> {
  const { task, session } = job;
  const ai = requireAi(session.root, task);
  const prompt = await fillTemplate(job, ai.promptTemplate, NOTHING_EARLIER);
  const lacking = session.world.ask.lacks('review', task.checks.length > 0 ? 'some' : 'none');
  if (lacking) throw lacking;
  requireBudget(job);
  const model = await chooseModel(job);
  return {
    plan: {
      kind: 'ai',
      model: model.label,
      provider: model.provider,
      template: prompt.template,
      tokens: prompt.tokens,
      cost: model.price(prompt.tokens, 0),
      writes: task.outputArtifact === undefined ? [] : [task.outputArtifact],
      context: prompt.context,
    },
    carryOut: () => new Conversation(job, ai, model).carryOut(prompt),
  };
}

/** Throws what is wrong with the task, as far as it can be seen without filling its templates. */
export function requireAi(root: string, task: Task): CompleteAi {
  const { ai } = task;
  if (!ai?.promptTemplate) throw incomplete(task);
  const { promptTemplate, fallbackPromptTemplate } = ai;
  requireParser(task, ai);
  requireArtifactFolder(root, task);
  if (task.checks.length > 0) requireFolder(root, task, task.cwd);
  compile(root, promptTemplate, knownNames(task), task.place('ai_details.prompt_template'));
  if (fallbackPromptTemplate)
    compile(root, fallbackPromptTemplate, knownNames(task), task.place('ai_details.fallback_prompt_template'));
  return { ...ai, promptTemplate };
}

function incomplete(task: Task): RunbookError {
  return new RunbookError({
    code: 'TASK_INCOMPLETE',
    message: `task \`${task.id}\` is AI_ASSISTED but has no \`ai_details.prompt_template\``,
    at: task.ai ? task.place('ai_details', 'key') : task.place('type'),
    hint: 'Write the path of its template: `ai_details: {prompt_template: prompt_templates/….md}`.',
  });
}

function requireParser(task: Task, ai: AiDetails): void {
  const problem = ai.outputParser === undefined ? undefined : parserProblem(ai.outputParser);
  if (problem)
    throw new RunbookError({ code: 'RUNBOOK_INVALID', message: problem, at: task.place('ai_details.output_parser') });
}

function requireArtifactFolder(root: string, task: Task): void {
  if (task.outputArtifact === undefined) return;
  const at = task.place('output_artifact');
  const path = insideProject(root, task.outputArtifact, at);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RunbookError({
      code: 'RUNBOOK_INVALID',
      message: `\`output_artifact\` is the folder \`${task.outputArtifact}\`; it must be a file`,
      at,
    });
  }
  const folder = dirname(task.outputArtifact);
  if (existsSync(dirname(path))) return;
  throw new RunbookError({
    code: 'FILE_NOT_FOUND',
    message: `the folder \`${folder}\` of \`output_artifact\` does not exist`,
    at,
    hint: `mkdir -p ${folder}`,
  });
}
