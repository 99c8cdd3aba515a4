// OpenAI, and every server that speaks its chat completions: LM Studio, Ollama, vLLM, OpenRouter… The only importer of `openai`.
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { RunbookError } from '../errors.ts';
import type { Usage } from '../events.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings } from '../world.ts';
import { priceOf } from './cost.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const DEFAULT_MODEL = 'gpt-4o-mini';
/** How often it is asked again after a rate limit, a fault of the server or a lost connection. */
const RETRIES = 2;
/** A server that wants a longer wait gets none: the person decides when to try again. */
const LONGEST_WAIT_MS = 60_000;

export function openaiModel({ settings }: ModelChoice, { env, signal }: Surroundings): Model {
  const model = settings.model ?? DEFAULT_MODEL;
  const keyName = settings.apiKeyEnv ?? 'OPENAI_API_KEY';
  const baseURL = settings.baseUrl ?? (env['OPENAI_BASE_URL'] || OPENAI_URL);
  if (!URL.canParse(baseURL) || !/^https?:/.test(baseURL)) throw badUrl(model, baseURL, settings.baseUrl !== undefined);
  const isOpenai = baseURL.startsWith(OPENAI_URL);
  const apiKey = env[keyName];
  // A server of one's own often wants no key, but the package insists on one.
  if (!apiKey && isOpenai) throw noKey(model, keyName);
  // The package would ask again in silence, wait for as long as it is told, and not let go on Ctrl-C.
  const client = new OpenAI({ apiKey: apiKey || 'none', baseURL, maxRetries: 0 });
  const price = (input: number, output: number) => (isOpenai ? priceOf('openai', model, input, output) : undefined);
  return {
    label: model,
    provider: 'openai',
    price,
    async reply(request) {
      const limit = settings.timeoutMs === undefined ? undefined : AbortSignal.timeout(settings.timeoutMs);
      const until = limit ? AbortSignal.any([signal, limit]) : signal;
      for (let turn = 0; ; turn++) {
        try {
          return await stream(client, model, settings, request, until, price);
        } catch (error) {
          const trouble = worded(error, { baseURL, keyName, model, signal, limit });
          const waitMs = until.aborted || turn === RETRIES ? undefined : waitBefore(turn, error);
          if (waitMs === undefined) throw trouble;
          request.onRetry(trouble.message, waitMs);
          // Aborted, it ends at once, and the next turn with it.
          await sleep(waitMs, undefined, { signal: until }).catch(() => {});
        }
      }
    },
  };
}

function badUrl(model: string, url: string, named: boolean): RunbookError {
  return new RunbookError({
    code: 'RUNBOOK_INVALID',
    message: `the ${named ? '`base_url`' : 'variable `OPENAI_BASE_URL`'} of \`${model}\` is not a URL: \`${url}\``,
    hint: 'It looks like `http://127.0.0.1:1234/v1`.',
  });
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

/** Milliseconds until it may be asked again, or undefined where that would not help. `turn` counts from 0. */
function waitBefore(turn: number, error: unknown): number | undefined {
  if (!(error instanceof APIError) || error.code === 'insufficient_quota') return undefined;
  const passing =
    error instanceof APIConnectionError || [408, 409, 429].includes(error.status ?? 0) || (error.status ?? 0) >= 500;
  if (!passing || error instanceof APIConnectionTimeoutError) return undefined;
  const wanted = wantedWait(error);
  if (wanted === undefined) return 500 * 2 ** turn * (1 - Math.random() / 4);
  return wanted <= LONGEST_WAIT_MS ? wanted : undefined;
}

/** What the server asks for, in seconds or as a date; in milliseconds. */
function wantedWait({ headers }: APIError): number | undefined {
  const value: string | null | undefined = headers?.get('retry-after');
  if (value == null) return undefined;
  const ms = /^[\d.]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

interface Circumstances {
  readonly baseURL: string;
  readonly keyName: string;
  readonly model: string;
  readonly signal: AbortSignal;
  readonly limit: AbortSignal | undefined;
}

/** The package's errors in the words that all providers share. */
function worded(error: unknown, { baseURL, keyName, model, signal, limit }: Circumstances): RunbookError {
  const { host } = new URL(baseURL);
  // First: a stream that is aborted just ends, and looks like one that was cut off.
  if (signal.aborted) return new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' }, { cause: error });
  if (limit?.aborted || error instanceof APIConnectionTimeoutError)
    return failed(`${host} did not answer in time`, 'Retry, or set a longer `timeout`.', error);
  if (error instanceof RunbookError) return error;
  if (error instanceof APIConnectionError)
    return failed(`${host} can’t be reached`, 'Is the network up, and the server running?', error);
  if (error instanceof APIError) {
    const status = error.status === undefined ? '' : ` (${error.status})`;
    return failed(`${host} says: ${plainMessage(error)}${status}`, hintFor(error, keyName, model), error);
  }
  // A stream that breaks off in the middle is a plain error of fetch's.
  const reason = error instanceof Error ? error.message : String(error);
  return failed(`the connection to ${host} was lost before the reply was complete (${reason})`, 'Retry.', error);
}

/** A gateway answers with a page that nobody wants to read here. */
function plainMessage(error: APIError): string {
  const message = error.message.replace(/^\d+ /, '').trim().replace(/\.$/, '');
  return message === '' || message.startsWith('<') ? 'no reason given' : message;
}

function hintFor(error: APIError, keyName: string, model: string): string {
  if (error.status === 401 || error.status === 403)
    return `The key in \`${keyName}\` was refused. Is it the right one?`;
  if (error.status === 404) return `Is \`${model}\` a model of this server?`;
  if (error.code === 'insufficient_quota') return 'There is no credit left on that account.';
  if (error.status === 429) return `Wait ${Math.ceil((wantedWait(error) ?? 0) / 1000) || 'a few'} s, then retry.`;
  if (error.code === 'context_length_exceeded')
    return 'The prompt is too long for this model: give it less, or take a larger one.';
  return 'Retry, or ask another model.';
}

function failed(message: string, hint: string, cause?: unknown): RunbookError {
  return new RunbookError({ code: 'MODEL_FAILED', message, hint }, { cause });
}
