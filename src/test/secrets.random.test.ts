// However a text is cut into pieces, the same is hidden in it; and a secret is, wherever it stands and in each of its forms.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRedactor } from '../secrets.ts';

const SECRETS = {
  FIRST_KEY: 'sk-4-quiet zebras/+="\\%41',
  SECOND_KEY: 'sk-4-quiet-lions',
  /** Ends as another begins. */
  THIRD_KEY: 'over the sk-4-qu',
  /** With the same beginning as the one before it, beyond what is looked for first. */
  FOURTH_KEY: 'over the sk-4-quick (fox) [a|b] ^$.*?',
  LONG_KEY: '-----BEGIN KEY-----\nMIIEowIBAAKCAQEA0Z3VS5JJcds3xfn\nq1v/Yw==\n-----END KEY-----',
  WORD_KEY: 'zähne-Ünder',
  STAR_KEY: '*'.repeat(12),
};
const redactor = makeRedactor(SECRETS, SECRETS);
const values = Object.values(SECRETS);

const FORMS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  encodeURIComponent,
  (value) => [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (value) => value.replace(/[\s\S]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (value) => Buffer.from(value).toString('base64'),
  (value) => Buffer.from(value).toString('base64url'),
  (value) => Buffer.from(value).toString('hex').toUpperCase(),
  (value) => [...value].join('\u001b[1m'),
  (value) => value.replace(/.{5}/s, '$&\u200b'),
];
const told = fc.tuple(fc.constantFrom(...values), fc.constantFrom(...FORMS)).map(([value, form]) => form(value));
/** What may look like a beginning of one of them, of an escape or of a sequence, and is none. */
const noise = fc.oneof(
  fc.constantFrom(
    'sk-4',
    'over ',
    '%',
    '%4',
    '\\',
    '\\u00',
    '\u001b[',
    '\u001b[32m',
    '\n',
    '-----BEGIN',
    '*****',
    '🦓',
    ' ',
    'x',
  ),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
/** As `base64` breaks its lines. */
const wrapped = told.map((text) =>
  `${'A'.repeat(58)}${Buffer.from(text).toString('base64')}`.replace(/.{64}/g, '$&\n'),
);
const texts = fc.array(fc.oneof(noise, told, wrapped), { maxLength: 30 }).map((parts) => parts.join(''));

test('however it is cut into pieces, the same comes of it', () => {
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (text, sizes) => {
      const stream = redactor.stream();
      let came = '';
      for (let at = 0, n = 0; at < text.length; n++) {
        const size = sizes[n % sizes.length] ?? 1;
        came += stream.push(text.slice(at, at + size));
        at += size;
      }
      expect(came + stream.end()).toBe(redactor.text(text));
    }),
    { numRuns: 2000 },
  );
});

test('each form of each secret is hidden, whatever stands around it', () => {
  const plain = fc.stringMatching(/^[ .,;:!\n]{0,20}$/);
  fc.assert(
    fc.property(plain, told, plain, (before, secret, behind) => {
      // The last character of base64 may have two bits of it.
      expect(redactor.text(before + secret + behind)).toMatch(/^[ .,;:!\n]*\[[A-Z]+_KEY\][\w-]?[ .,;:!\n=]*$/);
    }),
    { numRuns: 1000 },
  );
});
