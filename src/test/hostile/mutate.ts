// Mutants of files, drawn from a seed: bytes, tokens and lines that are deleted, doubled, swapped, or replaced by what is hostile.

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One to five changes. */
export function mutant(original: Buffer, random: () => number): Buffer {
  let bytes = original;
  for (let left = 1 + Math.floor(random() * 5); left > 0; left--) bytes = pick(CHANGES, random)(bytes, random);
  return bytes;
}

export function pick<T>(list: readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

type Change = (bytes: Buffer, random: () => number) => Buffer;

const HOSTILE = [
  ...[
    '\0',
    '\t',
    '\r',
    '\r\n',
    '\uFEFF',
    '\u0085',
    '\u2028',
    '\u001b[2J',
    '\u001b]52;c;aGk=\u0007',
    '\u202e',
    '\u009b31m',
  ],
  ...[
    '"',
    "'",
    '`',
    '[',
    ']',
    '{',
    '}',
    '|',
    '>',
    '|2-\n',
    '#',
    '%',
    '@',
    ': ',
    '- ',
    '? ',
    ',',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
  ],
  ...[
    '&a ',
    '*a',
    '<<: ',
    '<<: *a\n',
    '<<: [*a, *a]\n',
    '!!binary ',
    '!!set ',
    '!!omap ',
    '!!js/function ',
    '!<x> ',
    '!!float ',
  ],
  ...[
    'null',
    '~',
    'true',
    '.nan',
    '-.inf',
    '0x7F',
    '0o17',
    '1e999',
    '1_000',
    '2026-11-20',
    '12:30:45',
    '9'.repeat(500),
    '-0',
  ],
  ...['__proto__: {x: 1}\n', 'constructor: {prototype: {x: 1}}\n', 'toString: 1\n', 'hasOwnProperty: 1\n'],
  ...[
    'id: x\n',
    'status: ready\n',
    'depends_on: [nobody]\n',
    'tasks: 5\n',
    'task_detail_file: ../../x\n',
    'cwd: /\n',
    'timeout: -1\n',
  ],
  ...[
    '['.repeat(600),
    '{a: '.repeat(300),
    '- '.repeat(600),
    '? '.repeat(300),
    '&a [*a]',
    '{{ x',
    '{% endfor %}',
    '🙂',
    '漢',
    'é',
  ],
  ...['x'.repeat(5000), ' '.repeat(3000), '\n'.repeat(500), '<<<<<<< HEAD\n', '=======\n', '>>>>>>> theirs\n'],
].map((text) => Buffer.from(text));

/** What is no UTF-8. */
const BROKEN = [[0xff], [0xc3], [0xe2, 0x28, 0xa1], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80], [0xc0, 0xaf]].map(
  (bytes) => Buffer.from(bytes),
);

const CHANGES: readonly Change[] = [
  (bytes, random) => spliced(bytes, random, 1, Buffer.from([Math.floor(random() * 256)])),
  (bytes, random) => spliced(bytes, random, 1 + Math.floor(random() * 20), Buffer.alloc(0)),
  (bytes, random) => spliced(bytes, random, Math.floor(random() * 8), pick(HOSTILE, random)),
  (bytes, random) => spliced(bytes, random, Math.floor(random() * 8), pick(HOSTILE, random)),
  (bytes, random) => spliced(bytes, random, 0, pick(BROKEN, random)),
  (bytes, random) => spliced(bytes, random, 0, stretch(bytes, random)),
  (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
  byLines((lines, at) => lines.toSpliced(at, 1)),
  byLines((lines, at) => lines.toSpliced(at, 0, lines[at] ?? '')),
  byLines((lines, at, random) => swapped(lines, at, Math.floor(random() * lines.length))),
  byLines((lines, at, random) => lines.with(at, ' '.repeat(Math.floor(random() * 9)) + (lines[at] ?? '').trimStart())),
  byLines((lines, at, random) => lines.with(at, (lines[at] ?? '').replace(/:.*$/, `: ${pick(HOSTILE, random)}`))),
  byLines((lines, at, random) => lines.with(at, (lines[at] ?? '').replace(/[\w-]+/, String(pick(HOSTILE, random))))),
  byLines((lines, at) => lines.with(at, `\t${lines[at]}`)),
];

function spliced(bytes: Buffer, random: () => number, length: number, put: Buffer): Buffer {
  const at = Math.floor(random() * bytes.length);
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + length)]);
}

function stretch(bytes: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * bytes.length);
  return bytes.subarray(at, at + Math.floor(random() * 200));
}

function byLines(change: (lines: string[], at: number, random: () => number) => string[]): Change {
  return (bytes, random) => {
    const lines = bytes.toString('latin1').split('\n');
    return Buffer.from(change(lines, Math.floor(random() * lines.length), random).join('\n'), 'latin1');
  };
}

function swapped(lines: readonly string[], one: number, other: number): string[] {
  return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
}
