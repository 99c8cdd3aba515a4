// `edit`: the person's editor at the line of a task, and what is said of what comes back.
import { expect, test } from 'vitest';
import { press } from './person.ts';
import { makeRig } from './rig.ts';
import { dataOf, said } from './said.ts';

const files = {
  'runbook.yaml': 'tasks:\n  - id: a\n\n  - id: b\n    task_detail_file: tasks/b.yaml\n',
  'tasks/b.yaml': '# b\nname: B\n',
};

test.each([
  ['vi', ['a'], '+2 <dir>/runbook.yaml'],
  ['nano -w', ['b', '--runbook'], '-w +4 <dir>/runbook.yaml'],
  ['code', ['b'], '--wait --goto <dir>/tasks/b.yaml:1'],
  ['code -w', ['a'], '-w --goto <dir>/runbook.yaml:2'],
  ['subl', ['a'], '--wait <dir>/runbook.yaml:2'],
])('`%s` for %j gets %s', async (editor, args, wanted) => {
  await using rig = await makeRig({ files });
  rig.command(editor.split(' ')[0] ?? '', `#!/bin/sh\necho "$@" > ${rig.dir}/../opened\n`);
  const term = rig.terminal(['edit', ...args], { env: { EDITOR: 'false', VISUAL: editor } });
  expect(await term.exit).toMatchObject({ code: 0 });
  expect(rig.stable(rig.read('../opened')).trim()).toBe(wanted);
});

test('a mistake is shown with its line, and opened again at it', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'tasks:\n  - id: a\n    status: READY\n  - id: b\n    status: READY\n' },
  });
  await rig.run(['skip', 'b']);
  rig.command(
    'ed1',
    `#!/bin/sh\necho "$@" >> ${rig.dir}/../opened\nif grep -q nobody runbook.yaml; then sed -i s/nobody/a/ runbook.yaml; else printf '    depends_on: [nobody]\\n' >> runbook.yaml; fi\n`,
  );
  const term = rig.terminal(['edit', 'a'], { env: { EDITOR: 'ed1' } });
  await term.waitForNew('runbook.yaml:6:18');
  await press(term, 'Open it again?', 'e');
  await term.waitForNew('You gave b `depends_on`: [a] (runbook.yaml:6). Journaled.');
  expect(await term.exit).toMatchObject({ code: 0 });
  expect(rig.stable(rig.read('../opened'))).toBe('+2 <dir>/runbook.yaml\n+6 <dir>/runbook.yaml\n');
});

test('left with a mistake, it ends with 2', async () => {
  await using rig = await makeRig({ files });
  rig.command('ed1', '#!/bin/sh\necho "  - [" >> runbook.yaml\n');
  const term = rig.terminal(['edit', 'a'], { env: { EDITOR: 'ed1' } });
  await press(term, 'Open it again?', 'q');
  expect(await term.exit).toMatchObject({ code: 2 });
});

test('without a terminal it says where, and what is wrong there; it never waits', async () => {
  await using rig = await makeRig({ files });
  const before = rig.tree();
  const env = { EDITOR: 'cat' };
  expect(said(rig, await rig.run(['edit', 'b'], { env, stdin: 'closed' }))).toBe('exit 0\n── stdout\ntasks/b.yaml:1');
  expect(dataOf('edited', await rig.run(['edit', 'a', '--json'], { env }))).toEqual({
    file: 'runbook.yaml',
    line: 2,
    opened: false,
    valid: true,
  });
  expect((await rig.run(['edit', 'c'], { env })).stderr).toContain('there is no task `c`');
  expect(rig.tree()).toEqual(before);
  rig.write('runbook.yaml', 'tasks:\n  - id: a\n    depends_on: [x]\n');
  const broken = await rig.run(['edit', 'a'], { env });
  expect(broken).toMatchObject({ code: 2, stdout: 'runbook.yaml:2\n' });
  expect(broken.stderr).toContain('runbook.yaml:3:18');
});
