// Anthropic, and servers that speak its messages. The only importer of `@anthropic-ai/sdk`.
import Anthropic, { APIConnectionError, APIConnectionTimeoutError, APIError } from '@anthropic-ai/sdk';
import { RunbookError } from '../errors.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings } from '../world.ts';
import { pricing } from './cost.ts';
import { asked, connectionFault, type Fault, Faulty, streamFault, wantedWait } from './faults.ts';
import { keyOf, urlOf } from './keys.ts';
import { type Limits, limitsFor } from './limits.ts';

const ANTHROPIC_URL = 'https://api.anthropic.com';
const DEFAULT_MODEL = 'claude-sonnet-5';
/** The API insists on a limit. What an older model does not give, it says, and gets. */
const USUAL_MAX_TOKENS = 32_000;

export function anthropicModel({ settings }: ModelChoice, { env, signal }: Surroundings): Model {
  const model = settings.model ?? DEFAULT_MODEL;
  const { url, host } = urlOf(model, settings, env, 'ANTHROPIC_BASE_URL', ANTHROPIC_URL);
  const isAnthropic = url.startsWith(ANTHROPIC_URL);
  const { key, keyName } = keyOf(model, settings, env, 'ANTHROPIC_API_KEY', { isNeeded: isAnthropic });
  const client = new Anthropic({
    apiKey: key ?? 'none',
    authToken: null,
    // The package sends the key as a token; most servers that only speak as Anthropic does look for it here.
    ...(isAnthropic || key === undefined ? {} : { defaultHeaders: { 'x-api-key': key } }),
    // The package adds the version itself; people write it, as other servers want it.
    baseURL: url.replace(/\/v1\/?$/, ''),
    maxRetries: 0,
    timeout: settings.timeoutMs ?? 600_000,
  });
  const { price, contextWindow } = pricing(settings, model, url);
  const limit = { maxTokens: settings.maxTokens ?? USUAL_MAX_TOKENS };
  return {
    label: model,
    provider: 'anthropic',
    price,
    contextWindow,
    reply(request) {
      const limits = limitsFor(settings, signal);
      const ask = () => stream(client, model, settings, limit.maxTokens, request, limits, price);
      const work = () =>
        ask().catch((error: unknown) => {
          const most = settings.maxTokens === undefined ? mostTokens(error) : undefined;
          if (most === undefined || most >= limit.maxTokens) throw error;
          request.onRetry(`${model} gives at most ${most} tokens`, 0);
          limit.maxTokens = most;
          return ask();
        });
      return asked({ host, model, keyName }, limits, request, work, faultOf);
    },
  };
}

/** The limit of a model that gives less than it was asked for, as the API words it. */
function mostTokens(error: unknown): number | undefined {
  if (!(error instanceof APIError) || error.status !== 400) return undefined;
  const [, most] = /max_tokens: \d+ > (\d+)/.exec(error.message) ?? [];
  return most === undefined ? undefined : Number(most);
}

async function stream(
  client: Anthropic,
  model: string,
  settings: ModelChoice['settings'],
  maxTokens: number,
  request: ModelRequest,
  limits: Limits,
  price: Model['price'],
): Promise<Reply> {
  const events = await client.messages.create(
    {
      model,
      messages: request.turns.map((turn) => ({ ...turn })),
      max_tokens: maxTokens,
      stream: true,
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
    },
    { signal: limits.signal },
  );
  let text = '';
  let finish: string | undefined;
  let [inputTokens, outputTokens]: (number | undefined)[] = [];
  for await (const event of events) {
    if (event.type === 'message_start') {
      const { usage } = event.message;
      inputTokens =
        (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
    } else if (event.type === 'content_block_delta') {
      limits.touch();
      if (event.delta.type === 'text_delta') {
        text += event.delta.text;
        request.onText(event.delta.text);
      } else if (event.delta.type === 'thinking_delta') request.onThought(event.delta.thinking);
    } else if (event.type === 'message_delta') {
      finish = event.delta.stop_reason ?? finish;
      outputTokens = event.usage.output_tokens;
    }
  }
  if (finish === undefined) throw new Faulty({ kind: 'cutOff', reason: undefined });
  if (finish === 'refusal') throw new Faulty({ kind: 'refused', said: undefined });
  const cut = finish === 'max_tokens' || finish === 'model_context_window_exceeded';
  if (text.trim() === '' && !cut) throw new Faulty({ kind: 'empty' });
  const cost = inputTokens === undefined || outputTokens === undefined ? undefined : price(inputTokens, outputTokens);
  return { text, cut, usage: { inputTokens, outputTokens, cost } };
}

/** The package's errors as faults. */
function faultOf(error: unknown): Fault | undefined {
  if (error instanceof RunbookError) return undefined;
  if (error instanceof APIConnectionTimeoutError) return { kind: 'timedOut' };
  if (error instanceof APIConnectionError) return connectionFault(error);
  if (!(error instanceof APIError)) return streamFault(error);
  const message = error.apiMessage ?? error.message.replace(/^\d+ /, '');
  // In the middle of a stream there is no status: what it would have been is told by the kind of error.
  return {
    kind: 'answered',
    status: error.status,
    code: error.type ?? undefined,
    message,
    retryAfterMs: wantedWait(error.headers),
  };
}
