// Which model answers a task: the one that the flag, the task or the defaults name, or the one that the person picks.
import { RunbookError } from '../errors.ts';
import { PROVIDERS, type Provider } from '../runbook/schema.ts';
import type { ModelSettings } from '../runbook/task.ts';
import { didYouMean } from '../suggest.ts';
import type { Model } from '../world.ts';
import type { Job } from './outcome.ts';

/** Throws MODEL_UNKNOWN, MODEL_NO_KEY or NEEDS_PERSON, before anything was sent. */
export async function chooseModel(job: Job): Promise<Model> {
  const { world, root } = job.session;
  const name = job.options.model ?? job.task.ai?.model ?? job.runbook.defaultModel;
  if (name === undefined) return offer(job, noModel(job));
  const named = resolve(job, name);
  const settings = { ...named, timeoutMs: named.timeoutMs ?? job.task.timeoutMs };
  if (settings.provider === 'paste') requirePerson(job);
  try {
    return await world.model({ name, settings, root });
  } catch (error) {
    if (error instanceof RunbookError && error.code === 'MODEL_NO_KEY') return offer(job, placed(job, error));
    throw error instanceof RunbookError && !error.at ? placed(job, error) : error;
  }
}

/** With a person, what answers on this machine is offered; without one, the error stands. */
async function offer(job: Job, reason: RunbookError): Promise<Model> {
  const { world, root } = job.session;
  if (world.ask.lacks('model')) throw reason;
  world.emit({ kind: 'note', text: `${reason.message}. The prompt can go to any chat instead.` });
  const { answer } = await world.ask.choose({
    topic: 'model',
    message: 'Which one answers?',
    choices: [
      { key: 'p', answer: 'pick:paste', label: 'paste (copy the prompt, paste the reply; no key needed)' },
      { key: 'q', answer: 'quit', label: 'leave' },
    ],
  });
  if (answer === 'quit') throw reason;
  return world.model({ name: 'paste', settings: bare('paste', undefined), root });
}

function noModel({ task }: Job): RunbookError {
  return new RunbookError({
    code: 'MODEL_NO_KEY',
    message: `no model is set for \`${task.id}\``,
    at: task.place('ai_details', 'key'),
    hint: 'Say which one answers: `--model NAME`, `model:` in `ai_details`, or `model:` in the `defaults` of the runbook.',
  });
}

function resolve(job: Job, name: string): ModelSettings {
  const named = job.runbook.models.get(name);
  if (named) return named;
  const [provider = '', ...rest] = name.split(':');
  if (isProvider(name)) return bare(name, undefined);
  if (rest.length > 0 && isProvider(provider)) return bare(provider, rest.join(':'));
  if (rest.length === 0) return bare('openai', name);
  const known = [...job.runbook.models.keys(), ...PROVIDERS];
  throw placed(
    job,
    new RunbookError({
      code: 'MODEL_UNKNOWN',
      message: `the model \`${name}\` is not known: \`${provider}\` is no provider.${didYouMean(provider, known)}`,
      hint: `Providers: ${PROVIDERS.join(', ')}. Or a name from \`models\` in the runbook.`,
    }),
  );
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
    replies: undefined,
  };
}

function requirePerson(job: Job): void {
  const lacking = job.session.world.ask.lacks('paste');
  if (lacking) throw lacking;
}

/** The error with the place where the model was named, unless a flag named it. */
function placed({ task, options }: Job, error: RunbookError): RunbookError {
  if (error.at || options.model !== undefined) return error;
  return new RunbookError(
    { code: error.code, message: error.message, hint: error.hint, at: task.place('ai_details.model') },
    { cause: error.cause },
  );
}
