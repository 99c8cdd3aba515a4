// The form of `runbook.yaml` and of a task's detail file, as the person writes them (snake_case).
// One description serves three: the check at load, the types of the reader, and the JSON Schema for editors.
import * as z from 'zod/mini';
import { APIS, milliseconds, PROVIDERS, STATUSES, TASK_TYPES } from './vocabulary.ts';

// Each piece says in its own words what it must be: the reader puts "`field` must be …" around it.
const text = z.string({ error: 'text' });
const flag = z.boolean({ error: '`true` or `false`' });
const count = z.int({ error: 'a whole number, 0 or more' }).check(z.gte(0, { error: 'a whole number, 0 or more' }));
const dollars = z.number({ error: 'an amount of US dollars' }).check(z.gte(0, { error: 'an amount of US dollars' }));
const texts = z.array(text, { error: 'a list' });
const described = <T extends z.ZodMiniType>(schema: T, description: string) =>
  optional(schema.check(z.meta({ description })) as T);

/** A key without a value (`env:`) counts as a key that is not there. */
function optional<T extends z.ZodMiniType>(schema: T) {
  return z.nullish(schema);
}

const duration = z
  .union([z.number(), text], { error: 'a duration such as `90s`, `10m` or `1h30m`' })
  .check(z.refine((value) => (milliseconds(value) ?? 0) > 0, { error: 'a duration such as `90s`, `10m` or `1h30m`' }));
const money = z.union([z.number(), text], { error: 'an amount of money' });
const variables = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()], { error: 'text, a number or a truth value' }),
  {
    error: 'a map of names to values',
  },
);
const notBlank = (error: string) => text.check(z.regex(/\S/, { error }));
const command = z.union(
  [notBlank('a command'), texts.check(z.minLength(1, { error: 'a list with at least the program' }))],
  { error: 'a command, or a list of a program and its arguments' },
);

const checkMap = z.looseObject({ name: described(text, 'What the check proves, in a few words.'), command });
const check = z.union([command, checkMap], { error: 'a command, or a map with `command` and `name`' });

const aiDetails = z.looseObject(
  {
    model: described(text, 'A name from `models`, `provider:model`, or a bare model name, which means OpenAI.'),
    prompt_template: described(text, 'The Nunjucks template of the prompt.'),
    input_context: described(z.record(z.string(), z.unknown(), { error: 'a map' }), 'The variables of the template.'),
    output_parser: described(text, '`text`, `code_block`, `<language>_code_block`, `json` or `files`.'),
    output_schema: described(z.unknown(), 'A JSON Schema that a `json` reply must satisfy.'),
    review_points: described(texts, 'What the person looks for before accepting.'),
    fallback_prompt_template: described(text, 'The template used on retry.'),
    auto_retry: described(count, 'How often what was wrong with a reply goes back to the model without asking you.'),
  },
  { error: 'a map' },
);

const scriptMap = z.looseObject({
  command: described(command, 'A shell command, or a program and its arguments.'),
  args: described(texts, 'Arguments after the command or the path.'),
  path: described(text, 'A script file, run as it is.'),
  shell: described(
    z.union([flag, text], { error: 'a shell, or `true` or `false`' }),
    'The shell for the command; `false` runs it without one.',
  ),
  cwd: described(text, 'Where it runs, from the folder of `runbook.yaml`.'),
  env: described(variables, 'Variables added to its environment.'),
  timeout: described(duration, 'The longest it may take.'),
  ok_exit_codes: described(
    z.array(count, { error: 'a list of numbers' }),
    'The exit codes that mean success; `[0]` if not said.',
  ),
});
const scriptDetails = z.union([command, scriptMap], {
  error: 'a command, a list, or a map with `command` or `path`',
});

const status = z.enum(STATUSES, { error: 'a status' });
const taskType = z.enum(TASK_TYPES, { error: 'a type' });

const workFields = {
  type: described(taskType, 'Who does it: MANUAL (you), AI_ASSISTED (a model, and you review), AUTOMATED_SCRIPT.'),
  description: described(text, 'What the task is about.'),
  tags: described(texts, 'Words to find it by.'),
  ai_details: described(aiDetails, 'For AI_ASSISTED: the model, the prompt, the review.'),
  manual_instructions: described(
    z.union([text, texts], { error: 'Markdown, a list of steps, or the path of a Markdown file' }),
    'For MANUAL: Markdown, a list of steps, or the path of a Markdown file.',
  ),
  script_details: described(scriptDetails, 'For AUTOMATED_SCRIPT: what runs.'),
  output_artifact: described(text, 'The file that the task produces.'),
  checks: described(
    z.array(check, { error: 'a list of commands' }),
    'Commands that must pass before the task may be DONE.',
  ),
  timeout: described(duration, 'The longest a script, a check or a reply may take.'),
  env: described(variables, 'Variables for its script and its checks.'),
  cwd: described(text, 'Where its script and its checks run, from the folder of `runbook.yaml`.'),
  retries: described(count, 'How often a failing script is run again, each time seen.'),
  commit: described(
    z.union([flag, text], { error: '`true`, `false`, or the message' }),
    'One git commit with the work and the status, when it is DONE.',
  ),
  budget: described(money, 'The most that its replies may cost in a run, in US dollars.'),
};

const taskFields = {
  id: notBlank('an id').check(z.meta({ description: 'What other tasks call it.' })),
  name: described(text, 'What people call it; the id if not said.'),
  status: described(status, 'Where it stands. The tool writes it; you may too.'),
  depends_on: described(texts, 'The ids of the tasks that must be DONE before.'),
  ...workFields,
  last_run: described(z.looseObject({}, { error: 'a map' }), 'What happened last. The tool writes it.'),
  issues: described(
    z.array(
      z.looseObject(
        { type: optional(text), detail: optional(z.unknown()), resolution: optional(text) },
        { error: 'a map' },
      ),
      {
        error: 'a list',
      },
    ),
    'What went wrong, and how it was settled.',
  ),
};

const model = z.looseObject(
  {
    provider: z.enum(PROVIDERS, { error: 'a provider' }),
    model: described(text, "The provider's name of the model."),
    base_url: described(text, 'Where a server listens that speaks as the provider does.'),
    api_key_env: described(text, 'The variable that holds the key.'),
    temperature: described(z.number({ error: 'a number' }), 'How freely it answers.'),
    max_tokens: described(count, 'The longest reply.'),
    timeout: described(duration, 'The longest it may take.'),
    stall_timeout: described(duration, 'The longest silence in the middle of a reply; `90s` if not said.'),
    price: described(
      z.strictObject({ input: dollars, output: dollars }, { error: 'a map of `input` and `output`' }),
      'US dollars for a million tokens, where they are not known or are your own.',
    ),
    context_window: described(count, 'How many tokens it takes, where that is not known.'),
    replies: described(text, 'For `scripted`: the file with the replies.'),
    api: described(
      z.enum(APIS, { error: '`chat` or `responses`' }),
      'For `openai`: which of its APIs is asked; `chat` if not said.',
    ),
    tools: described(
      flag,
      'For `claude`, `codex`, `gemini`: it may work on a copy of the project; you review what it changed.',
    ),
  },
  { error: 'a map with `provider`' },
);

export const detailSchema = z.looseObject({ ...taskFields, id: optional(taskFields.id) }, { error: 'a map' });

export const entrySchema = z.looseObject(
  { ...taskFields, task_detail_file: described(text, 'The file with everything about the task.') },
  { error: 'a map with at least `id`' },
);

const { description: _description, ...defaultable } = workFields;

const defaults = z.looseObject(
  { ...defaultable, model: described(text, 'The model of tasks that name none.') },
  { error: 'a map' },
);

export const runbookSchema = z.looseObject(
  {
    name: described(text, 'What the runbook is called; the folder if not said.'),
    description: described(text, 'What it is for.'),
    defaults: described(defaults, 'Fields for every task that does not set them.'),
    models: described(z.record(z.string(), model, { error: 'a map of names to models' }), 'Models by name.'),
    skipped_satisfies: described(flag, 'Whether a SKIPPED task lets those after it go on.'),
    allow_outside: described(
      texts,
      'Folders outside of the project in which paths may lie, from the folder of `runbook.yaml` or absolute.',
    ),
    budget: described(money, 'The most a run may cost.'),
    tasks: z.array(entrySchema, { error: 'a list of tasks' }),
  },
  { error: 'a map with `tasks`' },
);

/** A person's own, and never a misspelt one of ours. */
export const OWN_KEY = /^x-/;

/** The fields of each kind of map: what else stands there is kept, and warned of. */
export const FIELDS = {
  runbook: Object.keys(runbookSchema.shape),
  entry: Object.keys(entrySchema.shape),
  detail: Object.keys(detailSchema.shape),
  defaults: Object.keys(defaults.shape),
  model: Object.keys(model.shape),
  ai: Object.keys(aiDetails.shape),
  script: Object.keys(scriptMap.shape),
  check: Object.keys(checkMap.shape),
};

export type RawRunbook = z.infer<typeof runbookSchema>;
export type RawEntry = z.infer<typeof entrySchema>;
export type RawDetail = z.infer<typeof detailSchema>;
export type RawModel = z.infer<typeof model>;
export type RawCheck = z.infer<typeof check>;
export type RawScript = z.infer<typeof scriptDetails>;
export type RawAi = z.infer<typeof aiDetails>;
export type RawIssue = NonNullable<RawDetail['issues']>[number];
