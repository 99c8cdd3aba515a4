// Data that goes into a file that the person names: in one piece, and never over a file that is not ours.
import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { RunbookError } from '../errors.ts';
import { MARK } from '../marked.ts';
import { statOf } from '../paths.ts';
import { writeDurably } from '../runbook/write.ts';
import { say } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import type { Context } from './context.ts';

/** `-o -` is stdout, as elsewhere: as if no file were named. */
export function orStdout<F extends { readonly output?: string | undefined }>(flags: F): F {
  return flags.output === '-' ? { ...flags, output: undefined } : flags;
}

/** The form that was asked for, or the one that the file's name tells. */
export function formatFor<F extends string>(
  { format, output }: { readonly format?: F | undefined; readonly output?: string | undefined },
  known: Readonly<Record<string, F>>,
  otherwise: F,
): F {
  if (format !== undefined || output === undefined) return format ?? otherwise;
  const told = known[extname(output).toLowerCase()];
  if (told !== undefined) return told;
  throw new RunbookError({
    code: 'USAGE',
    message: `the name \`${output}\` does not tell the format`,
    hint: `Say it with --format, or end the name with ${Object.keys(known).join(', ')}.`,
  });
}

/** Writes the text, or says under --dry-run that it would. Throws USAGE if another file stands there. */
export function writeFile(context: Context, name: string, text: string): void {
  const path = resolve(context.cwd, name);
  const shown = oneLine(relative(process.cwd(), path) || name);
  if (!statOf(dirname(path))?.isDirectory())
    throw new RunbookError({
      code: 'USAGE',
      message: `\`${shown}\` can't be written: there is no folder for it`,
      hint: 'Mend the path given with --output, or make the folder.',
    });
  const found = statOf(path);
  if (found?.isDirectory() || (found && !isOurs(path, found.isFile())))
    throw new RunbookError({
      code: 'USAGE',
      message: `\`${shown}\` is there already, and was not made by this command; nothing was written`,
      hint: 'Name another file, or move that one away.',
    });
  if (!context.flags.dryRun) writeDurably(path, `${text}\n`);
  if (!context.flags.quiet)
    say(`${context.flags.dryRun ? 'would write' : 'wrote'}${context.flags.plain ? ' ' : '  '}${shown}`);
}

/** Its beginning has our mark. */
function isOurs(path: string, isFile: boolean): boolean {
  if (!isFile) return false;
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(1000);
    const length = readSync(file, start, 0, start.length, 0);
    return length === 0 || start.subarray(0, length).includes(MARK);
  } finally {
    closeSync(file);
  }
}
