// The diff of two long texts is made of the lines in which they differ, and is the one of the whole.
import { structuredPatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paletteFor } from '../terminal/colour.ts';
import { unifiedDiff } from '../terminal/diff.ts';

const palette = paletteFor('stdout', { noColor: true });
const texts = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '', 'd'), { maxLength: 40 }), fc.boolean())
  .map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''));
const edits = fc.array(fc.tuple(fc.nat(80), fc.nat(6), fc.constantFrom('', '\n', 'x', 'x\n', 'a\nb\n')), {
  minLength: 1,
  maxLength: 2,
});

test('where they differ little, and where much', () => {
  fc.assert(
    fc.property(texts, edits, (before, changes) => {
      const after = changes.reduce(
        (text, [at, remove, put]) => text.slice(0, at) + put + text.slice(at + remove),
        before,
      );
      const found = unifiedDiff(before, after, palette).map((line) => line.slice(2));
      const { hunks } = structuredPatch('', '', before, after, '', '', { context: 3 });
      // As many lines are changed: where a line is doubled, it is a matter of taste which one is the new one.
      expect(changedIn(found)).toBe(changedIn(hunks.flatMap(({ lines }) => lines)));
      // And what is shown makes the one text of the other.
      expect(applied(before, found)).toBe(after);
    }),
    { numRuns: 3000 },
  );
});

/** What a shown diff makes of a text. All but the lines around the changes is taken as it is. */
function applied(before: string, found: readonly string[]): string {
  const old = linesOf(before);
  const now: string[] = [];
  let from = 0;
  for (const [i, line] of found.entries()) {
    const head = /^@@ line (\d+) @@$/.exec(line);
    if (head) while (now.length < Number(head[1]) - 1) now.push(old[from++] ?? '');
    if (head || line.startsWith('\\')) continue;
    const text = line.slice(2) + (found[i + 1]?.startsWith('\\') ? '' : '\n');
    if (!line.startsWith('+') && old[from++] !== text) throw new Error(`${text} does not stand there`);
    if (!line.startsWith('-')) now.push(text);
  }
  return [...now, ...old.slice(from)].join('');
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/g) ?? [];
}

/** Blocks of code as programs have it: lines that are there once, and brackets that are everywhere. */
const blocks = fc.array(fc.array(fc.constantFrom('}', '', '    return;', 'n'), { minLength: 8, maxLength: 40 }), {
  minLength: 80,
  maxLength: 120,
});
const changed = fc.array(fc.tuple(fc.constantFrom('move', 'change', 'drop', 'copy'), fc.nat(), fc.nat()), {
  maxLength: 60,
});

test('of long texts, too, what is shown makes the one of the other; and is not much more than has to be', () => {
  fc.assert(
    fc.property(blocks, changed, (parts, edits) => {
      const old = parts.map((lines, n) => lines.map((line, i) => (line === 'n' ? `  line ${n} ${i}` : line)));
      const now = edits.reduce((blocksNow, [kind, at, to]) => edit(blocksNow, kind, at, to), old);
      const [before, after] = [old, now].map((all) =>
        all
          .flat()
          .map((line) => `${line}\n`)
          .join(''),
      ) as [string, string];
      const found = unifiedDiff(before, after, palette).map((line) => line.slice(2));
      expect(applied(before, found)).toBe(after);
      const { hunks } = structuredPatch('', '', before, after, '', '', { context: 3 });
      expect(changedIn(found)).toBeLessThanOrEqual(1.5 * changedIn(hunks.flatMap(({ lines }) => lines)) + 10);
    }),
    { numRuns: 30 },
  );
});

test('of lines that are all alike and all in another order, it comes to an end', () => {
  const [before, after] = [7, 11].map((step) =>
    Array.from({ length: 40_000 }, (_, i) => `${((i * i * step) % 97) % 30}\n`).join(''),
  ) as [string, string];
  const found = unifiedDiff(before, after, palette).map((line) => line.slice(2));
  expect(applied(before, found) === after).toBe(true);
});

function edit(parts: string[][], kind: string, at: number, to: number): string[][] {
  const [i, j] = [at % parts.length, to % parts.length];
  const block = parts[i] ?? [];
  switch (kind) {
    case 'move':
      return parts.toSpliced(i, 1).toSpliced(j, 0, block);
    case 'change':
      return parts.with(
        i,
        block.map((line, n) => (n % 3 === 0 ? `  new ${at} ${n}` : line)),
      );
    case 'drop':
      return parts.length < 2 ? parts : parts.toSpliced(i, 1);
    default:
      return parts.toSpliced(j, 0, block);
  }
}

/** How many lines are changed. */
function changedIn(lines: readonly string[]): number {
  return lines.filter((line) => /^[+-]/.test(line)).length;
}
