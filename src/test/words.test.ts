// How wide a text is on the screen: what is not looked up in tables is what the tables say. And how times are said.
import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import wrapAnsi from 'wrap-ansi';
import { brokenSimply } from '../terminal/simple.ts';
import { limit, whenAgain } from '../terminal/times.ts';
import { ago, duration, harmless, oneLine, onlyColours, width } from '../terminal/words.ts';

test('the width of each character, alone and between others', () => {
  const differing = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code))
    .filter((character) => !/[\u0000-\u001f\u007f-\u009f]/.test(character))
    .filter((character) =>
      [character, `a${character}b`, `${character}${character}`].some((text) => width(text) !== stringWidth(text)),
    );
  expect(differing).toEqual([]);
});

test('the width of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(width(text)).toBe(stringWidth(text));
    }),
    { numRuns: 2000 },
  );
});

/** What was never meant for a terminal beside what is, in short texts and in those that are too long to be looked through. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[\x00-\x7f]{0,9}$/),
      fc.constantFrom(
        '\u001b[31m',
        '\u009b2J',
        '\u001b]0;a\u0007',
        '\r\n',
        '\u00a0',
        '  ',
        '\u00ad',
        '→',
        'é',
        '\u202e',
        '\u200b',
      ),
      fc.constant('a '.repeat(160)),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => pieces.join(''));

test('a text that is looked through says the same as one that is taken apart by expressions', () => {
  // Too long to be looked through, and otherwise the same.
  const long = 'x'.repeat(400);
  fc.assert(
    fc.property(anyText, (text) => {
      expect(harmless(text) + long).toBe(harmless(text + long));
      expect(onlyColours(`${text}|`) + long).toBe(onlyColours(`${text}|${long}`));
      expect(oneLine(`${text}|`) + long).toBe(oneLine(`${text}|${long}`));
    }),
    { numRuns: 3000 },
  );
});

test('a simple text is broken where the library breaks it', () => {
  const word = fc.oneof(fc.stringMatching(/^[a-zé→.,]{1,12}$/), fc.constantFrom('', '', 'a', '-'));
  const line = fc.array(word, { maxLength: 20 }).map((words) => words.join(' '));
  const text = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, fc.integer({ min: 10, max: 30 }), (simple, columns) => {
      const broken = brokenSimply(simple, columns);
      const long = simple.split(/\s/).some(({ length }) => length > columns);
      expect(broken?.join('\n')).toBe(long ? undefined : wrapAnsi(simple, columns, { hard: true, trim: false }));
    }),
    { numRuns: 5000 },
  );
});

test('no time is said to be none, and none that is over 59 seconds is said in seconds', () => {
  const times = [0, 1, 49, 50, 449, 1000, 21_440, 59_949, 59_950, 600_000, 3_600_000, 7_500_000];
  expect(times.map(duration)).toEqual([
    '< 0.1 s',
    '< 0.1 s',
    '< 0.1 s',
    '0.1 s',
    '0.4 s',
    '1.0 s',
    '21.4 s',
    '59.9 s',
    '1 min',
    '10 min',
    '1 h',
    '2 h 5 min',
  ]);
  expect([20, 1000, 1500, 90_000, 600_000, 3_661_000].map(limit)).toEqual([
    '20 ms',
    '1 s',
    '1.5 s',
    '1 min 30 s',
    '10 min',
    '1 h 1 min 1 s',
  ]);
  expect([0, 2000].map(whenAgain)).toEqual(['at once', 'in 2.0 s']);
  const now = new Date(10_000_000_000);
  expect([0, 6400, 59_700, 70_000, 172_800_000].map((ms) => ago(new Date(now.getTime() - ms), now))).toEqual([
    'just now',
    '6 s ago',
    '1 min ago',
    '1 min ago',
    '2 days ago',
  ]);
});
