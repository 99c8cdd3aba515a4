// Draws runbooks in every style that people write, and knows of each what it means and where an edit may touch it.
// It shares nothing with the code under test: it is the oracle for "only the bytes we mean".
import fc from 'fast-check';

type Field = 'status' | 'last_run' | 'issues';

export interface Drawn {
  readonly text: string;
  readonly eol: string;
  /** What the first document means, merge keys followed. */
  readonly meaning: Meaning;
  readonly spots: readonly Spot[];
}

type Meaning = Record<string, unknown> & { tasks: Record<string, unknown>[] };

/** Where an edit of one field of one task may touch the text. */
export interface Spot {
  readonly task: number;
  readonly field: Field;
  /** Only these stretches may change, each `[start, end)`; an empty one is a place for an insertion. */
  readonly windows: readonly (readonly [number, number])[];
  /** What the windows hold once a status is set to this word. */
  readonly becomes?: ((word: string) => readonly string[]) | undefined;
  /** How the last window begins afterwards, if the new text stands on lines of its own. */
  readonly begins?: string | undefined;
  /** The file must be left as it is, for this reason. */
  readonly refusal?: RegExp | undefined;
}

/**
 * How a field is written. `⟦⟧` is a window, `¤` something that may follow in the line (`¢`: not mere spaces), `◆` the end
 * of the field if comments follow it, `№` the number of the task. `↓` begins a line at the column of the keys, `→` one
 * step further in, `⇒` where dashes stand, `⇛` where the items behind them stand; `·` is what follows a dash.
 */
interface Form {
  readonly text: string;
  readonly value: unknown;
  readonly becomes?: (word: string) => readonly string[];
  readonly begins?: string;
  readonly refusal?: RegExp;
}

const RECORD = { outcome: 'ERROR', cost: 0.5 };
const ISSUE = { type: 'OLD', detail: 'it: broke' };
const asIs = (word: string) => [word];
const shared = /other places use this value/;

const STATUS: readonly Form[] = [
  { text: 'status: ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: 'status:    ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: "status: ⟦'READY'⟧¤", value: 'READY', becomes: (word) => [`'${word}'`] },
  { text: 'status: ⟦"READY"⟧¤', value: 'READY', becomes: (word) => [`"${word}"`] },
  { text: '"status" : ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: 'status: ⟦~⟧¤', value: null, becomes: asIs },
  { text: 'status:⟦⟧¢', value: null, becomes: (word) => [` ${word}`] },
  { text: 'status:  ⟦⟧', value: null, becomes: asIs },
  { text: 'status:⟦⟧¢◆→# one of READY, DONE', value: null, becomes: (word) => [` ${word}`] },
  { text: 'status: ⟦*s⟧¤', value: 'READY', becomes: asIs },
  { text: 'status:¤→⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: 'status:¤→# c→⟦"READY"⟧¤', value: 'READY', becomes: (word) => [`"${word}"`] },
  { text: 'status: ⟦|⟧¤⟦→READY⟧', value: 'READY\n', becomes: (word) => [word, ''] },
  { text: 'status: ⟦>-⟧¤⟦→READY→or so⟧', value: 'READY or so', becomes: (word) => [word, ''] },
  { text: 'status: ⟦|+⟧¤⟦→READY⟧\n◆\n# kept', value: 'READY\n\n', becomes: (word) => [word, ''] },
  { text: 'status: ⟦"READY→ so"⟧¤', value: 'READY so', becomes: (word) => [`"${word}"`] },
  { text: '? status↓: ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: '? status¢⟦⟧', value: null, becomes: (word) => [`↓: ${word}`] },
  { text: 'status: !!str ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: 'status: &own№ ⟦READY⟧¤', value: 'READY', becomes: asIs },
  { text: 'status: &c№ ⟦READY⟧¤', value: 'READY', refusal: shared },
];

const LAST_RUN: readonly Form[] = [
  { text: 'last_run:⟦ null⟧¤⟦⟧', value: null, begins: '→' },
  { text: 'last_run:⟦→null⟧¤⟦⟧', value: null, begins: '→' },
  { text: 'last_run:¤⟦⟧', value: null, begins: '→' },
  { text: 'last_run: &own№¤⟦⟧◆→# none', value: null, begins: '→' },
  { text: 'last_run:⟦ {}⟧¤⟦⟧', value: {}, begins: '→' },
  { text: 'last_run: &own№¤⟦→outcome: ERROR # old\n→"cost": 0.5¤⟧◆→# behind', value: RECORD },
  { text: 'last_run:¤→# before⟦→outcome: |→  ERROR→cost: !!float 0.5¤⟧◆\n', value: { outcome: 'ERROR\n', cost: 0.5 } },
  { text: "last_run: ⟦{outcome: 'ERROR', cost: 0.5}⟧¤", value: RECORD },
  { text: 'last_run: !x ⟦{→outcome: "ERROR", # why→cost: 0.5→}⟧¤', value: RECORD },
];

const ISSUES: readonly Form[] = [
  { text: 'issues:⟦ ~⟧¤⟦⟧', value: null, begins: '⇒-·' },
  { text: 'issues:¤⟦⟧◆→# none', value: null, begins: '⇒-·' },
  { text: 'issues:⟦ []⟧¤⟦⟧', value: [], begins: '⇒-·' },
  { text: 'issues:¤⇒-·type: OLD⇛detail: "it: broke"¤⟦⟧◆⇒# behind', value: [ISSUE], begins: '⇒-·' },
  { text: 'issues: &own№¤⇒-·{type: OLD, detail: "it: broke"}¤⟦⟧', value: [ISSUE], begins: '⇒-·{' },
  { text: 'issues:¤⇒# first⇒-·old⇒-⟦⟧', value: ['old', null], begins: '⇒-·' },
  { text: 'issues: [{type: OLD, detail: "it: broke"}⟦⟧]¤', value: [ISSUE] },
  { text: 'issues: [→{type: OLD, detail: "it: broke"},¤⟦⟧→]¤', value: [ISSUE], begins: '→{' },
  { text: 'issues: [→{type: OLD, detail: "it: broke"}⟦⟧¤⟦⟧→]¤', value: [ISSUE], begins: '→{' },
];

const IN_FLOW: Record<Field, readonly Form[]> = {
  status: [
    { text: 'status: ⟦READY⟧', value: 'READY', becomes: asIs },
    { text: "status: ⟦'READY'⟧", value: 'READY', becomes: (word) => [`'${word}'`] },
    { text: '"status":⟦"READY"⟧', value: 'READY', becomes: (word) => [`"${word}"`] },
    { text: 'status: ⟦null⟧', value: null, becomes: asIs },
    { text: 'status:⟦⟧', value: null, becomes: (word) => [` ${word}`] },
    { text: 'status⟦⟧', value: null, becomes: (word) => [`: ${word}`] },
    { text: 'status: ⟦*s⟧', value: 'READY', becomes: asIs },
    { text: 'status: &c№ ⟦READY⟧', value: 'READY', refusal: shared },
  ],
  last_run: [
    { text: 'last_run: ⟦null⟧', value: null },
    { text: 'last_run:⟦⟧', value: null },
    { text: 'last_run: ⟦{}⟧', value: {} },
    { text: 'last_run: ⟦{outcome: ERROR, "cost":0.5,}⟧', value: RECORD },
  ],
  issues: [
    { text: 'issues: ⟦null⟧', value: null },
    { text: 'issues⟦⟧', value: null },
    { text: 'issues: ⟦[]⟧', value: [] },
    { text: "issues: [{type: OLD, detail: 'it: broke'}⟦⟧,]", value: [ISSUE] },
  ],
};

/** Fields that are nothing of ours. */
const OTHERS: readonly (Form & { readonly key: string })[] = [
  { key: 'type', text: 'type: MANUAL¤', value: 'MANUAL' },
  { key: 'depends_on', text: 'depends_on: [a, "b",  c]¤', value: ['a', 'b', 'c'] },
  { key: 'tags', text: 'tags:¤⇒-·x¤⇒-·"y"¤◆⇒# two', value: ['x', 'y'] },
  { key: 'script', text: 'script: |¤→echo "status: READY"\n→  # text', value: 'echo "status: READY"\n\n  # text\n' },
  { key: 'kept', text: 'kept: |+¤→text\n◆\n# kept', value: 'text\n\n' },
  { key: 'folded', text: 'folded: >-→folded→text', value: 'folded text' },
  { key: 'long', text: 'long: over→two lines¤', value: 'over two lines' },
  { key: 'quoted', text: "quoted : 'it''s {not} [flow]'¤", value: "it's {not} [flow]" },
  { key: 'escaped', text: '"escaped": "tab\\t \\u263A # no"¤', value: 'tab\t ☺ # no' },
  { key: 'env', text: 'env: {A: 1, B: "two",→C: [x, {y: z}] # in→}¤', value: { A: 1, B: 'two', C: ['x', { y: 'z' }] } },
  { key: 'when', text: 'when: 2026-01-01¤', value: '2026-01-01' },
  { key: 'note', text: 'note: !!str 12¤', value: '12' },
  { key: 'nothing', text: 'nothing:¤', value: null },
  { key: 'ai', text: 'ai: &ai№¤→# inside→model: gpt\n→temperature: 0.0¤', value: { model: 'gpt', temperature: 0 } },
  { key: '? no', text: '? "? no"¤↓: - one↓  - two', value: ['one', 'two'] },
];

const OTHERS_IN_FLOW: readonly (Form & { readonly key: string })[] = [
  { key: 'type', text: 'type: MANUAL', value: 'MANUAL' },
  { key: 'deps', text: '\'deps\' : [a, "b",  {c: d}]', value: ['a', 'b', { c: 'd' }] },
  { key: 'nothing', text: 'nothing:', value: null },
  { key: 'lonely', text: 'lonely', value: null },
  { key: 'asked', text: '? asked : &ai№ 12', value: 12 },
  { key: 'url', text: 'url: http://x/#y', value: 'http://x/#y' },
];

const BESIDE = ['', '', '', '', ' # status: X', '   # it\'s "odd"', '  '] as const;
const BETWEEN = ['', '', '', '# status: READY\n', '\n', '   # far: "in\n', '\n# {\n\n', '#\n'] as const;

const MERGED = { status: 'PENDING', priority: 3 };

interface Habits {
  readonly eol: string;
  readonly bom: boolean;
  readonly head: readonly [text: string, meaning: object];
  readonly tail: readonly [text: string, meaning: object];
  readonly finalNewline: boolean;
  readonly step: number;
  readonly dash: number;
  readonly gap: string;
}

interface Plan {
  readonly shape: 'block' | 'line' | 'lines';
  /** Which form a field has, counted round and round; null if it is missing. */
  readonly status: number | null;
  readonly last_run: number | null;
  readonly issues: number | null;
  readonly hasName: boolean;
  readonly others: readonly number[];
  readonly merges: boolean;
  readonly order: readonly number[];
  readonly beside: readonly string[];
  readonly between: readonly string[];
  readonly isShared: boolean;
  readonly trailingComma: boolean;
}

const habits: fc.Arbitrary<Habits> = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  head: fc.constantFrom<Habits['head']>(
    ['', {}],
    ['---\n', {}],
    ['# plan\n\n', {}],
    ['%YAML 1.2\n--- # start\n', {}],
    ['name: "plan" # mine\n', { name: 'plan' }],
    ["\n'budget': 5\n", { budget: 5 }],
  ),
  tail: fc.constantFrom<Habits['tail']>(
    ['', {}],
    ['\n', {}],
    ['# end\n', {}],
    ['\n  # in\n# end', {}],
    ['...\n', {}],
    ['---\nstatus: READY\n...\n', {}],
    ['after: 1 # last\n', { after: 1 }],
  ),
  finalNewline: fc.boolean(),
  step: fc.constantFrom(2, 2, 3, 4, 8),
  dash: fc.constantFrom(0, 2, 4),
  gap: fc.constantFrom(' ', ' ', '   '),
});

const plan: fc.Arbitrary<Plan> = fc.record({
  shape: fc.constantFrom('block', 'block', 'block', 'line', 'lines'),
  status: fc.option(fc.nat(99), { freq: 8 }),
  last_run: fc.option(fc.nat(99)),
  issues: fc.option(fc.nat(99)),
  hasName: fc.boolean(),
  others: fc.uniqueArray(fc.nat(OTHERS.length - 1), { maxLength: 4 }),
  merges: fc.boolean(),
  order: fc.array(fc.nat(20), { minLength: 10, maxLength: 10 }),
  beside: fc.array(fc.constantFrom(...BESIDE), { minLength: 10, maxLength: 10 }),
  between: fc.array(fc.constantFrom(...BETWEEN), { minLength: 10, maxLength: 10 }),
  isShared: fc.nat(19).map((n) => n === 0),
  trailingComma: fc.boolean(),
});

/** A runbook of two to four tasks. */
export const drawn: fc.Arbitrary<Drawn> = fc
  .record({ habits, plans: fc.array(plan, { minLength: 2, maxLength: 4 }) })
  .map((choices) => new Scribe(choices.habits).draw(choices.plans));

interface Entry {
  readonly key: string;
  readonly form: Form;
}

class Scribe {
  readonly #habits: Habits;
  readonly #spots: Spot[] = [];
  readonly #copies: string[] = [];
  #text = '';

  constructor(chosen: Habits) {
    this.#habits = chosen;
  }

  draw(plans: readonly Plan[]): Drawn {
    const { bom, head, tail, step, finalNewline, eol } = this.#habits;
    if (bom) this.#text = '\uFEFF';
    this.#write(`${head[0]}shared: &s READY\ndefaults: &d {status: PENDING, priority: 3}\n`);
    this.#write(`habits:\n${' '.repeat(step)}measured: "here"\ntasks: # all\n`);
    const tasks = plans.map((chosen, number) => this.#task(chosen, number));
    const copies = this.#copies;
    if (copies.length > 0) this.#write(`copies: &copies [${copies.map((name) => `*${name}`).join(', ')}]\n`);
    this.#write(tail[0]);
    const text = finalNewline ? this.#text : this.#text.replace(/\r?\n$/, '');
    const copied = copies.length > 0 ? { copies: copies.map((name) => copyOf(name, tasks)) } : {};
    const fixed = { shared: 'READY', defaults: MERGED, habits: { measured: 'here' } };
    return { text, eol, meaning: { ...head[1], ...fixed, tasks, ...copied, ...tail[1] }, spots: this.#spots };
  }

  #task(chosen: Plan, number: number): Record<string, unknown> {
    const { dash, gap } = this.#habits;
    const first = this.#spots.length;
    const pad = ' '.repeat(dash + 1 + gap.length);
    this.#write(`${chosen.between.at(-1)}${' '.repeat(dash)}-${gap}`);
    if (chosen.isShared) {
      this.#copies.push(`t${number}`);
      this.#write(`&t${number}${chosen.shape === 'block' ? `\n${pad}` : ' '}`);
    }
    const entries = entriesOf(chosen, number);
    if (chosen.shape === 'block') this.#block(chosen, number, entries, pad);
    else this.#flow(chosen, number, entries, pad);
    if (chosen.isShared) {
      const refusal = /would change as well|other places use/;
      const mine = this.#spots.splice(first);
      this.#spots.push(...mine.map((spot) => ({ ...spot, refusal })));
    }
    const own = Object.fromEntries(entries.map(({ key, form }) => [key, form.value]));
    const { '<<': merged, ...meaning } = own;
    return { ...(merged === undefined ? {} : MERGED), ...meaning };
  }

  #block(chosen: Plan, number: number, entries: readonly Entry[], pad: string): void {
    const ends = new Map<string, number>();
    let end = 0;
    for (const [i, { key, form }] of entries.entries()) {
      if (i > 0) this.#write(`${chosen.between[i % 9]}${pad}`);
      end = this.#entry(key, form, number, pad, chosen.beside[i % 10] ?? '');
      ends.set(key, end);
      this.#write('\n');
    }
    const behindName = ends.get('name') ?? ends.get('id') ?? 0;
    for (const field of missingIn(entries)) {
      const at = field === 'status' ? behindName : end;
      const becomes = field === 'status' ? (word: string) => [this.#plain(`↓status: ${word}`, pad)] : undefined;
      this.#spots.push({ task: number, field, windows: [[at, at]], becomes, begins: this.#plain(`↓${field}:`, pad) });
    }
  }

  #flow(chosen: Plan, number: number, entries: readonly Entry[], pad: string): void {
    const lines = chosen.shape === 'lines';
    const ends = new Map<string, { end: number; lineEnd: number; comma: boolean }>();
    this.#write('{');
    for (const [i, { key, form }] of entries.entries()) {
      const comma = chosen.trailingComma || i < entries.length - 1;
      if (lines) this.#text += this.#plain('→', pad);
      else if (i > 0) this.#text += ' ';
      const end = this.#entry(key, form, number, pad, '');
      this.#text += comma ? ',' : '';
      const beside = chosen.beside[i % 10] ?? '';
      // Mere spaces without a comma would be part of an empty value.
      if (lines && (comma || beside.trim() !== '')) this.#text += beside;
      ends.set(key, { end, lineEnd: this.#text.length, comma });
    }
    this.#write(lines ? `\n${pad}}\n` : '}\n');
    for (const field of missingIn(entries)) {
      const name = field === 'status' ? (ends.has('name') ? 'name' : 'id') : (entries.at(-1)?.key ?? '');
      const { end, lineEnd, comma } = ends.get(name) ?? { end: 0, lineEnd: 0, comma: false };
      const at = (place: number) => [place, place] as const;
      const windows = !lines ? [at(end)] : comma ? [at(lineEnd)] : [at(end), at(lineEnd)];
      const pair = (word: string) =>
        lines ? this.#plain(`→${field}: ${word}${comma ? ',' : ''}`, pad) : `, ${field}: ${word}`;
      const becomes =
        field === 'status' ? (word: string) => (windows.length > 1 ? [',', pair(word)] : [pair(word)]) : undefined;
      this.#spots.push({
        task: number,
        field,
        windows,
        becomes,
        begins: lines ? this.#plain(`→${field}: `, pad) : `, ${field}: `,
      });
    }
  }

  /** Writes a field and notes its windows. Returns where it ends, comments in its last line included. */
  #entry(key: string, form: Form, number: number, pad: string, beside: string): number {
    const windows: [number, number][] = [];
    let end: number | undefined;
    for (const character of form.text) {
      if (character === '⟦') windows.push([this.#text.length, this.#text.length]);
      else if (character === '⟧') windows.splice(-1, 1, [windows.at(-1)?.[0] ?? 0, this.#text.length]);
      else if (character === '◆') end = this.#text.length;
      else if (character === '¤') this.#text += beside;
      else if (character === '¢') this.#text += beside.trim() === '' ? '' : beside;
      else if (character === '№') this.#text += number;
      else this.#text += this.#plain(character, pad);
    }
    const { becomes, begins, refusal } = form;
    if (refusal) this.#copies.push(`c${number}`);
    if (isOurs(key)) {
      this.#spots.push({
        task: number,
        field: key,
        windows,
        becomes: becomes && ((word) => becomes(word).map((text) => this.#plain(text, pad))),
        begins: begins && this.#plain(begins, pad),
        refusal,
      });
    }
    return end ?? this.#text.length;
  }

  #plain(text: string, pad: string): string {
    const { eol, step, dash, gap } = this.#habits;
    const under = (columns: number) => eol + pad + ' '.repeat(columns);
    return text
      .replaceAll('↓', under(0))
      .replaceAll('→', under(step))
      .replaceAll('⇒', under(dash))
      .replaceAll('⇛', under(dash + 1 + gap.length))
      .replaceAll('·', gap)
      .replaceAll(/(?<!\r)\n/g, eol);
  }

  #write(text: string): void {
    this.#text += text.replaceAll('\n', this.#habits.eol);
  }
}

function isOurs(key: string): key is Field {
  return key === 'status' || key === 'last_run' || key === 'issues';
}

function missingIn(entries: readonly Entry[]): Field[] {
  return (['status', 'last_run', 'issues'] as const).filter((field) => !entries.some(({ key }) => key === field));
}

/** The fields of a task in the order in which they stand. */
function entriesOf(chosen: Plan, number: number): Entry[] {
  const inBlock = chosen.shape === 'block';
  const ours = inBlock ? { status: STATUS, last_run: LAST_RUN, issues: ISSUES } : IN_FLOW;
  const others = inBlock ? OTHERS : OTHERS_IN_FLOW;
  const entries = [
    { key: 'id', form: { text: inBlock ? 'id: t№¤' : 'id: t№', value: `t${number}` } },
    ...(chosen.hasName ? [{ key: 'name', form: { text: 'name: "Task: №"', value: `Task: ${number}` } }] : []),
    ...(chosen.merges ? [{ key: '<<', form: { text: '<<: *d', value: MERGED } }] : []),
    ...(['status', 'last_run', 'issues'] as const).flatMap((key) => {
      const choice = chosen[key];
      const form = choice === null ? undefined : ours[key][choice % ours[key].length];
      return form ? [{ key, form }] : [];
    }),
    ...chosen.others.flatMap((choice) => {
      const form = others[choice];
      return form ? [{ key: form.key, form }] : [];
    }),
  ];
  return entries
    .map((entry, i) => ({ entry, rank: chosen.order[i % 10] ?? 0 }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}

/** `c3` names the status of task 3, `t3` the whole of it. */
function copyOf(name: string, tasks: readonly Record<string, unknown>[]): unknown {
  const task = tasks[Number(name.slice(1))];
  return name.startsWith('c') ? task?.status : task;
}
