// A real SIGKILL at random moments of a run over thirty tasks of all types, and a new start after each, until all is done. Nothing
// that is done runs again, nothing is lost, and what was interrupted is named.
import { expect, test } from 'vitest';
import { killedRuns } from './faults/killed.ts';
import { inTurns } from './faults/turns.ts';

const ALL = process.env.RUNBOOK_RELIABILITY === '1';
/** Other moments with another seed: RUNBOOK_TEST_SEED=7. */
const SEED = Number(process.env.RUNBOOK_TEST_SEED ?? 20261120);
const KILLS = Number(process.env.RUNBOOK_TEST_KILLS ?? (ALL ? 500 : 10));
/** About as many as it takes to come through all tasks. */
const KILLS_OF_A_PROJECT = ALL ? 25 : 5;

test(`killed ${KILLS} times at random moments`, { timeout: 7_200_000 }, async () => {
  const seeds = Array.from({ length: Math.ceil(KILLS / KILLS_OF_A_PROJECT) }, (_, i) => SEED + i);
  let [kills, atCalls] = [0, 0];
  const problems: string[] = [];
  // A project that came to its end before it was killed so often is followed by another.
  for (let more = seeds; more.length > 0; more = kills < KILLS ? [SEED + seeds.length + kills] : []) {
    const results = await inTurns(2, more, (seed) => killedRuns(seed, KILLS_OF_A_PROJECT));
    for (const result of results) {
      kills += result.kills;
      atCalls += result.atCalls;
      problems.push(...result.problems);
    }
  }
  console.log(`${kills} kills, ${atCalls} of them at a call that changes a file, from seed ${SEED} on`);
  expect(problems).toEqual([]);
});
