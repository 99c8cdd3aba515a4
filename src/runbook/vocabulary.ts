// The words that mean something in the YAML: statuses, types, providers, durations.

export const STATUSES = ['PENDING', 'READY', 'RUNNING', 'DONE', 'ERROR', 'SKIPPED'] as const;
export const TASK_TYPES = ['MANUAL', 'AI_ASSISTED', 'AUTOMATED_SCRIPT'] as const;
/** By which of its two ways OpenAI, or a server that speaks as it does, is asked. */
export const APIS = ['chat', 'responses'] as const;

export const PROVIDERS = ['openai', 'anthropic', 'claude', 'codex', 'gemini', 'paste', 'scripted'] as const;

export type Status = (typeof STATUSES)[number];
export type TaskType = (typeof TASK_TYPES)[number];
export type Provider = (typeof PROVIDERS)[number];

const DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

/** `10m`, `90s`, `1h30m`, `500ms`, or a number of seconds → milliseconds; undefined if it is none of these. */
export function milliseconds(duration: string | number): number | undefined {
  if (typeof duration === 'number') return atMost(duration * 1000);
  const parts = duration === '' ? null : DURATION.exec(duration);
  if (!parts) return undefined;
  const [, h = 0, m = 0, s = 0, ms = 0] = parts;
  return atMost(Number(h) * 3_600_000 + Number(m) * 60_000 + Number(s) * 1000 + Number(ms));
}

/** No timer of the system runs for longer (24 days); one that should would end at once. */
const atMost = (ms: number) => Math.min(ms, 2 ** 31 - 1);
