// No way of writing a secret gets past the redactor: whole or byte by byte, coloured, escaped, encoded, wrapped. And what is no
// secret gets through as it is. The stories through the program are in secrets.test.ts.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRedactor } from '../secrets.ts';
import { makeRig } from './rig.ts';

const RUNS = process.env.RUNBOOK_RELIABILITY ? 20_000 : 600;
const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261120);

const hex = (text: string) => Buffer.from(text).toString('hex');
const bytewise = (text: string, write: (byte: string) => string) => (hex(text).match(/../g) ?? []).map(write).join('');
const unicode = (text: string) =>
  text
    .split('')
    .map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
const lines = (text: string, width: number) => text.replaceAll(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n');

/** Ways in which programs write a text. */
const WAYS: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'every letter in a colour of its own': (secret) =>
    [...secret].map((c) => `\u001b[3${c.length}m${c}\u001b[0m`).join(''),
  'a match that grep colours': (secret) =>
    `${secret.slice(0, 3)}\u001b[01;31m\u001b[K${secret.slice(3)}\u001b[m\u001b[K`,
  'in a link of the terminal': (secret) =>
    `\u001b]8;;http://x\u0007${secret.slice(0, 2)}\u001b]8;;\u0007${secret.slice(2)}`,
  'with joiners that nobody sees': (secret) => [...secret].join('\u200b'),
  'with a NUL behind each letter': (secret) => [...secret].join('\0'),
  'in a URL': encodeURIComponent,
  'in a URL, in small letters': (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
  'in a URL, each byte': (secret) => bytewise(secret, (byte) => `%${byte}`),
  'in a URL in a URL': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'as a password in a URL': (secret) => `https://me:${encodeURIComponent(secret)}@host/`,
  'in a form': (secret) => String(new URLSearchParams({ q: secret })),
  'in JSON': JSON.stringify,
  'in JSON in JSON': (secret) => JSON.stringify(JSON.stringify({ key: secret })),
  'in escapes of JavaScript': unicode,
  'in escapes of a shell': (secret) => bytewise(secret, (byte) => `\\x${byte}`),
  'in hexadecimal': hex,
  'in hexadecimal, in capitals': (secret) => hex(secret).toUpperCase(),
  'in hexadecimal, in lines': (secret) => lines(hex(`some text before it ${secret} and behind`), 60),
  'in base64': (secret) => Buffer.from(secret).toString('base64'),
  'in base64, one byte further': (secret) => Buffer.from(`x${secret} `).toString('base64'),
  'in base64, two bytes further': (secret) => Buffer.from(`me:${secret}\n`.slice(1)).toString('base64'),
  'in base64url': (secret) => Buffer.from(`{"key":"${secret}"}`).toString('base64url'),
  'in base64, in lines': (secret) =>
    lines(Buffer.from(`${'a long text before it '.repeat(3)}${secret}!`).toString('base64'), 76),
};

/** Printable, so that it can stand in a variable; long enough to be a secret, and to be told from chance. */
const secrets = fc
  .string({ unit: fc.constantFrom(...'abcXYZ0189+/=_-.%\\"\'&?#:@ $é漢'), minLength: 8, maxLength: 90 })
  .map((text) => text.trim())
  .filter((text) => text.length >= 8 && !text.startsWith('/'));

test.each(Object.keys(WAYS))('%s: whole, and in pieces', (way) => {
  const write = WAYS[way] ?? String;
  fc.assert(
    fc.property(secrets, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 }), (secret, sizes) => {
      const redactor = makeRedactor({}, { KEY: secret });
      const text = `before\n${write(secret)}\nbehind`;
      const whole = redactor.text(text);
      expect(whole).toContain('[KEY]');
      expect([whole.slice(0, 7), whole.slice(-7)]).toEqual(['before\n', '\nbehind']);
      const told = piecewise(redactor, text, sizes);
      expect(told).toContain('[KEY]');
      for (const text of [whole, told]) expectGone(text, write(secret));
    }),
    { numRuns: Math.ceil(RUNS / Object.keys(WAYS).length), seed: SEED },
  );
});

test('what is no secret gets through as it is, to the byte, and nothing is held back for ever', () => {
  const redactor = makeRedactor({ API_KEY: 'k7-Zq9/xW+2' }, { MODE: 'true', PORT: '3000' });
  const texts = fc.string({
    unit: fc.constantFrom('k7', '-Zq', '9', 'true', '3000', '%', '\\', '\u001b[1m', '\n', 'é', '漢', 'QUFB', ' '),
    maxLength: 60,
  });
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 }), (text, sizes) => {
      expect(piecewise(redactor, text, sizes)).toBe(text);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test('one secret in another, and two that overlap', () => {
  const redactor = makeRedactor({}, { LONG: 'abcdefghijkl', SHORT: 'abcdef', OTHER: 'jklmnopq' });
  expect(redactor.text('abcdefghijkl abcdef- abcdefghijklmnopq.')).toBe('[LONG] [SHORT]- [LONG].');
  expect(piecewise(redactor, 'abcdefghijkl abcdef- abcdefghijklmnopq.', [])).toBe('[LONG] [SHORT]- [LONG].');
});

test('the password in the URL of a database, told alone; and what looks like a secret and is none', () => {
  const environment = { DATABASE_URL: 'postgres://ada:s3cr%2Fet-pw@db/x', OLDPWD: '/gone/folder', KEYS: 'qwerty' };
  const { text } = makeRedactor(environment, {});
  expect(text('password "s3cr/et-pw" (s3cr%2Fet-pw) of ada')).toBe('password "[DATABASE_URL]" ([DATABASE_URL]) of ada');
  expect(text('cd /gone/folder; true; qwerty')).toBe('cd /gone/folder; true; [KEYS]');
});

test('a key of 4,000 characters, byte by byte: what is done for each byte is bounded', () => {
  const key = Array.from({ length: 4000 }, (_, i) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[(i * 7 + (i >> 5)) % 32]).join(
    '',
  );
  expect(piecewise(makeRedactor({ PRIVATE_KEY: key }, {}), `<${key.slice(0, 400)}!${key.slice(0, 90)}>`, [])).toBe(
    `<${key.slice(0, 400)}!${key.slice(0, 90)}>`,
  );
  expect(piecewise(makeRedactor({ PRIVATE_KEY: key }, {}), `<${key}>`, [997])).toBe('<[PRIVATE_KEY]>');
});

test('through the program: coloured, escaped and encoded, on the screen, in the log, in the journal and in the YAML', async () => {
  const secret = 'q"7&zz/Wq+81 =%\\k!';
  const script = `#!/usr/bin/env node
const say = (text) => new Promise((done) => process.stdout.write(text, done));
for (const text of ${JSON.stringify(Object.values(WAYS).map((write) => write(secret)))}) {
  for (const byte of Buffer.from(text + '\\n')) await say(Buffer.from([byte]));
}
process.exit(3);
`;
  const runbook = 'tasks: [{id: one, status: READY, type: AUTOMATED_SCRIPT, script_details: {path: ./tell.mjs}}]\n';
  await using rig = await makeRig({
    files: { 'runbook.yaml': runbook, '.env': `SHY='${secret}'\n`, 'tell.mjs': script },
  });
  const { code, stdout, stderr } = await rig.run(['next']);
  expect(code).toBe(1);
  const log = Object.keys(rig.tree()).filter((path) => path.endsWith('.log'));
  expect(log).toHaveLength(1);
  expect(rig.read(log[0] ?? '').match(/\[SHY\]/g)).toHaveLength(Object.keys(WAYS).length);
  const shown = await rig.run(['show', 'one', '--json']);
  for (const text of [
    stdout,
    stderr,
    shown.stdout,
    rig.read(log[0] ?? ''),
    rig.read('logs/run_log.jsonl'),
    rig.read('runbook.yaml'),
  ])
    for (const write of Object.values(WAYS)) expectGone(text, write(secret));
});

function piecewise({ stream }: ReturnType<typeof makeRedactor>, text: string, sizes: readonly number[]): string {
  const { push, end } = stream();
  let told = '';
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = sizes[i] ?? 1;
    told += push(text.slice(at, at + size));
    at += size;
  }
  return told + end();
}

/** Nothing as long as a secret's whole core is left: the ends of base64 are shared with what stands beside them. */
function expectGone(told: string, written: string): void {
  const core = written.replaceAll('\n', '').slice(4, -4);
  if (core.length > 3) expect(told.replaceAll('\n', '')).not.toContain(core);
}
