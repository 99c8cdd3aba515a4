// What may start next, kept up to date status by status, against looking through the whole plan anew each time.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Agenda } from '../runbook/agenda.ts';
import { becameReady, nextReady } from '../runbook/ready.ts';
import type { Runbook, Task } from '../runbook/task.ts';
import { STATUSES, type Status } from '../runbook/vocabulary.ts';

/** As far as is looked at here. */
function taskWith(says: Pick<Task, 'id' | 'status' | 'dependsOn'>): Task {
  const withStatus = (status: Status) => taskWith({ ...says, status });
  return { ...says, withStatus } as unknown as Task;
}

/** Of each task: its status, and which of those before it it depends on. */
const plans = fc
  .array(
    fc.record({
      status: fc.constantFrom('PENDING', 'PENDING', 'READY', 'DONE', ...STATUSES),
      on: fc.array(fc.nat({ max: 30 }), { maxLength: 2 }),
    }),
    {
      minLength: 8,
      maxLength: 30,
    },
  )
  .map((drawn) =>
    drawn.map(({ status, on }, i) => {
      const dependsOn = on.filter((n) => n < i).map((n) => `t${n}`);
      return taskWith({ id: `t${i}`, status, dependsOn });
    }),
  );

test('after any change of any status, the same task is next and the same become READY as by looking at all', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 29 }), fc.constantFrom('DONE', 'DONE', 'READY', ...STATUSES)), {
    maxLength: 30,
  });
  // Most have no bound.
  const bounds = fc.record({ startFrom: fc.nat({ max: 60 }), until: fc.nat({ max: 90 }) });
  let [nexts, freed] = [0, 0];
  fc.assert(
    fc.property(
      plans,
      fc.boolean(),
      steps,
      bounds,
      fc.nat({ max: 29 }),
      (tasks, skippedSatisfies, changes, at, left) => {
        const scope = {
          startFrom: at.startFrom > 9 ? undefined : `t${at.startFrom}`,
          until: at.until > 29 ? undefined : `t${Math.max(9, at.until)}`,
          leftAside: new Set([`t${left}`]),
        };
        let plan = { tasks, skippedSatisfies } as unknown as Runbook;
        const agenda = new Agenda(plan, scope);
        for (const [n, to] of changes) {
          const id = `t${n % tasks.length}`;
          const before = new Set(becameReady(plan).map((task) => task.id));
          plan = {
            ...plan,
            tasks: plan.tasks.map((task) => (task.id === id ? task.withStatus(to as Status) : task)),
          };
          const free = agenda.set(id, to);
          const fresh = becameReady(plan).filter((task) => !before.has(task.id) && task.id !== id);
          // All of the dependents that are free are told, also those that were before.
          expect(free.map((task) => task.id)).toEqual(expect.arrayContaining(fresh.map((task) => task.id)));
          expect(becameReady(plan).map((task) => task.id)).toEqual(expect.arrayContaining(free.map((task) => task.id)));
          const next = nextReady(plan, scope);
          expect(agenda.next()?.id).toBe(next?.id);
          expect(agenda.task(id)?.status).toBe(to);
          if (next) nexts++;
          freed += free.length;
        }
      },
    ),
    { numRuns: 1000 * Number(process.env.RUNBOOK_TEST_RUNS ?? 1) },
  );
  expect(nexts).toBeGreaterThan(100);
  expect(freed).toBeGreaterThan(10);
});
