// What a run without a terminal said, on one screen: to compare all of it, both streams and the exit code, at once.
import type { Finished } from './child.ts';
import type { Rig } from './rig.ts';

export function said(rig: Rig, { code, signal, stdout, stderr }: Finished): string {
  const end = signal ?? `exit ${code}`;
  const streams = [
    ['stdout', stdout],
    ['stderr', stderr],
  ] as const;
  return [
    end,
    ...streams.flatMap(([name, text]) => (text === '' ? [] : [`── ${name}`, rig.stable(text).trimEnd()])),
  ].join('\n');
}

/** The text as if no screen had an edge: where a sentence is broken into lines is not the point of most tests. */
export function unwrapped(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** The `data` of what `--json` printed. Throws if stdout is not one object of that kind on one line. */
export function dataOf(kind: string, { stdout }: Finished): unknown {
  const [line = '', ...rest] = stdout.split('\n');
  const object = JSON.parse(line) as Record<string, unknown>;
  if (rest.join() !== '' || object.kind !== kind || object.schema_version !== 1)
    throw new Error(`not one object of the kind ${kind}: ${stdout}`);
  return object.data;
}

/** The `error` of what `--json` printed on stderr. Throws if stderr is anything else. */
export function errorOf({ stderr }: Finished): { code: string; message: string; at: unknown; hint: string | null } {
  const { schema_version, kind, error } = JSON.parse(stderr) as Record<string, unknown>;
  if (schema_version !== 1 || kind !== 'error') throw new Error(`not an error: ${stderr}`);
  return error as ReturnType<typeof errorOf>;
}
