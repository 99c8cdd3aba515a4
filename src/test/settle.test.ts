// Of what it was asked for last, the answer is given again: each thing that it depends on makes it another question.
import { expect, test } from 'vitest';
import { readRunbook } from '../runbook/read.ts';
import { type Known, type LastStatus, settle } from '../runbook/settle.ts';
import { makeRig } from './rig.ts';

const was = (to: LastStatus['to']): LastStatus => ({
  from: 'RUNNING',
  to,
  unsaved: false,
  inFiles: undefined,
  runId: 'r',
  record: undefined,
  taken: undefined,
});

test('the same is settled once, and anything else anew', async () => {
  await using rig = await makeRig({
    files: { 'runbook.yaml': 'tasks:\n  - {id: a, status: RUNNING}\n  - {id: b, status: PENDING}\n' },
  });
  const runbook = readRunbook(`${rig.dir}/runbook.yaml`);
  const nobody: Known = {
    last: new Map([['a', was('RUNNING')]]),
    cutShort: undefined,
    midWrite: false,
    held: false,
    liveRun: undefined,
  };
  const first = settle(runbook, nobody);
  expect(settle(runbook, { ...nobody })).toBe(first);
  expect(first.interrupted.map(({ id }) => id)).toEqual(['a']);
  expect(first.areKnown).toBe(false);

  const all = new Map([
    ['a', was('DONE')],
    ['b', was('PENDING')],
  ]);
  const kindsOf = (known: Known) => settle(runbook, known).changes.map(({ task, kind }) => `${task.id} ${kind}`);
  const known = { ...nobody, last: all };
  settle(runbook, nobody);
  expect(kindsOf(known)).toEqual(['a handEdit', 'b readied']);
  expect(settle(runbook, known).areKnown).toBe(true);
  const ahead = { ...known, last: new Map([...all, ['a', { ...was('DONE'), inFiles: 'RUNNING' as const }]]) };
  // Each right after one that differs in nothing else.
  const pairs: [Known, Known, string[]][] = [
    [known, { ...known, midWrite: true }, ['a recovered', 'b readied']],
    [known, { ...known, cutShort: 'a' }, ['a recovered', 'b readied']],
    [known, { ...known, held: true }, ['a handEdit']],
    [known, ahead, ['a recovered', 'b readied']],
    [ahead, { ...ahead, liveRun: 'r' }, ['b readied']],
  ];
  for (const [before, now, kinds] of pairs) {
    settle(runbook, before);
    expect(kindsOf(now)).toEqual(kinds);
  }
  // Another reading of the same file.
  settle(runbook, nobody);
  rig.write('runbook.yaml', 'tasks:\n  - {id: a, status: DONE}\n');
  expect(settle(readRunbook(`${rig.dir}/runbook.yaml`), nobody).interrupted).toEqual([]);
});
