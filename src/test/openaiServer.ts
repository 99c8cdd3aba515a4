// A model on 127.0.0.1: an OpenAI-compatible server (and an Anthropic one, under `origin`) that answers from a list, with
// the faults of the real ones. All of it is @copilotkit/aimock.
import { createServer, type Fixture } from '@copilotkit/aimock';
import type { Rig } from './rig.ts';

export type Answer =
  | string
  | {
      text: string;
      /** Milliseconds before each piece of the text. */
      pauseMs?: number;
      /** The connection is cut after so many pieces of 10 characters. */
      cutAfter?: number;
      /** With the names that the provider has for them. */
      usage?: Record<string, number>;
      /** `refusal` is Anthropic's word for `content_filter`. */
      finishReason?: string;
    }
  /** What it wants its caller to do. */
  | { toolCalls: { name: string; arguments: string }[] }
  /** `retryAfter`, in seconds, is sent with 429 only. */
  | { status: number; message?: string; code?: string; retryAfter?: number };

/**
 * Answers by a part of the last user message: the first key that is in it, so take unlikely ones. Of a list, each request
 * gets the next, and the last is repeated. What no key fits gets 404. An empty string is an empty reply.
 */
export async function openaiServer(answers: Record<string, Answer | Answer[]>) {
  const fixtures = Object.entries(answers).flatMap(([marker, list]) =>
    fixturesOf(marker, Array.isArray(list) ? list : [list]),
  );
  const { server, journal, url: origin } = await createServer(fixtures, { host: '127.0.0.1', port: 0, chunkSize: 10 });
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    /** For OPENAI_BASE_URL. */
    url: `${origin}/v1`,
    origin,
    /** The bodies of all requests, in order. */
    requests: () => journal.getAll().map(({ body }) => body),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function fixturesOf(marker: string, answers: Answer[]): Fixture[] {
  return answers.map((answer, index) => ({
    match: index < answers.length - 1 ? { userMessage: marker, sequenceIndex: index } : { userMessage: marker },
    ...servedAs(answer),
  }));
}

function servedAs(answer: Answer): Omit<Fixture, 'match'> {
  if (typeof answer === 'string') return { response: { content: answer } };
  if ('toolCalls' in answer) return { response: answer };
  if ('status' in answer) {
    const { status, message = `fault ${status}`, retryAfter, code } = answer;
    return {
      response: { status, error: { message, ...(code && { code }) }, ...(retryAfter !== undefined && { retryAfter }) },
    };
  }
  const { text, pauseMs = 0, cutAfter, usage, finishReason } = answer;
  const response = { content: text, ...(usage && { usage }), ...(finishReason && { finishReason }) };
  if (cutAfter === undefined) return { response, latency: pauseMs };
  // Two more: the first chunk has only the role, and the one at which it is cut is lost. The pause lets each one out by itself.
  return { response, latency: Math.max(1, pauseMs), truncateAfterChunks: cutAfter + 2 };
}

/** The program asks api.openai.com, whose prices are known; underneath, the network leads to the loopback. */
export function asIfOpenai(rig: Rig, url: string): Record<string, string> {
  return { OPENAI_API_KEY: 'sk-loopback', NODE_OPTIONS: redirected(rig, 'https://api.openai.com/v1', url) };
}

export function asIfAnthropic(rig: Rig, origin: string): Record<string, string> {
  return { ANTHROPIC_API_KEY: 'sk-loopback', NODE_OPTIONS: redirected(rig, 'https://api.anthropic.com', origin) };
}

/** As a path in the rig's folder, since the options of Node have no quotes. */
export function redirected(rig: Rig, from: string, to: string): string {
  rig.write(
    '../redirect.mjs',
    `const real = globalThis.fetch;
globalThis.fetch = (target, options) => real(String(target).replace('${from}', '${to}'), options);`,
  );
  return `--import ${rig.dir}/../redirect.mjs`;
}
