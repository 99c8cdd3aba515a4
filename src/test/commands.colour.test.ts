// Colour is decided for each stream by itself, by the terminal, the environment and the flags; the words stay the same.
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { releaseFiles } from './release.ts';
import { makeRig, type Rig } from './rig.ts';

const yaml = 'tasks:\n  - {id: a, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}\n';
/** Writes to both streams: what is announced, and the diff. */
const both = ['next', '-n'];

let piped: Rig;
let terminal: Rig;
beforeAll(async () => {
  piped = await makeRig({ files: { ...releaseFiles, 'small/runbook.yaml': yaml } });
  terminal = await makeRig({ bin: '../wrapped.mjs', files: { '../wrapped.mjs': wrapper, 'runbook.yaml': yaml } });
});
afterAll(async () => {
  for (const rig of [piped, terminal]) await rig[Symbol.asyncDispose]();
});

describe('in a terminal', () => {
  test.each<[what: string, setting: Setting, coloured: string[]]>([
    ['both streams', {}, ['stdout', 'stderr']],
    ['NO_COLOR', { env: { NO_COLOR: '1' } }, []],
    ['NO_COLOR without a value', { env: { NO_COLOR: '' } }, ['stdout', 'stderr']],
    ['TERM=dumb', { env: { TERM: 'dumb' } }, []],
    ['FORCE_COLOR=0', { env: { FORCE_COLOR: '0' } }, []],
    ['--no-color', { flags: ['--no-color'] }, []],
    ['--plain', { flags: ['--plain'] }, []],
    ['stdout goes to a file', { redirect: 'stdout' }, ['stderr']],
    ['stderr goes to a file', { redirect: 'stderr' }, ['stdout']],
    ['stdout goes to a file, FORCE_COLOR', { redirect: 'stdout', env: { FORCE_COLOR: '1' } }, ['stdout', 'stderr']],
  ])('%s', async (_what, { env = {}, flags = [], redirect }, coloured) => {
    const term = terminal.terminal([JSON.stringify({ env, redirect }), ...both, ...flags]);
    expect(await term.exit).toMatchObject({ code: 0 });
    const text = term.raw() + (redirect ? terminal.read(`../${redirect}`) : '');
    expect(stripVTControlCharacters(text)).toContain('+   - {id: a, status: RUNNING');
    expect(stripVTControlCharacters(text)).toMatch(/▶ a {2}|step 1 of 1: a/);
    expect(colouredStreams(text)).toEqual(coloured);
  });
});

describe('without a terminal', () => {
  test.each<[what: string, setting: Setting, coloured: string[]]>([
    ['none', {}, []],
    ['FORCE_COLOR', { env: { FORCE_COLOR: '1' } }, ['stdout', 'stderr']],
    ['a flag beats FORCE_COLOR', { env: { FORCE_COLOR: '1' }, flags: ['--no-color'] }, []],
    ['so does --plain', { env: { FORCE_COLOR: '1' }, flags: ['--plain'] }, []],
  ])('%s', async (_what, { env = {}, flags = [] }, coloured) => {
    const { code, stdout, stderr } = await piped.run([...both, ...flags], { env, cwd: 'small' });
    expect(code).toBe(0);
    expect(colouredStreams(stdout + stderr)).toEqual(coloured);
  });

  test('the words are the same with colour and without', async () => {
    for (const args of [
      ['status'],
      ['list'],
      ['show', 'draft_notes'],
      ['why', 'publish'],
      ['show', 'pakc'],
      ['validate'],
      ['-n', 'skip', 'pack'],
    ]) {
      const plain = await piped.run(args);
      const coloured = await piped.run(args, { env: { FORCE_COLOR: '1' } });
      expect(coloured.stdout + coloured.stderr).not.toBe(plain.stdout + plain.stderr);
      for (const stream of ['stdout', 'stderr'] as const)
        expect(stripVTControlCharacters(coloured[stream])).toBe(plain[stream]);
    }
  });

  test('--json is never coloured', async () => {
    for (const args of [
      ['list', '--json'],
      ['show', 'pakc', '--json'],
    ]) {
      const { stdout, stderr } = await piped.run(args, { env: { FORCE_COLOR: '3' } });
      expect(stdout + stderr).not.toContain('\x1b');
    }
  });
});

describe('which colours', () => {
  const marked = async (...args: string[]) => {
    const { stdout, stderr } = await piped.run(args, { env: { FORCE_COLOR: '1' } });
    return (stdout + stderr).trimEnd().replaceAll(/\x1b\[(\d+)m/g, (_code, number: string) => `‹${number}›`);
  };

  test('status', async () => {
    expect((await marked('status')).replace(/\d+ days ago/, '<days> ago')).toMatchInlineSnapshot(`
      "‹1›release-runbook‹22›                                                      2 of 8 done

        ‹33›RUNNING‹39›  sign
                 its runner is gone; runbook next asks what to do

        ‹31›ERROR‹39›   pack  Pack it, in a file with a name that is longer than what fits …
                exit 1: npm error code E403, <days> ago
                ‹1›runbook retry pack‹22› · runbook show pack

        ‹2›next‹22›    nothing until the error is settled
        ‹2›after‹22›   read_notes  Read the notes (by hand)‹2›, READY‹22›
                publish     Publish (by hand)‹2›, waits for draft_notes, pack‹22›
                announce    Announce (by hand)‹2›, waits for publish‹22›
                late        ‹2›waits for publish‹22›"
    `);
  });

  test('list', async () => {
    expect(await marked('list')).toMatchInlineSnapshot(`
      "‹32›DONE   ‹39›  run_tests    Run every test
      ‹2›SKIPPED‹22›  draft_notes  Phase 1 / Draft the release notes
      ‹31›ERROR  ‹39›  pack         Pack it, in a file with a name that is longer than what f…
      ‹33›RUNNING‹39›  sign
      ‹34›READY  ‹39›  read_notes   Read the notes
      ‹2›PENDING‹22›  publish      Publish (waits for draft_notes, pack)
      ‹2›PENDING‹22›  announce     Announce (waits for publish)
      ‹34›READY  ‹39›  late         (waits for publish)"
    `);
  });

  test('an error', async () => {
    expect(await marked('reset', 'pack')).toMatchInlineSnapshot(`
      "‹31›‹1›error:‹22›‹39› \`pack\` is ERROR; \`runbook reset\` is for DONE, SKIPPED
       ‹34›——▶‹39› tasks/pack.yaml:2:9
        ‹34›│‹39›
      2 ‹34›│‹39› status: ERROR
        ‹34›│‹39›         ‹31›‹1›^^^^^‹22›‹39›
        \`runbook retry pack\` is for that."
    `);
  });

  test('the change of a status, and a dry run', async () => {
    expect(await marked('-n', 'skip', 'late')).toMatchInlineSnapshot(`
      "runbook.yaml
        ‹36›@@ line 28 @@‹39›
        ‹2›      name: Publish‹22›
        ‹2›      depends_on: [draft_notes, pack]‹22›
        ‹2›    - {id: announce, name: Announce, depends_on: [publish]}‹22›
        ‹31›-   - {id: late, status: READY, depends_on: [publish]}‹39›
        ‹32›+   - {id: late, status: SKIPPED, depends_on: [publish]}‹39›
      would set     late: READY → SKIPPED
      Nothing was changed."
    `);
    await using rig = await makeRig({ files: { 'runbook.yaml': yaml } });
    const { stderr } = await rig.run(['skip', 'a'], { env: { FORCE_COLOR: '1' } });
    expect(stderr).toBe('a  \x1b[34mREADY\x1b[39m → \x1b[2mSKIPPED\x1b[22m\n');
  });
});

describe('every other command that shows something, whole', () => {
  const files = {
    'runbook.yaml': `name: small
models: {told: {provider: scripted, replies: replies.yaml}}
tasks:
  - {id: build, status: READY, type: AUTOMATED_SCRIPT, script_details: "true", tags: [x]}
  - {id: draft, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}
  - {id: wrong, status: ERROR, issues: [{type: OURS, detail: it broke}]}
  - {id: last, depends_on: [build, wrong], manual_instructions: [Read, Sign]}
`,
    'p.md': 'Write.\n',
    'replies.yaml': 'replies: [{reply: text}]\n',
    'PLAN.md': '- [ ] One\n',
    '.gitignore': '.env\nlogs/\n.runbook/\n',
  };
  const lines = [
    ['graph'],
    ['why', 'last'],
    ['show', 'wrong'],
    ['history'],
    ['prompt', 'draft'],
    ['next', '-n', '--keep-going'],
    ['error', 'draft', '--reason', 'no', '-n'],
    ['add', 'One more', '-n'],
    ['import', 'PLAN.md', '-n'],
    ['export', '-o', 'LIST.md', '-n'],
    ['start', 'draft', '--by', 'bot'],
    ['next', '--start-from', 'wrong'],
    ['run', '--start-from', 'last', '--keep-going'],
  ];

  test('the words are the same, and the colours are these', async () => {
    await using plain = await makeRig({ files, git: true });
    await using coloured = await makeRig({ files, git: true });
    const screens: string[] = [];
    const stable = (rig: Rig, text: string) =>
      rig.stable(text).replaceAll(/<stamp>-\d+|\d\d:\d\d:\d\d|\d{4}-\d\d-\d\d|just now|<duration>ago/g, '<when>');
    const env = { FORCE_COLOR: '1' };
    for (const rig of [plain, coloured])
      expect((await rig.run(['next', '--start-from', 'build', '--keep-going'])).code).toBe(0);
    for (const args of [...lines, ['doctor'], ['report'], ['validate']]) {
      const [without, inColour] = [await plain.run(args), await coloured.run(args, { env })];
      const words = (rig: Rig, text: string) => stable(rig, stripVTControlCharacters(text));
      for (const stream of ['stdout', 'stderr'] as const)
        expect([args, words(coloured, inColour[stream])]).toEqual([args, words(plain, without[stream])]);
      if (!lines.includes(args)) continue;
      const marks = (inColour.stdout + inColour.stderr).replaceAll(
        /\x1b\[(\d+)m/g,
        (_code, number: string) => `‹${number}›`,
      );
      screens.push(`$ runbook ${args.join(' ')}\n${stable(coloured, marks).trimEnd()}`);
    }
    expect(screens.join('\n\n')).toMatchInlineSnapshot(`
      "$ runbook graph
      ‹2›┌─ ‹22›build  ‹32›DONE   ‹39›  ‹2›→ last‹22›
      ‹2›├─ ‹22›draft  ‹34›READY‹39›
      ‹2›└─ ‹22›wrong  ‹31›ERROR  ‹39›  ‹2›→ last‹22›
      last      ‹2›PENDING‹22›  ‹2›after build and wrong‹22›

      $ runbook why last
      ‹1›last‹22› is ‹2›PENDING‹22›: it waits for wrong, which is in ERROR.

        ‹2›first   ‹22›  wrong  ‹31›ERROR  ‹39›  OURS: it broke
                                  runbook.yaml:6 · ‹1›runbook retry wrong‹22›

        ‹2›to go on‹22›  ‹1›runbook retry wrong‹22›
        ‹2›set     ‹22›  as it was written: the journal tells of no change to PENDING
        ‹2›written ‹22›  runbook.yaml:7  no status, which is PENDING

      $ runbook show wrong
      ‹1›wrong‹22›

        ‹2›status   ‹22› ‹31›ERROR‹39›
        ‹2›type     ‹22› MANUAL
        ‹2›written  ‹22› runbook.yaml:6
        ‹2›before   ‹22› last
        ‹2›issues   ‹22› OURS  it broke

      $ runbook history
      ‹2›<when>  run <when>‹22›
        <when>  build  ‹34›READY‹39› → ‹32›DONE‹39›  <duration>

      1 run · 1 start · <duration>

      $ runbook prompt draft
      Write.

      2 tokens, estimated, for scripted replies (no model):
        p.md  2

      $ runbook next -n --keep-going
      runbook.yaml
        ‹36›@@ line 2 @@‹39›
        ‹2›  models: {told: {provider: scripted, replies: replies.yaml}}‹22›
        ‹2›  tasks:‹22›
        ‹2›  - {id: build, status: DONE, type: AUTOMATED_SCRIPT, script_details: "true", tags: [x], last_run: {timestamp: "<time>", outcome: SUCCESS}}‹22›
        ‹31›-   - {id: draft, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}‹39›
        ‹32›+   - {id: draft, status: RUNNING, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}‹39›
        ‹2›    - {id: wrong, status: ERROR, issues: [{type: OURS, detail: it broke}]}‹22›
        ‹2›    - {id: last, depends_on: [build, wrong], manual_instructions: [Read, Sign]}‹22›
      ▶ ‹1›draft‹22›                                                              ‹2›step 2 of 4‹22›
        scripted replies (no model) · p.md · 2 tokens
        writes nothing: the reply goes to the log

        then DONE, ERROR or SKIPPED, with \`last_run\`. Nothing was changed.

      $ runbook error draft --reason no -n
      runbook.yaml
        ‹36›@@ line 2 @@‹39›
        ‹2›  models: {told: {provider: scripted, replies: replies.yaml}}‹22›
        ‹2›  tasks:‹22›
        ‹2›  - {id: build, status: DONE, type: AUTOMATED_SCRIPT, script_details: "true", tags: [x], last_run: {timestamp: "<time>", outcome: SUCCESS}}‹22›
        ‹31›-   - {id: draft, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}‹39›
        ‹32›+  - {id: draft, status: ERROR, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}, issues: [{timestamp: "<time>", type: MANUAL_BLOCKER, detail: "no"}], last_run: {timestamp: "<time>", outcome: FAILURE}}‹39›
        ‹2›    - {id: wrong, status: ERROR, issues: [{type: OURS, detail: it broke}]}‹22›
        ‹2›    - {id: last, depends_on: [build, wrong], manual_instructions: [Read, Sign]}‹22›
      would set     draft: READY → ERROR
      Nothing was changed.

      $ runbook add One more -n
      ‹1›runbook.yaml‹22›
        ‹36›@@ line 5 @@‹39›
        ‹2›    - {id: draft, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}‹22›
        ‹2›    - {id: wrong, status: ERROR, issues: [{type: OURS, detail: it broke}]}‹22›
        ‹2›    - {id: last, depends_on: [build, wrong], manual_instructions: [Read, Sign]}‹22›
        ‹32›+   - {id: one_more, name: One more, status: READY, type: MANUAL}‹39›
      Nothing was changed.

      $ runbook import PLAN.md -n
      ‹1›runbook.yaml‹22›
        ‹36›@@ line 5 @@‹39›
        ‹2›    - {id: draft, status: READY, type: AI_ASSISTED, ai_details: {model: told, prompt_template: p.md}}‹22›
        ‹2›    - {id: wrong, status: ERROR, issues: [{type: OURS, detail: it broke}]}‹22›
        ‹2›    - {id: last, depends_on: [build, wrong], manual_instructions: [Read, Sign]}‹22›
        ‹32›+   - {id: one, name: One, status: READY, type: MANUAL}‹39›
      would take 1 new task from PLAN.md
      Nothing was changed.

      $ runbook export -o LIST.md -n
      LIST.md
        ‹36›@@ line 1 @@‹39›
        ‹32›+ # small‹39›
        ‹32›+ ‹39›
        ‹32›+ - [x] build <!-- id: build -->‹39›
        ‹32›+ ‹39›
        ‹32›+   \`\`\`sh‹39›
        ‹32›+   true‹39›
        ‹32›+   \`\`\`‹39›
        ‹32›+ ‹39›
        ‹32›+ - [ ] draft <!-- id: draft -->‹39›
        ‹32›+ ‹39›
        ‹32›+ - [ ] wrong <!-- id: wrong; status: ERROR -->‹39›
        ‹32›+ ‹39›
        ‹32›+ - [ ] last <!-- id: last; after: build, wrong -->‹39›
        ‹32›+ ‹39›
        ‹32›+   - Read‹39›
        ‹32›+   - Sign‹39›
      Nothing was changed.

      $ runbook start draft --by bot
      ‹33›◌‹39› draft is ‹33›RUNNING‹39›: bot has it now.
        runbook done draft  gives it back

      $ runbook next --start-from wrong
      ‹31›✘ ERROR‹39›  ‹1›wrong‹22›  ‹2›runbook.yaml:6‹22›
        OURS: it broke
        ‹1›runbook retry wrong‹22› · runbook skip wrong · runbook show wrong

      $ runbook run --start-from last --keep-going
      Nothing from last on is READY:
        last is PENDING, waits for wrong (ERROR)"
    `);
  });
});

interface Setting {
  env?: Record<string, string>;
  flags?: string[];
  redirect?: 'stdout' | 'stderr';
}

/** The added line of the diff is green; the id that is announced is bold. */
function colouredStreams(text: string): string[] {
  return [
    ...(text.includes('\x1b[32m+') ? ['stdout'] : []),
    ...(text.includes('▶ \x1b[1ma\x1b[22m') ? ['stderr'] : []),
  ];
}

/** The binary with one of its streams in a file, and with variables that a terminal would set itself. */
const wrapper = `import { spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
const [settings, ...args] = process.argv.slice(2);
const { env, redirect } = JSON.parse(settings);
const stream = (name) => (name === redirect ? openSync('../' + name, 'w') : 'inherit');
const stdio = ['inherit', stream('stdout'), stream('stderr')];
const bin = ${JSON.stringify(process.env.RUNBOOK_TEST_BIN ?? fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url)))};
process.exitCode = spawnSync(process.execPath, [bin, ...args], { stdio, env: { ...process.env, ...env } }).status;
`;
