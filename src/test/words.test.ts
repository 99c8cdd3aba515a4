// How wide a text is on the screen: what is not looked up in tables is what the tables say.
import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { width } from '../terminal/words.ts';

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
