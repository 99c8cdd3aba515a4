// A fault at every call that changes a file, one at a time: a kill, half a write, a full disk, no permission, a broken disk. After
// each: no repair by hand, both files agree, nothing done runs again, nothing is lost, what was interrupted is named.
import { expect, test } from 'vitest';
import { callsOf, FAULTS, type Fault, faulted, fits } from './faults/faulted.ts';
import { SCENARIOS } from './faults/project.ts';
import { inTurns } from './faults/turns.ts';

/** In plain `npm test` a part of them, spread over all; with RUNBOOK_RELIABILITY=1 every one. */
const ALL = process.env.RUNBOOK_RELIABILITY === '1';
const ONE_OF = ALL ? 1 : 100;

test.each(SCENARIOS)('$name: a fault at each of its calls', { timeout: ALL ? 7_200_000 : 60_000 }, async (scenario) => {
  const calls = await callsOf(scenario);
  expect(calls.filter(({ uncounted }) => uncounted)).toEqual([]);
  const only = process.env.ONLY?.split(',') as Fault[];
  const cases = calls.flatMap((call) =>
    (only ?? FAULTS).filter((fault) => fits(fault, call)).map((fault) => ({ at: call.n, fault })),
  );
  const chosen = cases.filter((_, i) => i % Number(process.env.ONE_OF ?? ONE_OF) === 0);
  const results = await inTurns(2, chosen, ({ at, fault }) => faulted(scenario, at, fault));
  const hits = results.filter(({ hit }) => hit).length;
  console.log(`${scenario.name}: ${calls.length} calls, ${chosen.length} of ${cases.length} faults, ${hits} put in`);
  expect(results.flatMap(({ problems }) => problems)).toEqual([]);
});
