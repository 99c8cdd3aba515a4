// Which model answers a task: the one that the flag, the task or the defaults name, or the one that the person picks.
import { type ErrorCode, RunbookError } from '../errors.ts';
import type { YamlPath } from '../runbook/source.ts';
import type { ModelSettings, Runbook, Task } from '../runbook/task.ts';
import { PROVIDERS, type Provider } from '../runbook/vocabulary.ts';
import { didYouMean } from '../suggest.ts';
import type { Model } from '../world.ts';
import type { Job } from './outcome.ts';
import { requirePerson } from './person.ts';

/** Throws MODEL_UNKNOWN, MODEL_NO_KEY or NEEDS_PERSON, before anything was sent. */
export async function chooseModel(job: Job): Promise<Model> {
  const { world, root } = job.session;
  const name =
    (job.options.model || undefined) ?? job.task.ai?.model ?? job.runbook.defaultModel ?? job.options.userModel;
  if (name === undefined) return offer(job, noModel(job));
  const named = knownModel(job.runbook, name);
  if (named instanceof RunbookError) throw placed(job, named);
  const settings = { ...named, timeoutMs: named.timeoutMs ?? job.task.timeoutMs };
  if (settings.provider === 'paste') requirePerson(job, 'paste');
  try {
    return await world.model({ name, settings, root });
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    if (error.code === 'MODEL_NO_KEY') return offer(job, placed(job, orMisspelt(job, name, error)));
    throw placed(
      job,
      error,
      job.runbook.models.has(name) ? ['models', name, FIELD_OF[error.code] ?? 'provider'] : undefined,
    );
  }
}

/** The model that would be asked, as far as that is known without asking a person; undefined if it can't answer now. */
export async function foreseenModel({ options, task, runbook, session }: Job): Promise<Model | undefined> {
  const name = (options.model || undefined) ?? task.ai?.model ?? runbook.defaultModel ?? options.userModel;
  const settings = name === undefined ? undefined : knownModel(runbook, name);
  if (name === undefined || !settings || settings instanceof RunbookError) return undefined;
  try {
    return await session.world.model({ name, settings, root: session.root });
  } catch (error) {
    if (error instanceof RunbookError) return undefined;
    throw error;
  }
}

/** Throws MODEL_UNKNOWN if the model that the task or the defaults name can't be any. */
export function requireKnownModel(runbook: Runbook, task: Task): void {
  const name = task.ai?.model ?? runbook.defaultModel;
  const model = name === undefined ? undefined : knownModel(runbook, name);
  if (model instanceof RunbookError) throw placed({ task, runbook, options: { model: undefined } }, model);
}

/** With a person, what answers on this machine is offered; without one, the error stands. */
async function offer(job: Job, reason: RunbookError): Promise<Model> {
  const { world, root } = job.session;
  if (world.ask.lacks('model')) throw reason;
  const { tasks } = job.runbook;
  const step = tasks.findIndex(({ id }) => id === job.task.id) + 1;
  const why = `${reason.message.replace(/[^.?]$/, '$&.')} The prompt can go to any chat instead.`;
  world.emit({ kind: 'modelLacking', task: job.task, step, of: tasks.length, why });
  const agents = await installedAgents(job);
  const { answer } = await world.ask.choose({
    topic: 'model',
    message: 'Which one answers?',
    choices: [
      { key: 'p', answer: 'pick:paste', label: 'paste (copy the prompt, paste the reply; no key needed)' },
      ...agents.map(({ key, name }) => ({
        key,
        answer: `pick:${name}` as const,
        label: `${name} (the program, as you are logged in)`,
      })),
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
  if (answer === 'quit') throw reason;
  const picked = agents.find(({ name }) => answer === `pick:${name}`);
  return picked?.model ?? world.model({ name: 'paste', settings: bare('paste', undefined), root });
}

interface Installed {
  readonly key: string;
  readonly name: Provider;
  readonly model: Model;
}

/** The agent CLIs that are on this machine. Whether they are logged in is known only when they are asked. */
async function installedAgents({ session: { world, root } }: Job): Promise<Installed[]> {
  const found: Installed[] = [];
  for (const [key, name] of [
    ['c', 'claude'],
    ['x', 'codex'],
    ['g', 'gemini'],
  ] as const) {
    try {
      found.push({ key, name, model: await world.model({ name, settings: bare(name, undefined), root }) });
    } catch (error) {
      if (!(error instanceof RunbookError)) throw error;
    }
  }
  return found;
}

function noModel({ task }: Job): RunbookError {
  return new RunbookError({
    code: 'MODEL_NO_KEY',
    message: `no model is set for \`${task.id}\``,
    at: task.place('ai_details', 'key'),
    hint: 'Say which one answers: `--model NAME`, `model:` in `ai_details`, or `model:` in the `defaults` of the runbook.',
  });
}

/** What a name stands for, or the error that says it stands for nothing. */
export function knownModel({ models }: Pick<Runbook, 'models'>, name: string): ModelSettings | RunbookError {
  const named = models.get(name);
  if (named) return named;
  const [provider = '', ...rest] = name.split(':');
  if (isProvider(name)) return bare(name, undefined);
  if (rest.length > 0 && isProvider(provider)) return bare(provider, rest.join(':') || undefined);
  if (rest.length === 0) return bare('openai', name);
  const known = [...models.keys(), ...PROVIDERS];
  return new RunbookError({
    code: 'MODEL_UNKNOWN',
    message: `the model \`${name}\` is not known: \`${provider}\` is no provider.${didYouMean(provider, known)}`,
    hint: `Providers: ${PROVIDERS.join(', ')}. Or a name from \`models\` in the runbook.`,
  });
}

function isProvider(name: string): name is Provider {
  return PROVIDERS.some((provider) => provider === name);
}

function bare(provider: Provider, model: string | undefined): ModelSettings {
  return {
    provider,
    model,
    baseUrl: undefined,
    apiKeyEnv: undefined,
    temperature: undefined,
    maxTokens: undefined,
    timeoutMs: undefined,
    stallMs: undefined,
    price: undefined,
    contextWindow: undefined,
    replies: undefined,
    api: undefined,
    tools: false,
  };
}

/** Which field of a model's description an error speaks of. */
const FIELD_OF: Partial<Record<ErrorCode, string>> = {
  RUNBOOK_INVALID: 'base_url',
  FILE_NOT_FOUND: 'replies',
  FILE_UNREADABLE: 'replies',
  PATH_OUTSIDE: 'replies',
};

/** A bare name means OpenAI, also one that was meant to be another. */
function orMisspelt({ runbook }: Job, name: string, error: RunbookError): RunbookError {
  if (name.includes(':') || runbook.models.has(name) || isProvider(name)) return error;
  const meant = didYouMean(name, [...runbook.models.keys(), ...PROVIDERS]);
  const { code, message, hint, cause } = error;
  return meant === '' ? error : new RunbookError({ code, message: `${message}.${meant}`, hint }, { cause });
}

interface Naming extends Pick<Job, 'task' | 'runbook'> {
  readonly options: { readonly model: string | undefined };
}

/** The error with the place where the model is described, or where it was named, unless a flag named it. */
function placed({ task, options, runbook }: Naming, error: RunbookError, described?: YamlPath): RunbookError {
  if (error.at || (options.model !== undefined && !described)) return error;
  const named =
    task.ai?.model === undefined ? runbook.source.place(['defaults', 'model']) : task.place('ai_details.model');
  const at = described ? runbook.source.place(described) : named;
  const hint = error.hint ?? (error.code === 'FILE_NOT_FOUND' ? 'Write that file, or mend the path.' : undefined);
  return new RunbookError({ code: error.code, message: error.message, hint, at }, { cause: error.cause });
}
