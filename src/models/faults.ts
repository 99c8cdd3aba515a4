// What keeps a model from answering, in the words that all providers share, and how often it is asked again. A provider says
// what its package or program told it; what that means to a person, and whether it passes, is said here and nowhere else.
import { setTimeout as sleep } from 'node:timers/promises';
import { RunbookError } from '../errors.ts';
import type { ModelRequest } from '../world.ts';
import type { Limits } from './limits.ts';

/** Whom an error is about. */
export interface Server {
  readonly host: string;
  readonly model: string;
  /** The variable with its key. */
  readonly keyName: string;
}

/** What went wrong, before it is worded. */
export type Fault =
  /** The server answered, and refuses or fails. `code` is its own name for it. */
  | {
      readonly kind: 'answered';
      readonly status: number | undefined;
      readonly code: string | undefined;
      readonly message: string;
      readonly retryAfterMs: number | undefined;
    }
  /** `code` is the system's name for it, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly code: string | undefined }
  | { readonly kind: 'timedOut' }
  /** The stream broke off. `reason` is what the network says of it, if it says anything. */
  | { readonly kind: 'cutOff'; readonly reason: string | undefined }
  | { readonly kind: 'refused'; readonly said: string | undefined }
  | { readonly kind: 'empty' };

/** How often it is asked again after a rate limit, a fault of the server or a lost connection. */
const RETRIES = 2;
/** A server that wants a longer wait gets none: the person decides when to try again. */
const LONGEST_WAIT_MS = 60_000;

/** A fault that a provider finds itself: thrown inside of `work`. */
export class Faulty extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind);
    this.fault = fault;
  }
}

/**
 * Asks, and asks again after what passes: each time said before. Contract of `faultOf`: makes a fault of what `work` throws,
 * or undefined if it is a RunbookError already. Throws MODEL_FAILED, or INTERRUPTED.
 */
export async function asked<T>(
  server: Server,
  limits: Limits,
  { onRetry }: Pick<ModelRequest, 'onRetry'>,
  work: () => Promise<T>,
  faultOf: (error: unknown) => Fault | undefined,
): Promise<T> {
  for (let turn = 0; ; turn++) {
    try {
      limits.begin();
      return await work();
    } catch (error) {
      // First: a stream that is aborted just ends, and looks like one that was cut off.
      if (limits.isInterrupted()) throw interrupted(error);
      const overdue = limits.overdue();
      if (overdue) throw failed(`${server.host} ${overdue.message}`, overdue.hint, error);
      const fault = error instanceof Faulty ? error.fault : faultOf(error);
      if (!fault) throw error;
      const trouble = worded(fault, server, error);
      const waitMs = turn === RETRIES ? undefined : waitBefore(turn, fault);
      if (waitMs === undefined) throw trouble;
      onRetry(trouble.message, waitMs);
      limits.pause();
      // Aborted, it ends at once, and the next turn with it.
      await sleep(waitMs, undefined, { signal: limits.signal }).catch(() => {});
    } finally {
      limits.pause();
    }
  }
}

/** Milliseconds from a `retry-after` header, in seconds or as a date; or from `retry-after-ms`. */
export function wantedWait(headers: Headers | undefined): number | undefined {
  const exact = headers?.get('retry-after-ms');
  if (exact != null && /^[\d.]+$/.test(exact)) return Number(exact);
  const value = headers?.get('retry-after');
  if (value == null) return undefined;
  const ms = /^[\d.]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The system's name for what kept a connection from being made or held, wherever it stands in the chain of causes. */
export function systemCode(error: unknown): string | undefined {
  for (let at = error, deep = 0; at instanceof Error && deep < 6; at = at.cause, deep++) {
    if ('code' in at && typeof at.code === 'string') return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return systemCode(at.errors[0]);
  }
  return undefined;
}

/** A stream that breaks off in the middle is a plain error of fetch's. */
export function streamFault(error: unknown): Fault {
  const code = systemCode(error);
  if (code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT') return { kind: 'timedOut' };
  return { kind: 'cutOff', reason: error instanceof Error ? error.message : String(error) };
}

export function connectionFault(error: unknown): Fault {
  const code = systemCode(error);
  return code === 'UND_ERR_HEADERS_TIMEOUT' ? { kind: 'timedOut' } : { kind: 'unreachable', code };
}

export function failed(message: string, hint: string, cause?: unknown): RunbookError {
  return new RunbookError({ code: 'MODEL_FAILED', message, hint }, { cause });
}

export function interrupted(cause?: unknown): RunbookError {
  return new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' }, { cause });
}

function worded(fault: Fault, server: Server, cause: unknown): RunbookError {
  const { host } = server;
  switch (fault.kind) {
    case 'answered': {
      const status = fault.status === undefined ? '' : ` (${fault.status})`;
      return failed(`${host} says: ${plain(fault.message)}${status}`, hintFor(fault, server), cause);
    }
    case 'unreachable':
      return failed(...unreachableWords(fault.code, host), cause);
    case 'timedOut':
      return failed(`${host} did not answer in time`, 'Retry, or set a longer `timeout`.', cause);
    case 'cutOff':
      return fault.reason === undefined
        ? failed('the stream was cut off before the reply was complete', 'Retry, or look at the connection.', cause)
        : failed(`the connection to ${host} was lost before the reply was complete (${fault.reason})`, 'Retry.', cause);
    case 'refused': {
      const said = fault.said === undefined ? '' : `: ${plain(fault.said)}`;
      return failed(
        `the model refused to answer this prompt${said}`,
        'Change the prompt, or ask another model.',
        cause,
      );
    }
    case 'empty':
      return failed('the reply is empty', 'Retry, or ask another model.', cause);
    default:
      return fault satisfies never;
  }
}

function unreachableWords(code: string | undefined, host: string): [message: string, hint: string] {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return [`the name of ${host} can’t be resolved`, 'Is the network up, and the name right?'];
  if (isCertificate(code)) {
    const hint = 'If it is yours, name the file of its authority in `NODE_EXTRA_CA_CERTS`.';
    return [`the certificate of ${host} is not trusted (${code})`, hint];
  }
  return [`${host} can’t be reached`, 'Is the network up, and the server running?'];
}

function isCertificate(code = ''): boolean {
  return /CERT|^ERR_TLS|SELF_SIGNED|UNABLE_TO_/.test(code);
}

/** A gateway answers with a page that nobody wants to read here. */
function plain(said: string): string {
  const message = said.trim().replace(/\.$/, '');
  return message === '' || message.startsWith('<') ? 'no reason given' : message;
}

type Answered = Extract<Fault, { kind: 'answered' }>;

function hintFor(fault: Answered, { keyName, model }: Server): string {
  const { status, retryAfterMs } = fault;
  if (isOutOfCredit(fault)) return 'There is no credit left on that account.';
  if (isTooLong(fault)) return 'The prompt is too long for this model: give it less, or take a larger one.';
  if (isRefusedContent(fault)) return 'Change the prompt, or ask another model.';
  if (status === 401 || status === 403) return `The key in \`${keyName}\` was refused. Is it the right one?`;
  if (status === 404) return `Is \`${model}\` a model of this server?`;
  if (status === 429) return `Wait ${Math.ceil((retryAfterMs ?? 0) / 1000) || 'a few'} s, then retry.`;
  return 'Retry, or ask another model.';
}

function isOutOfCredit({ status, code, message }: Answered): boolean {
  return (
    status === 402 ||
    code === 'insufficient_quota' ||
    code === 'billing_error' ||
    /credit balance is too low/i.test(message)
  );
}

/** Each server has words of its own for it; few have a code. */
function isTooLong({ status, code, message }: Answered): boolean {
  if (status === 413 || code === 'context_length_exceeded' || code === 'request_too_large') return true;
  return (
    status === 400 &&
    /prompt is too long|context (?:length|window|size)|available context|context the overflows|too many tokens/i.test(
      message,
    )
  );
}

function isRefusedContent({ code, message }: Answered): boolean {
  return (
    ['content_filter', 'content_policy_violation'].includes(code ?? '') || /content management policy/i.test(message)
  );
}

/** Milliseconds until it may be asked again, or undefined where that would not help. `turn` counts from 0. */
function waitBefore(turn: number, fault: Fault): number | undefined {
  if (fault.kind === 'unreachable') return isCertificate(fault.code) ? undefined : soon(turn);
  if (fault.kind !== 'answered' || isOutOfCredit(fault)) return undefined;
  const { status = 0, retryAfterMs } = fault;
  if (![408, 409, 429].includes(status) && status < 500) return undefined;
  if (retryAfterMs === undefined) return soon(turn);
  return retryAfterMs <= LONGEST_WAIT_MS ? retryAfterMs : undefined;
}

/** Twice as long each time, and a little different for each who waits. */
function soon(turn: number): number {
  return 500 * 2 ** turn * (1 - Math.random() / 4);
}
