// A reply is paid for: what the disk refuses afterwards does not lose it, as long as a person is there who can make room.
import { expect, test } from 'vitest';
import { block, drafted, OLD, rigWithDraft } from './drafting.ts';
import { type Fault, faultEnv } from './faults/faulted.ts';
import type { Rig } from './rig.ts';
import { unwrapped } from './said.ts';

const NEW = "print('new')\n";

test('a reply that can’t be kept in the logs: that is said, and it is decided on as always', async () => {
  await using rig = await rigWithDraft([block(NEW)]);
  const term = faultedTerminal(rig, 'writeFileSync logs/greet/.+-reply.md', 'ENOSPC');
  await term.waitFor('Accept?');
  expect(unwrapped(term.screen())).toMatch(/The reply could not be kept beside logs\/greet\/\S+: the disk is full\./);
  term.press('y');
  expect(await term.exit).toMatchObject({ code: 0 });
  expect([rig.read('greet.py'), drafted(rig).status]).toEqual([NEW, 'DONE']);
  const [received] = rig.journal().filter(({ event_type: type }) => type === 'AI_RESPONSE_RECEIVED');
  expect(received?.details).toMatchObject({ sha256: expect.stringMatching(/^[\da-f]{64}$/) });
  expect(received?.details?.reply).toBeUndefined();
});

test.each([
  ['the file', 'openSync .greet.py.runbook-tmp'],
  ['the note of what is accepted', 'writeFileSync .runbook/accept.json'],
])(
  'a disk that is full when %s is to be written: the person is asked again, and nothing is lost',
  async (_what, on) => {
    await using rig = await rigWithDraft([block(NEW)]);
    const term = faultedTerminal(rig, on, 'ENOSPC');
    await term.waitFor('Accept?');
    term.press('y');
    // Over several lines, which come one after the other.
    await expect
      .poll(() => unwrapped(term.screen()))
      .toMatch(/It is not accepted yet: .*the disk is full\. The reply is still here\./);
    expect(rig.read('greet.py')).toBe(OLD);
    await term.waitForNew('leave  ›');
    term.press('y');
    expect(await term.exit).toMatchObject({ code: 0 });
    expect([rig.read('greet.py'), drafted(rig).status]).toEqual([NEW, 'DONE']);
  },
);

test('the same without a person: it ends, and says which file it was', async () => {
  await using rig = await rigWithDraft([block(NEW)]);
  const env = faultEnv(rig, { on: 'openSync .greet.py.runbook-tmp', fault: 'ENOSPC' });
  const { code, stderr } = await rig.run(['next', '--yes=unchecked'], { env });
  expect([code, unwrapped(stderr)]).toEqual([
    2,
    expect.stringMatching(/error: `\S+greet.py` can't be written: the disk is full/),
  ]);
  expect([rig.read('greet.py'), drafted(rig).status]).toEqual([OLD, 'READY']);
});

function faultedTerminal(rig: Rig, on: string, fault: Fault) {
  return rig.terminal(['next'], { rows: 40, cols: 200, env: faultEnv(rig, { on, fault }) });
}
