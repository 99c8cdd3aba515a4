// What can be wrong in a runbook's YAML, in words: the schema's findings, and keys that nobody knows.
import type * as z from 'zod/mini';
import type { ErrorCode, Trouble } from '../errors.ts';
import { didYouMean } from '../suggest.ts';
import { PROVIDERS, STATUSES, TASK_TYPES } from './schema.ts';
import type { YamlPath, YamlSource } from './source.ts';

export type Report = (trouble: Trouble) => void;

/** A value of the form that the schema asks for, or undefined after every mistake in it was reported. */
export function checked<T>(
  schema: z.ZodMiniType<T>,
  value: unknown,
  source: YamlSource,
  base: YamlPath,
  report: Report,
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(worded(issue, source, base));
  return undefined;
}

/** Reports, as warnings, the keys of a map that mean nothing to us. They are kept as they are. */
export function unknownKeys(
  value: object,
  known: readonly string[],
  source: YamlSource,
  base: YamlPath,
  warn: Report,
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    warn({
      code: 'RUNBOOK_INVALID',
      message: `\`${key}\` is not a field of the tool's; it is kept as it is.${didYouMean(key, known)}`,
      at: source.place([...base, key], 'key'),
    });
  }
}

type Issue = z.core.$ZodIssue;

function worded(issue: Issue, source: YamlSource, base: YamlPath): Trouble {
  const { path, found } = innermost(issue);
  const where = [...base, ...path];
  const value = valueAt(source.value, where);
  const at = source.place(where);
  const code: ErrorCode = 'RUNBOOK_INVALID';
  if (found.code === 'invalid_value' && typeof value === 'string') {
    const { allowed, noun } = enumOf(found.values.map(String));
    return {
      code,
      message: `\`${value}\` is not a ${noun}.${didYouMean(value, allowed)}`,
      at,
      hint: `It is one of ${allowed.join(', ')}.`,
    };
  }
  const name = fieldName(where);
  if (value === undefined) return { code, message: `\`${name}\` is missing: it must be ${found.message}`, at };
  return {
    code,
    message: `${name ? `\`${name}\`` : 'the file'} must be ${found.message}, not ${kindOf(value)}`,
    at,
    hint: remedy(found.message, value),
  };
}

/** Of the branches of a union, the one whose complaint lies deepest is the one that was meant. */
function innermost(issue: Issue): { path: (string | number)[]; found: Issue } {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code !== 'invalid_union') return { path, found: issue };
  const deeper = issue.errors.flat().filter((inner) => inner.path.length > 0);
  const [deepest] = deeper.sort((a, b) => b.path.length - a.path.length);
  if (!deepest) return { path, found: issue };
  const inner = innermost(deepest);
  return { path: [...path, ...inner.path], found: inner.found };
}

function enumOf(values: readonly string[]): { allowed: readonly string[]; noun: string } {
  if (values.includes('READY')) return { allowed: STATUSES, noun: 'status' };
  if (values.includes('MANUAL')) return { allowed: TASK_TYPES, noun: 'task type' };
  if (values.includes('openai')) return { allowed: PROVIDERS, noun: 'provider' };
  return { allowed: values, noun: 'value that is allowed here' };
}

/** `tasks[2].depends_on[0]` is said as `depends_on[0]`: the caret shows the rest. */
function fieldName(path: YamlPath): string {
  const steps = path[0] === 'tasks' && path.length > 2 ? path.slice(2) : path;
  return steps.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Date) return 'a date';
  const kinds: Partial<Record<string, string>> = { object: 'a map', string: 'text', boolean: 'a truth value' };
  return kinds[typeof value] ?? `the ${typeof value} ${String(value)}`;
}

function remedy(wanted: string, value: unknown): string | undefined {
  if (wanted === 'text' && ['number', 'boolean'].includes(typeof value))
    return `Put quotes around it: "${String(value)}".`;
  if (wanted === 'a list' && typeof value === 'string') return `Write it as a list: [${value}].`;
  if (wanted.startsWith('a list') && typeof value === 'number') return `Write it as a list: [${value}].`;
  return undefined;
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}
