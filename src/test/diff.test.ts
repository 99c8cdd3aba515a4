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
      const changed = (lines: readonly string[]) => lines.filter((line) => /^[+-]/.test(line)).length;
      expect(changed(found)).toBe(changed(hunks.flatMap(({ lines }) => lines)));
      // And what is shown makes the one text of the other.
      const old = before.split('\n');
      const now = after.split('\n');
      let [from, to] = [0, 0];
      for (const line of found) {
        const head = /^@@ line (\d+) @@$/.exec(line);
        if (head) {
          from += Number(head[1]) - 1 - to;
          to = Number(head[1]) - 1;
        } else if (!line.startsWith('\\')) {
          const text = line.slice(2);
          if (!line.startsWith('+')) expect(old[from++]).toBe(text);
          if (!line.startsWith('-')) expect(now[to++]).toBe(text);
        }
      }
    }),
    { numRuns: 3000 },
  );
});
