// OpenAI, and every server that speaks its chat completions or its responses: LM Studio, Ollama, vLLM, OpenRouter… The only
// importer of `openai`.
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { RunbookError } from '../errors.ts';
import type { Usage } from '../events.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings } from '../world.ts';
import { pricing } from './cost.ts';
import { asked, connectionFault, type Fault, Faulty, streamFault, wantedWait } from './faults.ts';
import { keyOf, urlOf } from './keys.ts';
import { type Limits, limitsFor } from './limits.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
const DEFAULT_MODEL = 'gpt-4o-mini';

export function openaiModel({ settings }: ModelChoice, { env, signal }: Surroundings): Model {
  const model = settings.model ?? DEFAULT_MODEL;
  const { url, host } = urlOf(model, settings, env, 'OPENAI_BASE_URL', OPENAI_URL);
  const isOpenai = url.startsWith(OPENAI_URL);
  const { key, keyName } = keyOf(model, settings, env, 'OPENAI_API_KEY', { isNeeded: isOpenai });
  // The package would ask again in silence, wait for as long as it is told, and not let go on Ctrl-C. It insists on a key.
  const client = new OpenAI({
    apiKey: key ?? 'none',
    baseURL: url,
    maxRetries: 0,
    timeout: settings.timeoutMs ?? 600_000,
  });
  const { price, contextWindow } = pricing(settings, model, url);
  const dialect = dialectOf(url, settings);
  return {
    label: model,
    provider: 'openai',
    price,
    contextWindow,
    reply(request) {
      const limits = limitsFor(settings, signal);
      return asked(
        { host, model, keyName },
        limits,
        request,
        () => inDialect(dialect, request, () => ask(dialect, { client, model, settings, request, limits, price })),
        faultOf,
      );
    },
  };
}

/** What a server does not know, and is not told again. It is found out, since no list of servers would be complete. */
interface Dialect {
  /** OpenAI’s newer models refuse the older name; most other servers know nothing but that, or ignore the newer one. */
  api: 'chat' | 'responses';
  limitName: 'max_tokens' | 'max_completion_tokens';
  countsUsage: boolean;
  /** The names that it has refused: each once, so that who refuses both is not asked for ever. */
  readonly refused: Set<string>;
}

function dialectOf(url: string, { api = 'chat' }: ModelChoice['settings']): Dialect {
  const isOpenai = /^https:\/\/(?:api\.openai\.com|[^/]+\.(?:openai|cognitiveservices)\.azure\.com)\//.test(url);
  return { api, limitName: isOpenai ? 'max_completion_tokens' : 'max_tokens', countsUsage: true, refused: new Set() };
}

/** Asks, and once more where the server refuses the request for a parameter that goes by another name, or can be left out. */
async function inDialect<T>(dialect: Dialect, { onRetry }: ModelRequest, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const refused = refusedParameter(dialect, error);
      if (refused === undefined && dialect.api === 'chat' && wantsResponses(error)) {
        dialect.api = 'responses';
        onRetry('the server answers for this model by its responses API only', 0);
        continue;
      }
      if (refused === undefined) throw error;
      if (refused === 'stream_options') dialect.countsUsage = false;
      else dialect.limitName = refused === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
      onRetry(`the server does not take \`${refused}\``, 0);
    }
  }
}

/** Chat completions are what all servers know, so that they are asked first; some models of OpenAI are not to be had by them. */
function wantsResponses(error: unknown): boolean {
  return error instanceof APIError && [400, 404].includes(error.status ?? 0) && /\bv1\/responses\b/.test(error.message);
}

function refusedParameter({ limitName, countsUsage, refused }: Dialect, error: unknown): string | undefined {
  if (!(error instanceof APIError) || ![400, 422].includes(error.status ?? 0)) return undefined;
  const said = `${error.param ?? ''} ${error.message}`;
  // `max_tokens is too large` speaks of its value, and not of its name.
  if (!/unsupported|unrecogni[sz]ed|unknown|not supported|not permitted|extra/i.test(said)) return undefined;
  const names = [limitName, ...(countsUsage ? ['stream_options'] : [])];
  const name = names.find((candidate) => new RegExp(`\\b${candidate}\\b`).test(said) && !refused.has(candidate));
  if (name !== undefined) refused.add(name);
  return name;
}

interface Asking {
  readonly client: OpenAI;
  readonly model: string;
  readonly settings: ModelChoice['settings'];
  readonly request: ModelRequest;
  readonly limits: Limits;
  readonly price: Model['price'];
}

function ask(dialect: Dialect, asking: Asking): Promise<Reply> {
  return dialect.api === 'chat' ? chat(dialect, asking) : respond(asking);
}

async function chat({ limitName, countsUsage }: Dialect, asking: Asking): Promise<Reply> {
  const { client, model, settings, request, limits, price } = asking;
  const chunks = await client.chat.completions.create(
    {
      model,
      messages: request.turns.map((turn) => ({ ...turn })),
      stream: true,
      ...(countsUsage ? { stream_options: { include_usage: true } } : {}),
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
      ...(settings.maxTokens === undefined ? {} : { [limitName]: settings.maxTokens }),
    },
    { signal: limits.signal },
  );
  let text = '';
  let refusal = '';
  let finish: string | undefined;
  let counted: { prompt_tokens: number; completion_tokens: number } | undefined;
  for await (const chunk of chunks) {
    const [choice] = chunk.choices ?? [];
    const piece = textIn(choice?.delta?.content);
    const thought = thoughtIn(choice?.delta);
    refusal += choice?.delta?.refusal ?? '';
    finish = choice?.finish_reason ?? finish;
    counted = chunk.usage ?? counted;
    text += piece;
    if (piece !== '' || thought !== '') limits.touch();
    if (piece !== '') request.onText(piece);
    else if (thought !== '') request.onThought(thought);
  }
  if (finish === undefined) throw new Faulty({ kind: 'cutOff', reason: undefined });
  if (finish === 'content_filter' || (refusal !== '' && text === ''))
    throw new Faulty({ kind: 'refused', said: refusal || undefined });
  const cut = finish === 'length';
  if (text.trim() === '' && !cut) throw new Faulty({ kind: 'empty' });
  return { text, cut, usage: usageOf(counted, price) };
}

async function respond({ client, model, settings, request, limits, price }: Asking): Promise<Reply> {
  const events = await client.responses.create(
    {
      model,
      input: request.turns.map((turn) => ({ ...turn })),
      stream: true,
      // Nothing is asked for by its id later: the server need not keep it.
      store: false,
      ...(settings.temperature === undefined ? {} : { temperature: settings.temperature }),
      ...(settings.maxTokens === undefined ? {} : { max_output_tokens: settings.maxTokens }),
    },
    { signal: limits.signal },
  );
  let text = '';
  let refusal = '';
  let end: Ended | undefined;
  for await (const event of events) {
    switch (event.type) {
      case 'response.output_text.delta':
        limits.touch();
        text += event.delta;
        request.onText(event.delta);
        break;
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        limits.touch();
        request.onThought(event.delta);
        break;
      case 'response.refusal.delta':
        refusal += event.delta;
        break;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        end = event.response;
        break;
      case 'error':
        throw new Faulty(failure(event));
    }
  }
  if (end?.error) throw new Faulty(failure(end.error));
  if (!end) throw new Faulty({ kind: 'cutOff', reason: undefined });
  const stopped = end.incomplete_details?.reason;
  if (stopped === 'content_filter' || (refusal !== '' && text === ''))
    throw new Faulty({ kind: 'refused', said: refusal || undefined });
  const cut = stopped === 'max_output_tokens';
  if (text.trim() === '' && !cut) throw new Faulty({ kind: 'empty' });
  const { usage } = end;
  const counted = usage && { prompt_tokens: usage.input_tokens, completion_tokens: usage.output_tokens };
  return { text, cut, usage: usageOf(counted ?? undefined, price) };
}

/** Of what comes last. Servers that only speak as OpenAI does leave out some of it. */
type Ended = Pick<OpenAI.Responses.Response, 'error' | 'incomplete_details' | 'usage'>;

function failure({ code, message }: { readonly code: string | null; readonly message: string }): Fault {
  return { kind: 'answered', status: undefined, code: code ?? undefined, message, retryAfterMs: undefined };
}

/** Mistral sends a list of parts where its models think. */
function textIn(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return content.map((part: Part) => (part.type === 'text' ? textIn(part.text) : '')).join('');
}

interface Part {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly thinking?: unknown;
}

/** What a server that tells thoughts apart sends beside the reply: each has a name of its own for it. */
function thoughtIn(delta: unknown): string {
  if (typeof delta !== 'object' || delta === null) return '';
  const { reasoning_content: own, reasoning, content } = delta as Record<string, unknown>;
  const parts: Part[] = Array.isArray(content) ? content : [];
  const inParts = parts.map(({ thinking }) => textIn(thinking)).join('');
  return [own, reasoning, inParts].find((thought) => typeof thought === 'string') ?? '';
}

function usageOf(
  counted: { prompt_tokens: number; completion_tokens: number } | undefined,
  price: Model['price'],
): Usage {
  if (!counted) return { inputTokens: undefined, outputTokens: undefined, cost: undefined };
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = counted;
  return { inputTokens, outputTokens, cost: price(inputTokens, outputTokens) };
}

/** The package's errors as faults. */
function faultOf(error: unknown): Fault | undefined {
  if (error instanceof RunbookError) return undefined;
  if (error instanceof APIConnectionTimeoutError) return { kind: 'timedOut' };
  if (error instanceof APIConnectionError) return connectionFault(error);
  if (!(error instanceof APIError)) return streamFault(error);
  const { status, code, headers } = error;
  const message = error.message.replace(/^\d+ /, '');
  return { kind: 'answered', status, code: code ?? undefined, message, retryAfterMs: wantedWait(headers) };
}
