// How times, amounts and texts of others are written on the screen, the same everywhere.
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';
import { brokenSimply, isSimple } from './simple.ts';

/** Wider, lines are hard to read. */
export const WIDEST = 100;

/** `< 0.1 s`, `0.4 s`, `21.4 s`, `14 min`, `2 h 5 min`; `0.0 s` would say that it took no time, or that nothing was done. */
export function duration(ms: number): string {
  if (ms < 50) return '< 0.1 s';
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `just now`, `3 min ago`, `2 days ago` */
export function ago(then: Date, now: Date): string {
  const ms = now.getTime() - then.getTime();
  if (ms < 5000) return 'just now';
  if (ms < 59_500) return `${Math.round(ms / 1000)} s ago`;
  if (ms < 86_400_000) return `${duration(Math.max(ms, 60_000))} ago`;
  const days = Math.round(ms / 86_400_000);
  return `${days} day${days === 1 ? '' : 's'} ago`;
}

/** `2026-11-20`, where the person is */
export function localDate(time: Date): string {
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

/** `10:15:02`, where the person is */
export function localTime(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(':');
}

/** `2026-11-20 10:15:02`, where the person is; what is no time is said as it stands. */
export function localMoment(time: Date | string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : `${localDate(date)} ${localTime(date)}`;
}

function twoDigits(n: number): string {
  return String(n).padStart(2, '0');
}

/** `$0.0031`; small amounts keep their digits, larger ones their cents. */
export function money(dollars: number): string {
  return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** `1,912` */
export function count(n: number): string {
  return String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

/**
 * A text that came from elsewhere (a script, a reply, the YAML), made harmless for the terminal: colours, cursor
 * movements and other control characters are taken out; line breaks and tabs stay.
 */
export function harmless(text: string): string {
  if (isSimple(text) || PLAIN.test(text)) return text;
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
}

/** What a script prints, mostly. */
const PLAIN = /^[ -~\n\t]*$/;

/** What is written to a terminal in the end: our colours stay, and nothing else that acts. For what was forgotten to be made harmless. */
export function onlyColours(text: string): string {
  if (isSimple(text) || PLAIN.test(text)) return text;
  return text.replaceAll(ACTING, (found) => (/^\u001b\[[\d;]*m$/.test(found) ? found : ''));
}

const ACTING =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The same on one line: for names and ids. */
export function oneLine(text: string): string {
  if (isSimple(text) && !text.includes('  ')) return text.trim();
  return harmless(text).replaceAll(/\s+/g, ' ').trim();
}

/** A call of ours as a shell takes it: what is written there may be copied. */
export function asCommand(...words: readonly string[]): string {
  const [command = '', ...args] = words;
  // An id may look like a flag. Those of ours have two dashes and a word.
  const hasDash = args.some((arg) => /^-(?!-[a-z][a-z-]*$)/.test(arg));
  return ['runbook', command, ...(hasDash ? ['--'] : []), ...args.map(shellWord)].join(' ');
}

function shellWord(word: string): string {
  if (/\p{Cc}/u.test(word))
    return `$'${JSON.stringify(word).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  return /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** How many columns a text takes. Of almost all it is their length; for others, tables are loaded. */
export function width(text: string): number {
  if (isSimple(text)) return text.length;
  const bare = text.replaceAll(COLOUR, '');
  return NARROW.test(bare) ? bare.length : stringWidth(text);
}

const COLOUR = /\u001b\[[\d;]*m/g;

/** ASCII, the letters of Europe without marks that stand above others, and the signs that we use ourselves. */
const NARROW = /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f–—‘’“”•…→▶✔✘○◌│─⠀-⣿]*$/;

/** Cut to so many columns, with an ellipsis where something is missing. */
export function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let cut = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (width(cut + segment) > columns - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}

/** Left and right on one line; on two, if they don't fit beside each other. */
export function spread(left: string, right: string, columns: number): string {
  if (right === '') return left;
  const gap = columns - width(left) - width(right);
  return gap >= 2 ? left + ' '.repeat(gap) + right : `${left}\n  ${right}`;
}

/** A text in lines of at most so many columns, broken between words; `indent` stands before each but the first. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const most = Math.max(10, columns - width(indent));
  const lines = text.split('\n');
  // Most texts fit. A colour that goes on in the next line is begun anew in it.
  const isWhole = lines.length === 1 || !text.includes('\u001b');
  const wrapped =
    isWhole && lines.every((line) => width(line) <= most)
      ? lines
      : (brokenSimply(text, most) ?? wrapAnsi(text, most, { hard: true, trim: false }).split('\n'));
  return wrapped.map((line, i) => (i === 0 ? line : indent + line.trimStart()).trimEnd());
}

/** Each line as it is, if it finds room in a terminal of so many columns; else in several, set in as the first is. */
export function within(text: string, columns: number | undefined): readonly string[] {
  if (columns === undefined) return text.split('\n');
  return text.split('\n').flatMap((line) => {
    if (width(line) <= columns) return [line];
    const start = /^ */.exec(line)?.[0] ?? '';
    return wrap(line, columns, start || '  ');
  });
}

/** Items on as few lines as hold them, none broken in two. */
export function flow(items: readonly string[], separator: string, columns: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    const joined = last === undefined ? item : last + separator + item;
    if (last !== undefined && width(joined) <= columns) lines[lines.length - 1] = joined;
    else lines.push(item);
  }
  return lines;
}
