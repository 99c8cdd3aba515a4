// The form of a runbook and of its tasks as the schema has it: says what is wrong, and which keys it does not know. Loaded where
// plainForm.ts could not tell.
import * as z from 'zod/mini';
import { checked, type Report, unknownKeys, unknownKeysOfTask } from './mistakes.ts';
import {
  detailSchema,
  entrySchema,
  FIELDS,
  type RawDetail,
  type RawEntry,
  type RawRunbook,
  runbookSchema,
} from './schema.ts';
import type { YamlPath, YamlSource } from './source.ts';

export interface Parts {
  readonly top: Partial<RawRunbook>;
  /** Undefined where an entry is not right. */
  readonly entries: readonly (RawEntry | undefined)[];
}

/** What is right in a runbook. Undefined, after the mistakes were reported, if it has no tasks that could be looked at. */
export function partsOf(source: YamlSource, report: Report, warn: Report): Parts | undefined {
  const whole = checked(runbookSchema, source.value, source, [], report);
  const parts = whole ? { top: whole, entries: whole.tasks } : rightParts(source.value);
  if (parts) warnOfTop(parts.top, source, warn);
  return parts;
}

/** Of a runbook with mistakes in its form, what is right: so that all other mistakes are found at once with them. */
function rightParts(value: unknown): Parts | undefined {
  if (typeof value !== 'object' || value === null || !('tasks' in value) || !Array.isArray(value.tasks))
    return undefined;
  const { tasks, ...top } = value;
  const others = runbookSchema.safeParse({ ...top, tasks: [] });
  // Without its defaults, a task may seem to lack what it has.
  if (!others.success) return { top: {}, entries: tasks.map(() => undefined) };
  return { top: others.data, entries: tasks.map((entry) => entrySchema.safeParse(entry).data) };
}

function warnOfTop(raw: Partial<RawRunbook>, source: YamlSource, warn: Report): void {
  unknownKeys(raw, FIELDS.runbook, source, [], warn);
  unknownKeysOfTask(raw.defaults ?? {}, FIELDS.defaults, source, ['defaults'], warn);
  for (const [name, model] of Object.entries(raw.models ?? {}))
    unknownKeys(model, FIELDS.model, source, ['models', name], warn);
}

/** An entry of `tasks`, or undefined after every mistake in it was reported. */
export function entryOf(value: unknown, source: YamlSource, base: YamlPath, report: Report): RawEntry | undefined {
  return checked(entrySchema, value, source, base, report);
}

/** What a detail file says, or undefined after every mistake in it was reported. */
export function detailOf(source: YamlSource, report: Report, warn: Report): RawDetail | undefined {
  const raw = checked(detailSchema, source.value ?? {}, source, [], report);
  if (raw) unknownKeysOfTask(raw, FIELDS.detail, source, [], warn);
  return raw;
}

/** Warns of the keys of an entry that nobody knows. */
export function warnOfEntry(entry: RawEntry, source: YamlSource, base: YamlPath, warn: Report): void {
  unknownKeysOfTask(entry, FIELDS.entry, source, base, warn);
}

const configSchema = z.looseObject(
  { model: z.nullish(z.string({ error: 'text' })) },
  { error: 'a map of settings, such as `model: paste`' },
);

/** The person's own settings, or undefined after every mistake in them was reported. */
export function settingsOf(source: YamlSource, report: Report): { readonly model?: string | null } | undefined {
  return checked(configSchema, source.value ?? {}, source, [], report) as ReturnType<typeof settingsOf>;
}
