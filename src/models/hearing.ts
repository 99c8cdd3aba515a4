// What the agent CLIs say: one function each, from a line of its output to what it means.

import type { Usage } from '../events.ts';
import { COPY, FOLDER } from '../runbook/folder.ts';

export interface Heard {
  /** A piece of the reply. */
  readonly text?: string;
  /** The reply as a whole, in the place of its pieces. */
  readonly whole?: string;
  readonly thought?: string;
  readonly usage?: Usage;
  readonly isCut?: boolean;
  /** It speaks anew: after a cut, it goes on by itself. */
  readonly begins?: boolean;
  /** It asks its server again. */
  readonly retry?: { readonly why: string; readonly waitMs: number };
  /** What it did on the way, or was refused. */
  readonly did?: readonly string[];
  /** Why there is no reply. */
  readonly trouble?: string;
}

type Line = Readonly<Record<string, unknown>>;

/** `stream-json` of Claude Code. */
export function hearClaude(line: Line): Heard {
  if (line['type'] === 'stream_event') {
    const event = map(line['event']);
    if (event['type'] === 'message_start') return { begins: true };
    const delta = map(event['delta']);
    if (delta['type'] === 'text_delta') return { text: text(delta['text']) };
    if (delta['type'] === 'thinking_delta') return { thought: text(delta['thinking']) };
    return delta['stop_reason'] === 'max_tokens' ? { isCut: true } : {};
  }
  if (line['type'] === 'system' && line['subtype'] === 'api_retry') {
    const status = line['error_status'] === null ? '' : ` (${String(line['error_status'])})`;
    return { retry: { why: `claude can’t get an answer${status}`, waitMs: number(line['retry_delay_ms']) ?? 0 } };
  }
  if (line['type'] === 'assistant') return { did: list(map(line['message'])['content']).flatMap(claudeTool) };
  if (line['type'] !== 'result') return {};
  if (line['is_error'] === true) return { trouble: text(line['result']) || 'it failed' };
  const used = map(line['usage']);
  const inputs = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
  const inputTokens = inputs.reduce((sum, name) => sum + (number(used[name]) ?? 0), 0);
  const cost = number(line['total_cost_usd']);
  return {
    whole: text(line['result']),
    did: list(line['permission_denials']).map((denied) => `was refused ${toolUse(denied, 'tool_name', 'tool_input')}`),
    usage: { inputTokens, outputTokens: number(used['output_tokens']), cost },
  };
}

/** `exec --json` of Codex. What it says before its last message is talk on the way. */
export function hearCodex(line: Line): Heard {
  const item = map(line['item']);
  if (line['type'] === 'item.completed' && item['type'] === 'agent_message') return { whole: text(item['text']) };
  if (line['type'] === 'item.completed' && item['type'] === 'reasoning') return { thought: text(item['text']) };
  if (line['type'] === 'item.completed' && item['type'] === 'command_execution')
    return { did: [text(item['command'])] };
  if (line['type'] === 'item.completed' && item['type'] === 'file_change')
    return { did: list(item['changes']).map((change) => `${text(change['kind'])} ${short(text(change['path']))}`) };
  if (line['type'] === 'turn.completed') {
    const used = map(line['usage']);
    const [inputTokens, outputTokens] = [number(used['input_tokens']), number(used['output_tokens'])];
    return { usage: { inputTokens, outputTokens, cost: undefined } };
  }
  if (line['type'] !== 'turn.failed') return {};
  const message = text(map(line['error'])['message']);
  return message.endsWith('max_output_tokens') ? { isCut: true } : { trouble: plainError(message) || 'it failed' };
}

/** `stream-json` of Gemini CLI. */
export function hearGemini(line: Line): Heard {
  if (line['type'] === 'message' && line['role'] === 'assistant') return { text: text(line['content']) };
  if (line['type'] === 'tool_use') return { did: [toolUse(line, 'tool_name', 'parameters')] };
  if (line['type'] === 'tool_result' && line['status'] === 'error')
    return { did: [`was refused: ${text(map(line['error'])['message']) || text(line['output'])}`] };
  if (line['type'] !== 'result') return {};
  if (line['status'] === 'error') return { trouble: plainError(text(map(line['error'])['message'])) || 'it failed' };
  const stats = map(line['stats']);
  const [inputTokens, outputTokens] = [number(stats['input_tokens']), number(stats['output_tokens'])];
  return { usage: { inputTokens, outputTokens, cost: undefined } };
}

/**
 * Whether the telemetry of Gemini CLI tells that its last answer was cut, which its output does not. The file has one object
 * after the other, each in many lines.
 */
export function geminiWasCut(telemetry: string): boolean {
  const [, last] = [...telemetry.matchAll(/^ {4}"finish_reasons": \[([^\]]*)\]/gm)].at(-1) ?? [];
  return last?.trimEnd().endsWith('"length"') ?? false;
}

function claudeTool(part: Line): string[] {
  return part['type'] === 'tool_use' ? [toolUse(part, 'name', 'input')] : [];
}

/** `Edit src/a.ts` */
function toolUse(use: Line, name: string, input: string): string {
  const given = map(use[input]);
  const what = ['file_path', 'path', 'pattern', 'command', 'dir_path'].map((key) => text(given[key])).find(Boolean);
  return [text(use[name]), short(what ?? '')].filter(Boolean).join(' ');
}

/** From the copy of the project in which it works. */
function short(path: string): string {
  const parts = path.split(/[\\/]/);
  const copy = parts.findLastIndex((part, i) => part === COPY && parts[i - 1] === FOLDER);
  return copy < 0 ? path : parts.slice(copy + 1).join('/');
}

/** Of `[API Error: {"error":{"message":"no"}}]`, the `no`. */
function plainError(message: string): string {
  const [json] = /\{.*\}/s.exec(message) ?? [];
  try {
    return text(map(map(JSON.parse(json ?? ''))['error'])['message']) || message;
  } catch {
    return message;
  }
}

function map(value: unknown): Line {
  return typeof value === 'object' && value !== null ? (value as Line) : {};
}

function list(value: unknown): Line[] {
  return Array.isArray(value) ? value.map(map) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
