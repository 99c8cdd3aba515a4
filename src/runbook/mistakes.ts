// What can be wrong in a runbook's YAML, in words: the schema's findings, and keys that nobody knows.
import type * as z from 'zod/mini';
import type { ErrorCode, Place, Trouble } from '../errors.ts';
import { didYouMean, nearest } from '../suggest.ts';
import { brief } from './brief.ts';
import { FIELDS, OWN_KEY, type RawEntry } from './schema.ts';
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
  value: unknown,
  known: readonly string[],
  source: YamlSource,
  base: YamlPath,
  warn: Report,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const key of Object.keys(value)) {
    if (known.includes(key) || OWN_KEY.test(key)) continue;
    warn({
      code: 'RUNBOOK_INVALID',
      message: `\`${brief(key)}\` is not a field of the tool's; it is kept as it is.${didYouMean(key, known)}`,
      at: source.place([...base, key], 'key'),
    });
  }
}

/** The same for a task, or the defaults of all, and for the maps inside of it. */
export function unknownKeysOfTask(
  task: Pick<RawEntry, 'ai_details' | 'script_details' | 'checks'>,
  known: readonly string[],
  source: YamlSource,
  base: YamlPath,
  warn: Report,
): void {
  unknownKeys(task, known, source, base, warn);
  unknownKeys(task.ai_details, FIELDS.ai, source, [...base, 'ai_details'], warn);
  unknownKeys(task.script_details, FIELDS.script, source, [...base, 'script_details'], warn);
  for (const [i, check] of (task.checks ?? []).entries())
    unknownKeys(check, FIELDS.check, source, [...base, 'checks', i], warn);
}

type Issue = z.core.$ZodIssue;

function worded(issue: Issue, source: YamlSource, base: YamlPath): Trouble {
  const { path, found } = innermost(issue);
  const where = [...base, ...path];
  const value = valueAt(source.value, where);
  const at = source.place(where);
  const code: ErrorCode = 'RUNBOOK_INVALID';
  const name = fieldName(where);
  const allowed = found.code === 'invalid_value' ? found.values.map(String) : undefined;
  if (found.code === 'unrecognized_keys') {
    const [key = ''] = found.keys;
    const message = `\`${brief(key)}\` is not known here.${didYouMean(key, namesIn(found.message))}`;
    return { code, message, at: source.place([...where, key], 'key'), hint: `\`${name}\` is ${found.message}.` };
  }
  const noun = allowed && nounOf(allowed);
  if (allowed && noun && typeof value === 'string') {
    const message = `\`${brief(value)}\` is not a ${noun}.${didYouMean(value, allowed)}`;
    return { code, message, at, hint: oneOf(allowed) };
  }
  const hint = allowed ? oneOf(allowed) : remedy(found.message, value, at);
  if (value === undefined) {
    const message = `\`${name}\` is missing: it must be ${found.message}`;
    const misspelt = nearest(String(where.at(-1)), Object.keys(valueAt(source.value, where.slice(0, -1)) ?? {}));
    if (misspelt === undefined) return { code, message, at, hint };
    const key = source.place([...where.slice(0, -1), misspelt], 'key');
    return { code, message: `${message}. Is it meant by \`${misspelt}\`?`, at: key, hint };
  }
  return {
    code,
    message: `${name ? `\`${name}\`` : 'the file'} must be ${found.message}, not ${kindOf(value)}`,
    at,
    hint,
  };
}

const oneOf = (allowed: readonly string[]) => `It is one of ${allowed.join(', ')}.`;

/** The field names in "a map of `a` and `b`". */
const namesIn = (sentence: string) => [...sentence.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

interface Found {
  readonly path: YamlPath;
  readonly found: Issue;
}

/** Of the branches of a union, the one whose complaint lies deepest is the one that was meant. */
function innermost(issue: Issue): Found {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const inner = issue.code === 'invalid_union' ? issue.errors.flat().map(innermost) : [];
  const [deepest] = inner.sort((a, b) => b.path.length - a.path.length);
  if (!deepest || deepest.path.length === 0) return { path, found: issue };
  return { path: [...path, ...deepest.path], found: deepest.found };
}

function nounOf(values: readonly string[]): string | undefined {
  const nouns = { READY: 'status', MANUAL: 'task type', openai: 'provider' };
  return Object.entries(nouns).find(([value]) => values.includes(value))?.[1];
}

/** `tasks[2].depends_on[0]` is said as `depends_on[0]`: the caret shows the rest. */
function fieldName(path: YamlPath): string {
  const steps = path[0] === 'tasks' && path.length > 2 ? path.slice(2) : path;
  return steps.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : `the text \`${brief(value)}\``;
  if (typeof value === 'object') return 'a map';
  return typeof value === 'boolean' ? `the truth value \`${value}\`` : `the number ${String(value)}`;
}

function remedy(wanted: string, value: unknown, at: Place): string | undefined {
  // As it is written: `2.10` is the number 2.1, but was hardly meant so.
  if (wanted === 'text' && ['number', 'boolean'].includes(typeof value))
    return `Put quotes around it: "${at.text.slice(at.column - 1, at.column - 1 + at.length)}".`;
  if (wanted === 'a list of tasks') return 'Each task begins with `- id: `.';
  if (wanted.startsWith('a list') && ['string', 'number'].includes(typeof value))
    return `Write it as a list: [${brief(value)}].`;
  if (wanted.startsWith('a map') && typeof value === 'string' && /^\w+:\S/.test(value))
    return 'A blank is missing behind the colon.';
  if (wanted === 'a map with at least `id`' && typeof value === 'string') return `Write \`- id: ${brief(value)}\`.`;
  if (/number|truth|`true`/.test(wanted) && typeof value === 'string' && /^(?:-?[\d.]+|true|false)$/.test(value))
    return `Take the quotes off: ${value}`;
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
