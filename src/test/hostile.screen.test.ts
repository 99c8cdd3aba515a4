// What acts on a terminal (clearing it, its title, its clipboard, links, text that runs backwards) and comes from a plan, a script,
// a reply or the name of a file: none of it reaches the terminal. Looked at byte by byte, with colours and without.
import { expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';

const ACTING = [
  '\u001b[2J', // clears the screen
  '\u001b]0;title\u0007', // sets the title
  '\u001b]52;c;ZXZpbA==\u0007', // writes to the clipboard
  '\u001b]8;;http://evil\u001b\\', // begins a link
  '\u001bP+q\u001b\\', // asks the terminal to answer
  '\u001bc', // resets it
  '\u009b31m', // the same sequences in one byte
  '\u009d0;t\u009c',
  '\u202e', // text that runs backwards
  '\u2066',
  '\u061c',
  '\u0007',
  '\b\b',
  '\u007f',
  '\u001b[8m', // hides what follows
].join('|');
const EVIL = `evil ${ACTING} end`;
const q = JSON.stringify;

/** The sequences that are ours: colours, and what a prompt draws with. */
const OURS = /\u001b\[[\d;]*m|\u001b\[\?(?:25|2004)[hl]|\u001b\[\d*[ABCDEFGJK]/g;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const runbook = `name: ${q(EVIL)}
tasks:
  - id: ${q(`by hand ${EVIL}`)}
    name: ${q(EVIL)}
    status: READY
    description: ${q(EVIL)}
    tags: [${q(EVIL)}]
    manual_instructions: [${q(EVIL)}, ${q(`two ${EVIL}`)}]
    checks: [{name: ${q(EVIL)}, command: "printf %s \\"$EVIL\\"; false"}]
    env: {EVIL: ${q(EVIL)}}
    issues: [{type: ${q(EVIL)}, detail: ${q(EVIL)}}]
    last_run: {timestamp: ${q(EVIL)}, ${q(EVIL)}: x}
  - id: ${q(`script ${EVIL}`)}
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: {path: ./tell.mjs, timeout: 60}
  - id: draft
    status: READY
    type: AI_ASSISTED
    ai_details: {model: recorded, prompt_template: p.md, output_parser: files, review_points: [${q(EVIL)}]}
  - id: ${q(`waits ${EVIL}`)}
    depends_on: [draft, ${q(`script ${EVIL}`)}]
  - id: last
    task_detail_file: ${q(`${EVIL.replaceAll('/', '')}.yaml`)}
models: {recorded: {provider: scripted, replies: replies.yaml}}
`;
const files = {
  'runbook.yaml': runbook,
  [`${EVIL.replaceAll('/', '')}.yaml`]: 'status: PENDING\n',
  'tell.mjs': `#!/usr/bin/env node\nconsole.log(${q(EVIL)}); console.error(${q(EVIL)}); process.exit(3);\n`,
  'p.md': `say ${EVIL}\n`,
  'replies.yaml': q({ replies: [{ reply: `\`\`\`text x.txt\n${EVIL}\n\`\`\`\n` }] }),
};

const COMMANDS = [
  ...[['status'], ['list'], ['list', '--plain'], ['list', '--json'], ['validate'], ['validate', '--json']],
  ...[
    ['show', `by hand ${EVIL}`],
    ['show', `script ${EVIL}`, '--json'],
    ['show', EVIL],
    ['next', '-n'],
    ['done', '-n', `by hand ${EVIL}`],
  ],
  ...[
    ['next', '--answer', 'accept'],
    ['next', '--start-from', `script ${EVIL}`, '--keep-going'],
    ['done', `by hand ${EVIL}`],
  ],
  ...[
    ['next', '--start-from', 'draft', '--keep-going', '--yes=unchecked'],
    ['skip', `script ${EVIL}`],
    ['next', '--no-input'],
  ],
  ...[
    ['graph'],
    ['graph', '--format', 'dot'],
    ['graph', '--format', 'svg'],
    ['report'],
    ['report', '--format', 'html'],
  ],
];

/** Both, where there is time. */
const SETTINGS = process.env.RUNBOOK_RELIABILITY ? [{}, { FORCE_COLOR: '1' }] : [{ FORCE_COLOR: '1' }];

test.each(SETTINGS)('through pipes, with %j', async (env) => {
  await using rig = await makeRig({ files });
  for (const args of COMMANDS) {
    const { code, stdout, stderr } = await rig.run(args, { env });
    expect(code, stderr).not.toBe(70);
    expect(stdout + stderr).toMatch(/\S/);
    for (const text of [stdout, stderr]) expectHarmless(text, args, 'FORCE_COLOR' in env);
  }
});

test('in a terminal: a step by hand, a script, a reply with its diff', async () => {
  await using rig = await makeRig({ files });
  await answered(
    rig,
    ['next'],
    [
      ['Step 1 of 2', 'y'],
      ['Step 2 of 2', 'y'],
      ['A check failed', 'e'],
    ],
  );
  await answered(rig, ['next', '--start-from', `script ${EVIL}`, '--keep-going'], []);
  await answered(
    rig,
    ['next', '--start-from', 'draft', '--keep-going', '--review'],
    [
      ['Send this prompt?', 'y'],
      ['Accept?', 'd'],
      ['Accept?', 'q'],
    ],
  );
});

async function answered(rig: Rig, args: string[], keys: [string, string][]): Promise<void> {
  const term = rig.terminal(args, { cols: 60, rows: 60 });
  for (const [question, key] of keys) {
    await term.waitForNew(question);
    await term.waitForNew(/›/);
    term.press(key);
  }
  await term.exit;
  expectHarmless(term.raw().replaceAll('\r', ''), args, true);
}

function expectHarmless(text: string, args: readonly string[], coloured: boolean): void {
  const rest = coloured ? text.replaceAll(OURS, '') : text;
  const found = CONTROL.exec(rest);
  expect(found && rest.slice(Math.max(0, found.index - 60), found.index + 20), args.join(' ')).toBeNull();
  expect(text.includes('\u001b[8m'), args.join(' ')).toBe(false);
}
