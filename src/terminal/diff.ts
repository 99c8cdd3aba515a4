// What a proposal would change, as a coloured diff against what is on disk.
import type { Proposal } from '../events.ts';
import { sharedEnds } from '../sharedEnds.ts';
import type { Palette } from './colour.ts';
import { type Change, changesBetween } from './lineDiff.ts';
import { harmless, oneLine, plural, spread } from './words.ts';

const CONTEXT = 3;

/** The diff of one file, its head first. More than `most` lines are cut, and it is said how many are left out. */
export function showProposal(file: Proposal, palette: Palette, columns: number, most: number): string[] {
  const { name, summary, lines } = proposalParts(file, palette, most);
  return [palette.bold(spread(`  ${name}`, summary, columns)), ...lines.map((line) => `  ${line}`)];
}

/** The same in its parts: which file, what becomes of it, and the lines of its diff. */
export function proposalParts(file: Proposal, palette: Palette, most: number) {
  // Of bytes that are no text nothing can be compared.
  const isNew = file.before === undefined || file.binaryBytes !== undefined;
  const { first, count, added, removed } = isNew
    ? newLines(file.after, most)
    : changedLines(file.before ?? '', file.after, most);
  const shown = count > most ? first.slice(0, most - 1) : first;
  const rest = count - shown.length;
  const more = rest > 0 ? [palette.dim(`… ${rest} more lines (d shows all)`)] : [];
  return {
    name: file.path === undefined ? 'the reply (it goes nowhere but the log)' : oneLine(file.path),
    summary: summary(file, added, removed),
    lines: [...shown.map((line) => painted(harmless(line), palette)), ...more],
  };
}

/** The same without the values of secrets. */
export function redacted(file: Proposal, redact: (text: string) => string): Proposal {
  const { path, before, after } = file;
  const shownPath = path === undefined ? undefined : redact(path);
  return { ...file, path: shownPath, before: before === undefined ? undefined : redact(before), after: redact(after) };
}

/** The same two texts as a unified diff, for the exact changes to a YAML file. */
export function unifiedDiff(before: string, after: string, palette: Palette): string[] {
  return changedLines(before, after, Number.POSITIVE_INFINITY).first.map(
    (line) => `  ${painted(harmless(line), palette)}`,
  );
}

function summary({ before, after, binaryBytes, removes }: Proposal, added: number, removed: number): string {
  if (removes) return `deleted, -${plural(removed, 'line')}`;
  if (before === undefined) return `new, +${plural(added, 'line')}`;
  if (binaryBytes !== undefined) return `binary (${plural(binaryBytes, 'byte')}), replaced by ${plural(added, 'line')}`;
  if (added + removed === 0) return 'unchanged';
  if (after === '') return `emptied, -${plural(removed, 'line')}`;
  return [added > 0 ? `+${added}` : '', removed > 0 ? `-${removed}` : ''].filter(Boolean).join(' ');
}

interface Changes {
  /** As many as may be shown, or a few more. */
  readonly first: readonly string[];
  /** How many there are in all. */
  readonly count: number;
  readonly added: number;
  readonly removed: number;
}

/** Of millions of lines only those are taken out of the text that will be shown. */
function newLines(after: string, most: number): Changes {
  const text = after.endsWith('\n') ? after.slice(0, -1) : after;
  const first: string[] = [];
  let count = 0;
  for (let start = 0, end = 0; end >= 0; start = end + 1, count++) {
    end = text.indexOf('\n', start);
    if (count < most) first.push(`+ ${end < 0 ? text.slice(start) : text.slice(start, end)}`);
  }
  return { first, count, added: count, removed: 0 };
}

/** The changes with the lines around them. Of thousands only those are made that will be shown. */
function changedLines(before: string, after: string, most: number): Changes {
  const [from, behind] = sharedLines(before, after);
  const part = (text: string) => linesOf(text.slice(from, text.length - behind));
  const [old, now] = [part(before), part(after)];
  const skipped = linesBefore(after, from);
  const first: string[] = [];
  let [count, added, removed] = [0, 0, 0];
  const show = (...lines: readonly string[]) => {
    if (first.length < most) first.push(...lines);
  };
  /** Returns how many lines these are. */
  const take = (sign: string, lines: readonly string[], start: number, end: number): number => {
    const until = Math.min(end, lines.length);
    for (let i = start; i < until && first.length < most; i++) show(...`${sign} ${lines[i]}`.split('\n'));
    if (until <= start) return 0;
    count += until - start + (lines[until - 1]?.endsWith(WITHOUT_END) ? 1 : 0);
    return until - start;
  };
  for (const changes of hunksOf(changesIn(old, now))) {
    let shown = Math.max(0, (changes[0]?.newFrom ?? 0) - CONTEXT);
    count++;
    show(`@@ line ${skipped + shown + 1} @@`);
    for (const change of changes) {
      take(' ', now, shown, change.newFrom);
      removed += take('-', old, change.from, change.to);
      added += take('+', now, change.newFrom, change.newTo);
      shown = change.newTo;
    }
    take(' ', now, shown, shown + CONTEXT);
  }
  return { first, count, added, removed };
}

function linesBefore(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

const WITHOUT_END = '\n\\ No newline at end of file';

/** A line at the end of a text that nothing ends is another than the same with its end, and says so below it. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop();
  return last ? [...lines, last + WITHOUT_END] : lines;
}

/** Where a status is written, one line gives way to another: what finds out more is not loaded for that. */
function changesIn(old: readonly string[], now: readonly string[]): readonly Change[] {
  const at = old.findIndex((line, i) => line !== now[i]);
  const isAlone = old.length === now.length && old.every((line, i) => i === at || line === now[i]);
  return isAlone && at >= 0 ? [{ from: at, to: at + 1, newFrom: at, newTo: at + 1 }] : changesBetween(old, now);
}

/** Changes whose surroundings touch are shown in one. */
function hunksOf(changes: readonly Change[]): Change[][] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1);
    if (last && change.from - (last.at(-1)?.to ?? 0) <= 2 * CONTEXT) last.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

/** How many characters, in whole lines, the texts share at both ends beyond the lines that are shown around a change. */
function sharedLines(before: string, after: string): readonly [before: number, behind: number] {
  let [start, behind] = sharedEnds(before, after);
  // The line that differs, and those before it.
  for (let lines = 0; lines <= CONTEXT && start >= 0; lines++)
    start = start > 0 ? before.lastIndexOf('\n', start - 1) : -1;
  let end = before.length - behind - 1;
  for (let lines = 0; lines <= CONTEXT && end >= 0; lines++) end = before.indexOf('\n', end + 1);
  behind = end < 0 ? 0 : before.length - end - 1;
  return [start < 0 ? 0 : start + 1, behind];
}

function painted(line: string, palette: Palette): string {
  if (line.startsWith('+')) return palette.good(line);
  if (line.startsWith('-')) return palette.bad(line);
  return line.startsWith('@@') ? palette.accent(line) : palette.dim(line);
}
