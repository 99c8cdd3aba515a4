// What every command gets: the global flags, where the runbook is, and the ways to speak.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RunbookError } from '../errors.ts';
import { statOf } from '../paths.ts';
import { findRunbook } from '../runbook/find.ts';
import { type Palette, paletteFor } from '../terminal/colour.ts';
import { columnsOf, isTerminal, write } from '../terminal/streams.ts';
import type { AnswerFlags } from '../terminal/unattended.ts';
import { onlyColours, within } from '../terminal/words.ts';
import type { World } from '../world.ts';
import type { Kind, Output } from './output.ts';

/** The global flags, as commander hands them over. */
export interface GlobalFlags {
  readonly cd?: string;
  readonly file?: string;
  readonly json?: boolean;
  readonly plain?: boolean;
  readonly yes?: boolean;
  readonly yesUnchecked?: boolean;
  readonly input?: boolean;
  readonly nonInteractive?: boolean;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
}

export class Context {
  readonly flags: GlobalFlags;
  readonly cwd: string;
  /** For what goes to stdout. */
  readonly palette: Palette;
  readonly #signal: () => AbortSignal;
  #redact = (text: string) => text;

  constructor(flags: GlobalFlags, signal: () => AbortSignal) {
    this.flags = flags;
    this.#signal = signal;
    this.cwd = flags.cd === undefined ? process.cwd() : folderAt(flags.cd);
    this.palette = paletteFor('stdout', { noColor: flags.color === false || flags.plain === true });
  }

  /** The path of the runbook. Throws RUNBOOK_NOT_FOUND. */
  runbookPath(): string {
    return findRunbook(this.cwd, this.flags.file ?? process.env['RUNBOOK_FILE']);
  }

  /** Prints data: lines for a person, or one object for a program. Of the two, only that is made which is printed. */
  print<K extends Kind>(
    kind: K,
    data: ReadonlyDeep<Output[K]> | (() => ReadonlyDeep<Output[K]>),
    lines: () => readonly string[],
  ): void {
    if (this.flags.json) this.printData(kind, typeof data === 'function' ? data() : data);
    else this.printLines(lines());
  }

  printData<K extends Kind>(kind: K, data: ReadonlyDeep<Output[K]>): void {
    write('stdout', `${asJson({ schema_version: 1, kind, data })}\n`);
  }

  printLines(lines: readonly string[]): void {
    if (lines.length > 0) write('stdout', `${lines.map(onlyColours).join('\n')}\n`);
  }

  /** The real world, in which this command acts. Loaded only by the commands that act. */
  async world(
    root: string,
    {
      sideBySide = false,
      dotEnv,
      ...answers
    }: Partial<AnswerFlags> & {
      readonly sideBySide?: boolean;
      readonly dotEnv?: Record<string, string> | undefined;
    } = {},
  ): Promise<World> {
    const { realWorld } = await import('../terminal/world.ts');
    const { flags } = this;
    const world = await realWorld(root, {
      signal: this.#signal,
      answers: {
        yes: flags.yesUnchecked ? 'unchecked' : flags.yes ? 'checked' : 'no',
        answers: [],
        reason: undefined,
        ...answers,
      },
      attended: isAttended(flags),
      noColor: flags.color === false || flags.plain === true,
      plain: flags.plain === true,
      silent: flags.json === true,
      quiet: flags.quiet === true,
      sideBySide,
      dotEnv,
    });
    this.#redact = world.redact;
    return world;
  }

  /** How something is said on stderr. */
  manner(): { readonly palette: Palette; readonly plain: boolean } {
    const { color, plain = false } = this.flags;
    return { palette: paletteFor('stderr', { noColor: color === false || plain }), plain };
  }

  /** The error without the values of secrets, as far as they are known: once there is a world. */
  redacted(error: unknown): unknown {
    const redact = this.#redact;
    if (error instanceof RunbookError) {
      const { code, message, hint, at, cause } = error;
      const shown = {
        message: redact(message),
        hint: hint && redact(hint),
        at: at && { ...at, text: redact(at.text) },
      };
      return new RunbookError({ code, ...shown }, { cause });
    }
    if (error instanceof Error && error.stack) error.stack = redact(error.stack);
    return error;
  }

  /** What goes to stdout, in lines that the edge of a terminal does not break; elsewhere as it is. */
  within(...lines: readonly string[]): string[] {
    const columns = columnsOf('stdout');
    return lines.flatMap((line) => within(line, columns));
  }

  columns(): number {
    return Math.min(columnsOf('stdout') ?? 80, 100);
  }
}

/** JSON leaves some characters as they are that act on a terminal. They can only stand in its texts. */
export function asJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Data that is printed is not changed by it. */
type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;

/** Without this, a misspelt folder would be looked for from the ones above it, and another runbook found there. */
function folderAt(named: string): string {
  const folder = resolve(named);
  if (statOf(folder)?.isDirectory()) return folder;
  throw new RunbookError({
    code: 'USAGE',
    message: `there is no folder \`${named}\``,
    hint: 'Mend the path given with --cd.',
  });
}

/** Whether there is someone who sees a question and can answer it. A flag beats what the terminal looks like. */
function isAttended(flags: GlobalFlags): boolean {
  const refused = flags.input === false || flags.nonInteractive === true || isTrue(process.env['RUNBOOK_NO_INPUT']);
  return !refused && isTerminal('stdin') && isTerminal('stderr');
}

function isTrue(variable: string | undefined): boolean {
  return variable !== undefined && !['', '0', 'false', 'no'].includes(variable.toLowerCase());
}

/** What a command does: returns its exit status, or throws a person's mistake. */
export type Work<Args extends readonly unknown[]> = (context: Context, ...args: Args) => Promise<number> | number;

/** Turns a command's work into what commander calls. */
export type Action = <Args extends readonly unknown[]>(
  work: Work<Args>,
) => (...args: [...Args, Command]) => Promise<void>;
