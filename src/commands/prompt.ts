// `prompt`: exactly what would be sent for a task, how large it is, and what each part of it comes from. Nothing is sent.
import { type Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { EXIT, RunbookError } from '../errors.ts';
import { requireAi } from '../handlers/ai.ts';
import { foreseenModel } from '../handlers/modelChoice.ts';
import { fillTemplate, NOTHING_EARLIER, type Prompt } from '../handlers/prompt.ts';
import { doubtOf, tooLarge } from '../handlers/size.ts';
import type { Task } from '../runbook/task.ts';
import { openSession } from '../session.ts';
import { lookAt } from '../standing.ts';
import { columnsOf, say } from '../terminal/streams.ts';
import { count, fit, harmless, oneLine, pad, plural, width, wrap } from '../terminal/words.ts';
import type { Model } from '../world.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('<id>', 'the task')
    .addOption(new Option('--model <name>', 'as if this model were to answer').env('RUNBOOK_MODEL'))
    .addHelpText(
      'before',
      'Examples:\n  runbook prompt draft_notes             print it; its size and its parts go to stderr\n  runbook prompt draft_notes 2>&1 | less\n',
    )
    .action(action(prompt));
}

async function prompt(context: Context, id: string, flags: { readonly model?: string }): Promise<number> {
  const path = context.runbookPath();
  const { runbook } = lookAt(path);
  requireTask(runbook, 'prompt', id);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  if (!task) return EXIT.ok;
  requireModelTask(task);
  const world = await context.world(runbook.root);
  const options = { review: false, model: flags.model, userModel: readConfig(process.env).model };
  const job = { runbook, task, session: openSession(path, world), options };
  const { promptTemplate } = requireAi(runbook, task);
  const filled = await fillTemplate(job, promptTemplate, NOTHING_EARLIER);
  const model = await foreseenModel(job);
  const text = world.redact(filled.text);
  context.print('prompt', toData(task, { ...filled, text }, model), () => [harmless(text).replace(/\n$/, '')]);
  if (!context.flags.json) {
    const hidden = text !== filled.text;
    for (const line of summary(context, filled, model, hidden)) say(line);
  }
  return model && tooLarge(filled, model) ? EXIT.mistake : EXIT.ok;
}

function requireModelTask(task: Task): void {
  if (task.type === 'AI_ASSISTED') return;
  throw new RunbookError({
    code: 'USAGE',
    message: `\`${task.id}\` is ${task.type}: nothing is sent to a model for it`,
    at: task.place('type'),
  });
}

function toData(task: Task, { template, text, tokens, context }: Prompt, model: Model | undefined) {
  return {
    task_id: task.id,
    template,
    text,
    tokens,
    model: model?.label ?? null,
    context_window: model?.contextWindow ?? null,
    parts: context.map(({ source, chars, lines }) => ({
      source,
      tokens: Math.ceil(chars / 4),
      lines: lines ? [...lines] : null,
    })),
  };
}

function summary({ palette, flags }: Context, filled: Prompt, model: Model | undefined, isHidden: boolean): string[] {
  const columns = Math.min(columnsOf('stderr') ?? 80, 100);
  const rows = filled.context.map(({ source, chars, lines }) => {
    const where = lines === undefined ? '' : lines[0] === lines[1] ? `line ${lines[0]}` : `lines ${lines.join('–')}`;
    return [oneLine(source), count(Math.ceil(chars / 4)), where] as const;
  });
  const takes = model?.contextWindow === undefined ? '' : ` of the ${count(model.contextWindow)} that it takes`;
  const doubt = model ? doubtOf(filled, model) : undefined;
  const total = `${plural(filled.tokens, 'token')}, estimated${model ? `, for ${oneLine(model.label)}${takes}` : ''}`;
  const secrets = 'Values of secrets are shown by their names here; they would be sent as they are.';
  if (flags.plain)
    return [
      total,
      ...rows.map(([source, tokens, where]) =>
        [`${source}: ${tokens}`, where.replace('–', ' to ')].filter(Boolean).join('; '),
      ),
      ...(doubt === undefined ? [] : [`warning: ${oneLine(doubt)}`]),
      ...(isHidden ? [secrets] : []),
    ];
  const [longest = 0, second = 0, third = 0] = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => width(row[column] ?? ''))),
  );
  const first = Math.min(longest, Math.max(8, columns - second - third - 6));
  return [
    '',
    `${total}:`,
    ...rows.map(([source, tokens, where]) =>
      `  ${pad(fit(source, first), first)}  ${tokens.padStart(second)}  ${palette.dim(where)}`.trimEnd(),
    ),
    ...(doubt === undefined ? [] : wrap(`${palette.bad('!')} ${oneLine(doubt)}`, columns, '  ')),
    ...(isHidden ? [secrets] : []),
  ];
}
