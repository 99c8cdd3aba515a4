// Whether a runbook or a task is plainly of the right form: known fields with values of the usual kind. What is not may be right
// or wrong, and is for the schema (formBySchema.ts), which is loaded only then: it takes longer than the rest of a command.
import type { RawDetail, RawEntry, RawRunbook } from './schema.ts';
import { milliseconds, STATUSES, TASK_TYPES } from './vocabulary.ts';

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string';
const isWritten: Test = (value) => typeof value === 'string' && /\S/.test(value);
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText);
const isFlag: Test = (value) => typeof value === 'boolean';
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isDuration: Test = (value) => typeof value === 'string' && (milliseconds(value) ?? 0) > 0;
const isCommand: Test = (value) => isWritten(value) || (isTexts(value) && (value as string[]).length > 0);
const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isVariables: Test = (value) =>
  isMap(value) && Object.values(value).every((item) => isText(item) || isFlag(item) || Number.isFinite(item));
const isIssues: Test = (value) =>
  Array.isArray(value) &&
  value.every((issue) => isMap(issue) && (issue['type'] == null || isText(issue['type'])) && isSettled(issue));
const isSettled = ({ resolution }: Record<string, unknown>) => resolution == null || isText(resolution);

type Form = ReadonlyMap<string, Test>;

const WORK: readonly (readonly [string, Test])[] = [
  ['type', (value) => TASK_TYPES.some((type) => type === value)],
  ['description', isText],
  ['tags', isTexts],
  ['manual_instructions', (value) => isText(value) || isTexts(value)],
  ['script_details', isCommand],
  ['output_artifact', isText],
  ['checks', (value) => Array.isArray(value) && value.every(isCommand)],
  ['timeout', isDuration],
  ['env', isVariables],
  ['cwd', isText],
  ['retries', isCount],
  ['commit', (value) => isFlag(value) || isText(value)],
  ['budget', (value) => isText(value) || Number.isFinite(value)],
];

const AI: Form = new Map([
  ['model', isText],
  ['prompt_template', isText],
  ['input_context', isMap],
  ['output_parser', isText],
  ['review_points', isTexts],
  ['fallback_prompt_template', isText],
  ['auto_retry', isCount],
]);

const DETAIL: Form = new Map([
  ['id', isWritten],
  ['name', isText],
  ['status', (value) => STATUSES.some((status) => status === value)],
  ['depends_on', isTexts],
  ...WORK,
  ['ai_details', (value) => isMap(value) && hasForm(value, AI)],
  ['last_run', isMap],
  ['issues', isIssues],
]);
const ENTRY: Form = new Map([...DETAIL, ['task_detail_file', isText]]);
/** Their names, in YAML. */
export const ENTRY_FIELDS = [...ENTRY.keys()];
const DEFAULTS: Form = new Map([...WORK.filter(([field]) => field !== 'description'), ['model', isText]]);
const RUNBOOK: Form = new Map([
  ['name', isText],
  ['description', isText],
  ['defaults', (value) => isMap(value) && hasForm(value, DEFAULTS)],
  ['skipped_satisfies', isFlag],
  ['allow_outside', isTexts],
  ['tasks', Array.isArray],
]);

/** Of entries that are the same ones as among `sure`, counted from the first or from the last, it is known. */
export function isPlainRunbook(value: unknown, sure: readonly unknown[] = []): value is RawRunbook {
  if (!isMap(value) || !hasForm(value, RUNBOOK) || !Array.isArray(value['tasks'])) return false;
  const { tasks } = value;
  if (tasks === sure) return true;
  const moved = sure.length - tasks.length;
  return tasks.every((entry, i) => entry === sure[i] || entry === sure[i + moved] || isPlainEntry(entry));
}

export function isPlainEntry(value: unknown): value is RawEntry {
  return isMap(value) && value['id'] != null && hasForm(value, ENTRY);
}

export function isPlainDetail(value: unknown): value is RawDetail {
  return isMap(value) && hasForm(value, DETAIL);
}

/** A field without a value counts as one that is not there. */
function hasForm(map: Record<string, unknown>, form: Form): boolean {
  for (const field in map) {
    const value = map[field];
    const test = form.get(field);
    if (!test || (value !== null && !test(value))) return false;
  }
  return true;
}
