// A person's mistake is a thrown `RunbookError`: what, where, what to do.
// This file names every code, gives each its exit status, and words them in one place.

/** The exit statuses of the program. They are part of its contract: see the README. */
export const EXIT = {
  ok: 0,
  taskError: 1,
  mistake: 2,
  blocked: 3,
  needsPerson: 4,
  held: 5,
  bug: 70,
  interrupted: 130,
} as const;

const STATUS_OF_CODE = {
  USAGE: 'mistake',
  RUNBOOK_NOT_FOUND: 'mistake',
  FILE_NOT_FOUND: 'mistake',
  FILE_UNREADABLE: 'mistake',
  FILE_UNWRITABLE: 'mistake',
  YAML_SYNTAX: 'mistake',
  RUNBOOK_INVALID: 'mistake',
  UNKNOWN_TASK: 'mistake',
  DUPLICATE_ID: 'mistake',
  DEPENDENCY_CYCLE: 'mistake',
  FIELD_CONFLICT: 'mistake',
  TASK_INCOMPLETE: 'mistake',
  PATH_OUTSIDE: 'mistake',
  TEMPLATE_INVALID: 'mistake',
  TEMPLATE_UNDEFINED: 'mistake',
  SCRIPT_NOT_FOUND: 'mistake',
  PROMPT_TOO_LARGE: 'mistake',
  MODEL_UNKNOWN: 'mistake',
  MODEL_NO_KEY: 'mistake',
  STATUS_REFUSED: 'mistake',
  PATCH_UNSAFE: 'mistake',
  EDITOR_FAILED: 'mistake',
  CHECK_FAILED: 'taskError',
  MODEL_FAILED: 'taskError',
  BUDGET_REACHED: 'taskError',
  NOTHING_READY: 'blocked',
  NEEDS_PERSON: 'needsPerson',
  HELD: 'held',
  INTERRUPTED: 'interrupted',
} as const satisfies Record<string, keyof typeof EXIT>;

export type ErrorCode = keyof typeof STATUS_OF_CODE;

/** A place in a file. Line and column count from 1, in UTF-16 units; `length` is how much the caret underlines. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The whole line, to be shown above the caret. */
  readonly text: string;
}

/** A place that is looked up only if there is something to say about it. */
export type Where = Place | (() => Place) | undefined;

export function placeOf(where: Where): Place | undefined {
  return typeof where === 'function' ? where() : where;
}

export interface Trouble {
  readonly code: ErrorCode;
  /** One sentence, lower case, names in backticks; more lines may follow the first. */
  readonly message: string;
  readonly at?: Place | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** A mistake of the person's, or something in their world that stands in the way. Never a bug of ours. */
export class RunbookError extends Error {
  override readonly name = 'RunbookError';
  readonly code: ErrorCode;
  readonly at: Place | undefined;
  readonly hint: string | undefined;

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(trouble.message, options);
    this.code = trouble.code;
    this.at = trouble.at;
    this.hint = trouble.hint;
  }

  get exitCode(): number {
    return EXIT[STATUS_OF_CODE[this.code]];
  }
}

/** How the printer marks its parts; the terminal brings colours, everyone else leaves them out. */
export interface Marks {
  readonly error: (text: string) => string;
  readonly place: (text: string) => string;
}

const NO_MARKS: Marks = { error: (text) => text, place: (text) => text };

/** A line that is too long for the terminal, in several. */
export type Wrap = (line: string) => readonly string[];

/**
 * Words a trouble for the screen: the sentence, the place with its line and a caret, and what to do.
 * The result has no final line break. In a terminal of so many columns, the line and its caret stay unbroken, and so does the place,
 * which a terminal may make a link of.
 */
export function formatTrouble(
  trouble: Trouble,
  marks: Marks = NO_MARKS,
  label = 'error',
  columns = 0,
  wrap: Wrap = (line) => [line],
): string {
  const lines = `${marks.error(`${label}:`)} ${shown(trouble.message)}`.split('\n').flatMap(wrap);
  if (trouble.at) lines.push(...formatPlace(trouble.at, marks, columns));
  if (trouble.hint) {
    for (const line of shown(trouble.hint).split('\n')) lines.push(...wrap(`  ${line}`));
  }
  return lines.join('\n');
}

function formatPlace(at: Place, marks: Marks, columns: number): string[] {
  const number = String(at.line);
  const gutter = ' '.repeat(number.length);
  const lines = [`${gutter}${marks.place('——▶')} ${shown(at.file)}:${at.line}:${at.column}`];
  if (at.text.trim() === '') return lines;
  // A very long line is cut around the caret, so that a minified file does not flood the screen.
  const room = columns > 0 ? Math.max(20, columns - number.length - 3) : 160;
  const farthest = columns > 0 ? room - Math.min(at.length, room >> 1) : 100;
  const from = at.column > farthest ? Math.max(1, Math.min(at.column - (room >> 2), at.text.length - room + 1)) : 1;
  const text = cut(harmless(at.text.slice(from - 1, from - 1 + room)).replaceAll('\t', ' '), room);
  const before = columnsOf(text.slice(0, at.column - from));
  const width = columnsOf(text.slice(at.column - from, at.column - from + at.length));
  lines.push(
    `${gutter} ${marks.place('│')}`,
    `${number} ${marks.place('│')} ${text}`,
    `${gutter} ${marks.place('│')} ${' '.repeat(before)}${marks.error('^'.repeat(Math.max(1, width)))}`,
  );
  return lines;
}

/** Of a text that is absurdly long (a circle of ten thousand tasks), the beginning and the end. */
export function shown(text: string): string {
  return harmless(text.length > 6000 ? `${text.slice(0, 5000)} … ${text.slice(-900)}` : text);
}

/** Control characters from someone's file would act on the terminal. One for one, so that a caret stays in its column. */
function harmless(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '·');
}

function cut(text: string, columns: number): string {
  let [end, used] = [0, 0];
  for (const letter of text) {
    used += columnsOf(letter);
    if (used > columns) break;
    end += letter.length;
  }
  return text.slice(0, end);
}

/** How many columns a text takes: two for the letters of East Asia and for emoji, none for accents that stand above others. */
function columnsOf(text: string): number {
  return [...text.replaceAll(/\p{M}/gu, '')].reduce((sum, letter) => sum + (isWide(letter) ? 2 : 1), 0);
}

/** In here, since V8 reads through the tables of Unicode for it: a tenth of a millisecond of each start. */
function isWide(letter: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u.test(
    letter,
  );
}

/** The value was not foreseen: a compile error where a union is not handled in full, a bug of ours at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/** The code of a Node system error such as `ENOENT`, if it is one. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
