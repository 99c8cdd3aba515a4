// How wide a text is on the screen: what is not looked up in tables is what the tables say. And how times are said.
import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
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

test('a plain text is shown as it is, and any other without what acts', () => {
  const parts = [
    'a',
    'B~',
    ' ',
    '  ',
    '\t',
    '\n',
    '\r\n',
    'é',
    '漢',
    '\u001b[31m',
    '\u001b]0;x\u0007',
    '\u0007',
    '\u007f',
    '\u202e',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 8 }), (some) => {
      const text = some.join('');
      // Behind it stands what is not plain.
      expect(`${harmless(text)}é`).toBe(harmless(`${text}é`));
      expect(`${onlyColours(text)}é`).toBe(onlyColours(`${text}é`));
      expect(oneLine(text)).toBe(oneLine(`${text} é`).replace(/ ?é$/, ''));
      expect(width(text) + 1).toBe(width(`${text}é`));
    }),
    { numRuns: 2000 },
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
