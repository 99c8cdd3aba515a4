// The largest plans that are read, in each form: no command grows past 500 MB. One entry more, and the plan is refused. And a reply
// of 20 MB: less than 200.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { encoded } from '../runbook/memory.ts';
import { makeRig, type Rig } from './rig.ts';
import { chunk, streamed, webServer } from './webServer.ts';

const ALL = process.env.RUNBOOK_RELIABILITY === '1';
const PRELOAD = fileURLToPath(new URL('memory/preload.cjs', import.meta.url));
const MOST_MB = 500;

/** One task is READY, in the middle; the others are DONE. */
const FORMS = {
  'lines, as most plans are': {
    most: 400_000,
    head: 'tasks:\n',
    task: (i: number, status: string) =>
      `  - id: task_${i}\n    name: "Task ${i}"\n    status: ${status}\n    depends_on: []\n`,
  },
  'flow maps': {
    most: 80_000,
    head: '# in one line each\ntasks: !!seq\n',
    task: (i: number, status: string) =>
      `  - {id: task_${i}, name: "Task number ${i} of a long plan", status: ${status}, depends_on: []}\n`,
  },
  'anchors and merges': {
    most: 80_000,
    head: 'x: &base {type: MANUAL, timeout: 5s}\ntasks:\n',
    task: (i: number, status: string) =>
      `  - <<: *base\n    id: &t${i} task_${i}\n    name: "Task ${i}"\n    status: ${status}\n    depends_on: [${i === 0 ? '' : `*t${i - 1}`}]\n`,
  },
  'keys in quotes, and explicit ones': {
    most: 80_000,
    head: '"tasks":\n',
    task: (i: number, status: string) =>
      `- "id": 'task_${i}'\n  "name": "Task \\u00e4 number ${i}"\n  ? status\n  : ${status}\n`,
  },
} as const;

const COMMANDS = ['validate', 'status', 'next --dry-run', 'done READY', 'next --answer accept'];

/** The others take a minute each. */
const TRIED = Object.entries(FORMS).slice(0, ALL ? undefined : 1);

test.each(TRIED)('%s', { timeout: 600_000 }, async (name, form) => {
  const { whole, tooMuch, ready } = plans(form);
  await using rig = await makeRig({ files: { 'runbook.yaml': tooMuch } });
  const refused = await rig.run(['status']);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`more than ${form.most} lines`)]);
  for (const command of ALL ? COMMANDS : COMMANDS.slice(-1)) {
    rig.write('runbook.yaml', whole);
    const peak = await peakOf(rig, command.replace('READY', ready).split(' '));
    console.log(`${name}, ${Math.round(whole.length / 100_000) / 10} MB, ${command}: at most ${Math.round(peak)} MB`);
    expect(peak, command).toBeLessThan(MOST_MB);
  }
});

test('a script that prints much in one line: it is not kept until it ends', async () => {
  const script = `head -c 8000000 /dev/zero | tr '\\0' x; printf '10%%\\r20%%\\r'; echo`;
  const task = `  - id: a\n    type: AUTOMATED_SCRIPT\n    script_details: ${JSON.stringify(script)}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': `tasks:\n${task}` } });
  const peak = await peakOf(rig, ['run']);
  const { details } = rig.journal().find(({ event_type: type }) => type === 'RUN_SCRIPT') ?? {};
  expect(rig.read(String(details?.['log'])).length).toBeGreaterThan(8_000_000);
  console.log(`8 MB in one line: at most ${Math.round(peak)} MB`);
  expect(peak).toBeLessThan(200);
});

function plans({ most, head, task }: (typeof FORMS)[keyof typeof FORMS]) {
  const valuesIn = (text: string) => text.match(/[\n,:[{]/g)?.length ?? 0;
  const count = Math.floor((most - valuesIn(head)) / valuesIn(task(1, 'DONE'))) - 10;
  const ready = Math.floor(count / 2);
  const made = (n: number) =>
    head + Array.from({ length: n }, (_, i) => task(i, i === ready ? 'READY' : 'DONE')).join('');
  return { whole: made(count), tooMuch: made(count + 12), ready: `task_${ready}` };
}

test('the bytes of a text in pieces are its bytes, wherever it is cut', () => {
  for (const length of [0, 1, 199_998, 199_999, 200_000, 400_001]) {
    const text = `${'a'.repeat(length)}🙂é\ud83d${'漢'.repeat(3)}`.slice(0, length === 0 ? 0 : undefined);
    const pieces = Array.from(encoded(text), (bytes) => Buffer.from(bytes));
    expect(Buffer.concat(pieces).equals(Buffer.from(text)), `${length}`).toBe(true);
    expect(pieces.length).toBe(Math.max(1, Math.ceil(text.length / 200_000)));
  }
});

test('a reply of 20 MB, in pieces of 1 kB: accepted as text, in less than 200 MB', { timeout: 300_000 }, async () => {
  const line = 'one line of a reply that is much longer than anybody will ever read, and all of it is text\n';
  const piece = line.repeat(11);
  const event = chunk({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });
  const count = Math.ceil(20_000_000 / piece.length);
  await using server = await webServer(async (_request, response) => {
    for (let sent = 0; sent < count; sent++) if (!response.write(event)) await once(response, 'drain');
    response.end(streamed('the end'));
  });
  const plan = `models:\n  m: {provider: openai, model: x, base_url: "${server.url}"}\ntasks:\n  - {id: a, status: READY, type: AI_ASSISTED, output_artifact: out.txt, ai_details: {prompt_template: p.md, model: m}}\n`;
  await using rig = await makeRig({ files: { 'runbook.yaml': plan, 'p.md': 'Write it.\n' } });
  const peak = await peakOf(rig, ['next', '--yes=unchecked']);
  console.log(`a reply of 20 MB: at most ${Math.round(peak)} MB`);
  expect(rig.read('out.txt').length).toBe(count * piece.length + 'the end\n'.length);
  expect(peak).toBeLessThan(200);
});

async function peakOf(rig: Rig, args: string[]): Promise<number> {
  const env = { NODE_OPTIONS: `--require=${PRELOAD}`, RUNBOOK_PEAK: `${rig.dir}/../peak` };
  expect(await rig.run(args, { env, timeoutMs: 300_000 })).toMatchObject({ code: 0 });
  return Number(rig.read('../peak')) / 1024;
}
