// Values that were read, as edits change them.
import type { YamlPath } from '../yamlReading.ts';
import type { Edit } from './edit.ts';

/** The value with an edit carried out. What it does not touch is shared. */
export function withEdit(value: unknown, { op, path, value: wanted }: Edit): unknown {
  const [step, ...deeper] = path;
  if (step === undefined) return op === 'set' ? wanted : [...(Array.isArray(value) ? value : []), wanted];
  const edit: Edit = { op, path: deeper, value: wanted };
  if (Array.isArray(value) && typeof step === 'number') return value.with(step, withEdit(value[step], edit));
  const map = value as Readonly<Record<string, unknown>> | null | undefined;
  return { ...map, [step]: withEdit(map?.[String(step)], edit) };
}

export function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce((at, step) => (at as Record<string | number, unknown> | null | undefined)?.[step], value);
}

/** Of maps, lists and scalars as YAML has them. Much faster than Node's comparison, which knows much else. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  // The keys of a list of many thousand are as many texts.
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, i) => item === other[i] || isSame(item, other[i]));
  const keys = Object.keys(one) as (keyof typeof one)[];
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]));
}
