// OpenAI, and every server that speaks its chat completions: LM Studio, Ollama, vLLM, OpenRouter… The only importer of `openai`.
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  RateLimitError,
} from 'openai';
import { RunbookError } from '../errors.ts';
import type { Usage } from '../events.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings } from '../world.ts';
import { priceOf } from './cost.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const DEFAULT_MODEL = 'gpt-4o-mini';
/** How often the package tries again after a rate limit, a 5xx or a lost connection; it obeys `retry-after` and adds jitter. */
const RETRIES = 2;

export function openaiModel({ settings }: ModelChoice, { env, signal }: Surroundings): Model {
  const model = settings.model ?? DEFAULT_MODEL;
  const keyName = settings.apiKeyEnv ?? 'OPENAI_API_KEY';
  const baseURL = settings.baseUrl ?? env['OPENAI_BASE_URL'] ?? OPENAI_URL;
  const isOpenai = baseURL.startsWith(OPENAI_URL);
  const apiKey = env[keyName];
  // A server of one's own often wants no key, but the package insists on one.
  if (!apiKey && isOpenai) throw noKey(model, keyName);
  const client = new OpenAI({
    apiKey: apiKey || 'none',
    baseURL,
    maxRetries: RETRIES,
    ...(settings.timeoutMs ? { timeout: settings.timeoutMs } : {}),
  });
  const price = (input: number, output: number) => (isOpenai ? priceOf('openai', model, input, output) : undefined);
  return {
    label: model,
    provider: 'openai',
    price,
    async reply(request) {
      try {
        return await stream(client, model, settings, request, signal, price);
      } catch (error) {
        throw worded(error, { baseURL, keyName, model, signal });
      }
    },
  };
}

function noKey(model: string, keyName: string): RunbookError {
  return new RunbookError({
    code: 'MODEL_NO_KEY',
    message: `\`${model}\` needs the key \`${keyName}\`, which is not set`,
    hint: `Put \`${keyName}=…\` into .env, or let another answer: \`--model paste\` needs no key.`,
  });
}

async function stream(
  client: OpenAI,
  model: string,
  settings: ModelChoice['settings'],
  request: ModelRequest,
  signal: AbortSignal,
  price: Model['price'],
): Promise<Reply> {
  const chunks = await client.chat.completions.create(
    {
      model,
      messages: [{ role: 'user', content: request.prompt }],
      stream: true,
      stream_options: { include_usage: true },
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
      ...(settings.maxTokens === undefined ? {} : { max_completion_tokens: settings.maxTokens }),
    },
    { signal },
  );
  let text = '';
  let finish: string | undefined;
  let counted: { prompt_tokens: number; completion_tokens: number } | undefined;
  for await (const chunk of chunks) {
    const [choice] = chunk.choices;
    const piece = choice?.delta?.content ?? '';
    finish = choice?.finish_reason ?? finish;
    counted = chunk.usage ?? counted;
    text += piece;
    if (piece !== '') request.onText(piece);
  }
  if (finish === undefined)
    throw failed('the stream was cut off before the reply was complete', 'Retry, or look at the connection.');
  if (finish === 'content_filter')
    throw failed('the model refused to answer this prompt', 'Change the prompt, or ask another model.');
  if (text.trim() === '') throw failed('the reply is empty', 'Retry, or ask another model.');
  return { text, cut: finish === 'length', usage: usageOf(counted, price) };
}

function usageOf(
  counted: { prompt_tokens: number; completion_tokens: number } | undefined,
  price: Model['price'],
): Usage {
  if (!counted) return { inputTokens: undefined, outputTokens: undefined, cost: undefined };
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = counted;
  return { inputTokens, outputTokens, cost: price(inputTokens, outputTokens) };
}

interface Circumstances {
  readonly baseURL: string;
  readonly keyName: string;
  readonly model: string;
  readonly signal: AbortSignal;
}

/** The package's errors in the words that all providers share. */
function worded(error: unknown, { baseURL, keyName, model, signal }: Circumstances): unknown {
  if (error instanceof RunbookError) return error;
  if (error instanceof APIUserAbortError || signal.aborted)
    return new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' }, { cause: error });
  const { host } = new URL(baseURL);
  if (error instanceof APIConnectionTimeoutError)
    return failed(`${host} did not answer in time`, 'Retry, or set a longer `timeout`.', error);
  if (error instanceof APIConnectionError)
    return failed(`${host} can’t be reached`, 'Is the network up, and the server running?', error);
  if (error instanceof RateLimitError)
    return failed(`${host} says: too many requests, or no credit left (429)`, 'Wait a little, then retry.', error);
  if (error instanceof APIError && error.status !== undefined)
    return failed(`${host} says: ${plainMessage(error)} (${error.status})`, hintFor(error, keyName, model), error);
  // A stream that breaks off in the middle is a plain error of fetch's.
  return failed(
    `the connection to ${host} was lost: ${error instanceof Error ? error.message : String(error)}`,
    'Retry.',
    error,
  );
}

function plainMessage(error: APIError): string {
  return error.message.replace(/^\d+ /, '').trim() || 'no reason given';
}

function hintFor(error: APIError, keyName: string, model: string): string {
  if (error.status === 401 || error.status === 403)
    return `The key in \`${keyName}\` was refused. Is it the right one?`;
  if (error.status === 404) return `Is \`${model}\` a model of this server?`;
  if (error.code === 'context_length_exceeded')
    return 'The prompt is too long for this model: give it less, or take a larger one.';
  return 'Retry, or ask another model.';
}

function failed(message: string, hint: string, cause?: unknown): RunbookError {
  return new RunbookError({ code: 'MODEL_FAILED', message, hint }, { cause });
}
