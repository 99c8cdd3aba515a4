// AI_ASSISTED: fill the template → stream the reply → parse → show what would change → check it → the person decides.
import { dirname } from 'node:path';
import { RunbookError } from '../errors.ts';
import { insideProject, statOf } from '../paths.ts';
import { notPlain } from '../plainFile.ts';
import type { AiDetails, Runbook, Task } from '../runbook/task.ts';
import { compile } from '../templates/compile.ts';
import { type CompleteAi, Conversation } from './conversation.ts';
import { budgetLeft, requireBudget } from './exchange.ts';
import { chooseModel } from './modelChoice.ts';
import type { Job, Step } from './outcome.ts';
import { requirePerson } from './person.ts';
import { fillTemplate, knownNames, NOTHING_EARLIER } from './prompt.ts';
import { requireHarmless } from './proposal.ts';
import { parserProblem, schemaProblem } from './reply.ts';
import { requireFolder } from './script.ts';
import { doubtOf, tooLarge } from './size.ts';

export async function prepareAi(job: Job): Promise<Step> {
  const { task } = job;
  const ai = requireAi(job.runbook, task);
  const prompt = await fillTemplate(job, ai.promptTemplate, NOTHING_EARLIER);
  requirePerson(job, 'review', task.checks.length > 0 ? 'some' : 'none');
  await requireSchema(task, ai);
  requireBudget(job);
  const model = await chooseModel(job);
  // With --review the person may make it shorter; it is measured again before it goes.
  const refused = job.options.review ? undefined : tooLarge(prompt, model);
  if (refused) throw refused;
  return {
    plan: {
      kind: 'ai',
      model: model.label,
      provider: model.provider,
      template: prompt.template,
      tokens: prompt.tokens,
      cost: model.price(prompt.tokens, 0),
      budgetLeft: budgetLeft(job),
      writes: model.works ? ['what it changes in a copy of the project'] : whatItWrites(task, ai),
      context: prompt.context,
      doubt: doubtOf(prompt, model),
    },
    carryOut: () => new Conversation(job, ai, model).carryOut(prompt),
  };
}

function whatItWrites({ outputArtifact }: Task, { outputParser }: AiDetails): string[] {
  if (outputParser === 'files') return ['the files that the reply names'];
  return outputArtifact === undefined ? [] : [outputArtifact];
}

/** Throws what is wrong with the task, as far as it can be seen without filling its templates. */
export function requireAi(runbook: Runbook, task: Task): CompleteAi {
  const { root } = runbook;
  const { ai } = task;
  if (!ai?.promptTemplate) throw incomplete(task);
  const { promptTemplate, fallbackPromptTemplate } = ai;
  requireParser(task, ai);
  requireArtifact(runbook, task);
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

/** Found before a reply is paid for that nothing could be checked against. */
export async function requireSchema(task: Task, { outputSchema }: AiDetails): Promise<void> {
  const problem = outputSchema === undefined ? undefined : await schemaProblem(outputSchema);
  if (!problem) return;
  throw new RunbookError({
    code: 'RUNBOOK_INVALID',
    message: `\`output_schema\` is no JSON Schema: ${problem.replace(/^schema is invalid: /, '')}`,
    at: task.place('ai_details.output_schema'),
  });
}

/** Found before a reply is paid for that could not be written. */
function requireArtifact(runbook: Runbook, task: Task): void {
  const { root } = runbook;
  if (task.outputArtifact === undefined) return;
  const at = task.place('output_artifact');
  const path = insideProject(root, task.outputArtifact, at);
  const refuse = (message: string) => new RunbookError({ code: 'RUNBOOK_INVALID', message, at });
  const there = statOf(path);
  if (there?.isDirectory() || task.outputArtifact.endsWith('/'))
    throw refuse(`\`output_artifact\` is the folder \`${task.outputArtifact}\`; it must be a file`);
  const odd = there && notPlain(there);
  if (odd !== undefined)
    throw refuse(`\`output_artifact\` \`${task.outputArtifact}\` can't be compared with a reply: ${odd}`);
  if (task.homes.some(({ source }) => source.path === path))
    throw refuse(`\`output_artifact\` is \`${task.outputArtifact}\`, in which the task itself stands`);
  requireHarmless(runbook, task.outputArtifact, at);
  const folder = dirname(task.outputArtifact);
  const entry = statOf(dirname(path));
  if (entry?.isDirectory()) return;
  if (entry) throw refuse(`\`${folder}\` is a file, so that \`output_artifact\` has no folder to stand in`);
  throw new RunbookError({
    code: 'FILE_NOT_FOUND',
    message: `the folder \`${folder}\` of \`output_artifact\` does not exist`,
    at,
    hint: `mkdir -p ${folder}`,
  });
}
