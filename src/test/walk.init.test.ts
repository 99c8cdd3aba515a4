// From an empty folder to a finished playbook: `init`, and then only what the screen says. The model is `paste`: a person.
import { expect, test } from 'vitest';
import { personsFiles, press } from './person.ts';
import { makeRig, type Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

const DRAFT = '# Rowing club\n\nA plan for the season.\n';

test('a newcomer gets from an empty folder to the end by what is on the screen', async () => {
  await using rig = await makeRig();
  const init = rig.terminal(['init']);
  expect(await init.exit).toEqual({ code: 0, signal: null });
  expect(init.screen()).toMatchInlineSnapshot(`
    "wrote  runbook.yaml
    wrote  tasks/say_what_it_is.yaml
    wrote  tasks/draft_readme.yaml
    wrote  prompt_templates/readme.md
    wrote  .env.example
    wrote  .gitignore
    wrote  .runbook/schemas/runbook.json
    wrote  .runbook/schemas/task.json

    Now: runbook next"
  `);

  const script = rig.terminal(nowOf(init));
  expect(await script.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(script.screen())).toMatchInlineSnapshot(`
    "▶ look_around  See what is here                                      step 1 of 3
      ls                                                                        in .

      │ logs
      │ prompt_templates
      │ runbook.yaml
      │ tasks
    ✔ DONE  look_around  <duration>  logs/look_around/<stamp>.log
      next: say_what_it_is  Say what this project is"
  `);

  const byHand = rig.terminal(['next']);
  await press(byHand, 'Done?', 'y');
  await byHand.waitForNew('›');
  rig.write('idea.md', 'A plan for the season of a rowing club. For its members.\n');
  await press(byHand, 'A check failed. What now?', 'y');
  expect(await byHand.exit).toEqual({ code: 0, signal: null });
  expect(rig.stable(byHand.screen())).toMatchInlineSnapshot(`
    "▶ say_what_it_is  Say what this project is                           step 2 of 3
      Two sentences that the next step works from.

      Write into idea.md, in two sentences, what this project is and who it is for.

    ? Done? done
      ✘ idea.md is there                                     exit 1: test -s idea.md
    ? A check failed. What now? mended, check again
      ✔ idea.md is there                                             test -s idea.md
    ✔ DONE  say_what_it_is  <duration>  logs/say_what_it_is/<stamp>.log
      next: draft_readme  Draft a README from that"
  `);

  const model = rig.terminal(['next'], { rows: 40 });
  await press(model, 'Which one answers?', 'p');
  await model.waitForNew('Ctrl-D');
  expect(rig.read('.runbook/prompt.md')).toMatchInlineSnapshot(`
    "Write a README.md of at most 40 lines for this project:

    A plan for the season of a rowing club. For its members.


    Reply with the Markdown of the file alone.
    "
  `);
  model.paste(DRAFT);
  model.press('ctrl-d');
  await press(model, 'Accept?', 'y');
  expect(await model.exit).toEqual({ code: 0, signal: null });
  // Whether there is a clipboard depends on the machine.
  const screen = model.screen().replace('on your clipboard, and ', '');
  expect(rig.stable(screen)).toMatchInlineSnapshot(`
    "▶ draft_readme  Draft a README from that                             step 3 of 3
      No model is set for \`draft_readme\`. The prompt can go to any chat instead.
    ? Which one answers? paste (copy the prompt, paste the reply; no key needed)
      A model drafts it; you review it before anything is written.
      paste · prompt_templates/readme.md · 40 tokens
      with prompt_templates/readme.md (26), idea.md (14)
      writes README.draft.md once you accept

      The prompt is in .runbook/prompt.md.
      Paste the reply here, or save it as .runbook/reply.md; then press Ctrl-D.

    # Rowing club

    A plan for the season.

      ────────────────────────────────────────────────────────────────────────────
      README.draft.md                                                new, +3 lines
      + # Rowing club
      + 
      + A plan for the season.
      ────────────────────────────────────────────────────────────────────────────
      Look for   · It says nothing that is not so
                 · A stranger knows after one minute whether they want it

    ? Accept? accept
      wrote README.draft.md
    ✔ DONE  draft_readme  <duration>  logs/draft_readme/<stamp>.log
      all done"
  `);

  expect(rig.read('README.draft.md')).toBe(DRAFT);
  const end = rig.terminal(['next']);
  expect(await end.exit).toEqual({ code: 0, signal: null });
  expect(end.screen()).toBe('Nothing is left to do: every task is DONE or SKIPPED.');
  expect(rig.statuses()).toEqual({ look_around: 'DONE', say_what_it_is: 'DONE', draft_readme: 'DONE' });
});

test('what init writes is valid, names the schema to the editor, and keeps secrets and logs out of git', async () => {
  await using rig = await makeRig({ git: true, files: { '.gitignore': 'node_modules/' } });
  expect((await rig.run(['init'])).code).toBe(0);
  expect(await rig.run(['validate'])).toMatchObject({ code: 0, stderr: '' });
  for (const path of ['runbook.yaml', 'tasks/say_what_it_is.yaml', 'tasks/draft_readme.yaml']) {
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(rig.read(path)) ?? [];
    expect(rig.exists(`${path}/../${schema}`)).toBe(true);
  }
  expect(rig.read('.gitignore')).toBe('node_modules/\n.env\n.runbook/\nlogs/\noutputs/\n');
  rig.write('.env', 'OPENAI_API_KEY=x\n');
  expect(rig.git('status', '--porcelain', '--untracked-files=all').split('\n')).toEqual([
    ' M .gitignore',
    '?? .env.example',
    '?? prompt_templates/readme.md',
    '?? runbook.yaml',
    '?? tasks/draft_readme.yaml',
    '?? tasks/say_what_it_is.yaml',
  ]);
});

test('the reply may be saved to the file instead of being pasted', async () => {
  await using rig = await rigAtTheModel();
  const term = await askedForTheReply(rig);
  rig.write('.runbook/reply.md', DRAFT);
  term.press('ctrl-d');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('README.draft.md')).toBe(DRAFT);
});

test('nothing pasted and nothing saved is no reply: it is said, and the next try may paste it', async () => {
  await using rig = await rigAtTheModel();
  const term = await askedForTheReply(rig);
  term.press('ctrl-d');
  await term.waitForNew('nothing was pasted, and the reply file is empty');
  await press(term, 'This reply can’t be used. What now?', 'r');
  await term.waitForNew('What should change?');
  term.press('enter');
  await term.waitForNew('Ctrl-D');
  term.paste(DRAFT);
  term.press('ctrl-d');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('README.draft.md')).toBe(DRAFT);
});

test('a long reply is taken whole, and a typing mistake can be taken back', async () => {
  await using rig = await rigAtTheModel();
  const term = await askedForTheReply(rig);
  const longLine = `${'oar '.repeat(3000)}end`;
  term.paste(`# Rows\n${longLine}\n`);
  await term.waitForNew('end');
  term.type('oarsd');
  term.press('backspace');
  term.press('ctrl-d');
  await press(term, 'Accept?', 'y');
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(rig.read('README.draft.md')).toBe(`# Rows\n${longLine}\noars\n`);
});

test('Ctrl-C while a reply is awaited leaves all as it was', async () => {
  await using rig = await rigAtTheModel();
  const before = personsFiles(rig);
  for (const [question, key] of [
    ['Which one answers?', 'ctrl-c'],
    ['Which one answers?', 'p'],
  ] as const) {
    const term = rig.terminal(['next']);
    await press(term, question, key);
    if (key === 'p') {
      await term.waitForNew('Ctrl-D');
      term.paste('# Half of');
      await term.waitForNew('# Half of');
      term.press('ctrl-c');
    }
    expect(await term.exit).toEqual({ code: 130, signal: null });
    expect(personsFiles(rig)).toEqual(before);
  }
});

test('q where a model is to be chosen: it is said what to set, and nothing is written', async () => {
  await using rig = await rigAtTheModel();
  const before = rig.tree();
  const term = rig.terminal(['next']);
  await press(term, 'Which one answers?', 'q');
  expect(await term.exit).toEqual({ code: 2, signal: null });
  expect(term.screen()).toMatch(/\nerror: no model is set for `draft_readme`\n ——▶ tasks\/draft_readme\.yaml:5:1\n/);
  expect(rig.tree()).toEqual(before);
});

/** With all done that comes before the step with the model. */
async function rigAtTheModel(): Promise<Rig> {
  const rig = await makeRig({ files: { 'idea.md': 'A plan for the season of a rowing club. For its members.\n' } });
  await rig.run(['init']);
  await rig.run(['next']);
  await rig.run(['done', 'say_what_it_is']);
  return rig;
}

async function askedForTheReply(rig: Rig): Promise<Terminal> {
  const term = rig.terminal(['next']);
  await press(term, 'Which one answers?', 'p');
  await term.waitForNew('Ctrl-D');
  return term;
}

/** The command after `Now: runbook`. */
function nowOf(term: Terminal): string[] {
  return /^Now: runbook (.+)$/m.exec(term.screen())?.[1]?.split(' ') ?? [];
}
