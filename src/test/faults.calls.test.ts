// A fault at every call that changes a file, one at a time: a kill, half a write, a full disk, no permission, a broken disk. After
// each: no repair by hand, both files agree, nothing done runs again, nothing is lost, what was interrupted is named.
import { expect, test } from 'vitest';
import { callsOf, FAULTS, faulted, fits, startedFrom } from './faults/faulted.ts';
import { SCENARIOS } from './faults/project.ts';
import { inTurns } from './faults/turns.ts';

const ALL = process.env.RUNBOOK_RELIABILITY === '1';
/** In plain `npm test` a few, spread over all calls and faults. */
const EVERY = Number(process.env.RUNBOOK_TEST_EVERY ?? (ALL ? 1 : 211));
/** `2/8`: the second of eight parts of them, so that all can be put in by several runs. */
const [PART = 1, PARTS = 1] = (process.env.RUNBOOK_TEST_PART ?? '1/1').split('/').map(Number);

test.each(SCENARIOS)(
  '$name: a fault at each of its calls',
  { timeout: ALL ? 14_400_000 : 600_000 },
  async (scenario) => {
    const calls = await callsOf(scenario);
    expect(calls.filter(({ uncounted }) => uncounted)).toEqual([]);
    const all = calls.flatMap((call) =>
      FAULTS.filter((fault) => fits(fault, call)).map((fault) => ({ at: call.n, fault })),
    );
    const mine = all.slice(...[PART - 1, PART].map((part) => Math.round((part * all.length) / PARTS)));
    const chosen = mine.filter((_, i) => i % EVERY === 0);
    const before = startedFrom.size;
    const results = await inTurns(2, chosen, ({ at, fault }) => faulted(scenario, at, fault));
    const hits = results.filter(({ hit }) => hit).length;
    const part = PARTS === 1 ? '' : `part ${PART} of ${PARTS}, `;
    const put = `${part}${calls.length} calls, ${hits} faults put in, of ${all.length} that there are`;
    console.log(`${scenario.name}: ${put}; they left ${startedFrom.size - before} different states behind`);
    expect(results.flatMap(({ problems }) => problems)).toEqual([]);
    // A script's output may come in another number of pieces, so that the last calls are not reached.
    expect(hits).toBeGreaterThanOrEqual(chosen.length * 0.95);
  },
);
