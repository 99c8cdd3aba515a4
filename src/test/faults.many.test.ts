// Many processes on one runbook: each change has its place in the journal and in the files, and the rest of them is as it was.
// Of two runners, one is refused and says who holds the runbook, and since when.
import { expect, test } from 'vitest';
import { bare, leftovers, parsedLines } from './faults/invariants.ts';
import { makeRig, type Rig } from './rig.ts';

const ALL = process.env.RUNBOOK_RELIABILITY === '1';
const PROCESSES = 8;
/** Tasks that each process changes with one command, and how many commands it gives, one after the other. */
const TASKS = ALL ? 10 : 4;
const COMMANDS = ALL ? 50 : 2;

/** From READY: after each round all is READY again, and the last round may stop anywhere. */
const ROUND = [
  { command: 'done', from: 'READY', to: 'DONE' },
  { command: 'reset', from: 'DONE', to: 'READY' },
  { command: 'skip', from: 'READY', to: 'SKIPPED' },
  { command: 'reset', from: 'SKIPPED', to: 'READY' },
] as const;

const changes = PROCESSES * TASKS * COMMANDS;

test(`${PROCESSES} processes, ${changes} changes: all are there, and nothing else`, {
  timeout: 3_600_000,
}, async () => {
  const files = projectOf(PROCESSES * TASKS);
  await using rig = await makeRig({ files });
  const started = performance.now();
  await Promise.all(Array.from({ length: PROCESSES }, (_, process) => giveCommands(rig, process)));
  console.log(`${changes} changes by ${PROCESSES} processes in ${Math.round((performance.now() - started) / 1000)} s`);

  const lines = parsedLines(rig);
  expect(rig.journal()).toEqual(lines);
  expect(lines.map(({ event_type: type }) => type)).toEqual(Array(changes).fill('MANUAL_ACTION'));
  const wanted = Array.from({ length: COMMANDS }, (_, i) => moveOf(i));
  for (let task = 0; task < PROCESSES * TASKS; task++) {
    const own = lines.filter(({ task_id: id }) => id === idOf(task));
    expect(own.map(({ status_change: change, details }) => [change, details?.command])).toEqual(
      wanted.map(({ command, from, to }) => [`${from} -> ${to}`, command]),
    );
    const { to } = moveOf(COMMANDS - 1);
    expect(rig.statuses()[idOf(task)]).toBe(to);
    if (hasDetail(task)) expect(rig.read(detailOf(task))).toContain(`status: ${to} # of it\n`);
  }
  for (const [path, text] of Object.entries(files)) expect(bare(rig.read(path))).toBe(bare(text));
  expect(await rig.run(['validate'])).toMatchObject({ code: 0 });
  expect(leftovers(rig)).toEqual([]);
});

test('two runs at once: one is refused, and says who is at it since when', { timeout: 600_000 }, async () => {
  for (let round = 0; round < (ALL ? 25 : 2); round++) {
    const script = 'echo work >> ../ran.txt; while [ ! -e go ]; do sleep 0.02; done';
    await using rig = await makeRig({
      files: {
        'runbook.yaml': `tasks:\n  - {id: work, status: READY, type: AUTOMATED_SCRIPT, script_details: "${script}"}\n`,
      },
    });
    const runners = [rig.start(['run']), rig.start(['run'])];
    const refused = await Promise.race(runners.map(({ exit }) => exit));
    rig.write('go', '');
    const ends = await Promise.all(runners.map(({ exit }) => exit));
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 5]);
    const winner = runners[ends.findIndex(({ code }) => code === 0)];
    expect(refused.stderr).toContain(`another runner holds this runbook: pid ${winner?.pid} on`);
    expect(refused.stderr).toMatch(/, since \d{4}-\d\d-\d\dT/);
    expect(rig.read('../ran.txt')).toBe('work\n');
    expect(rig.journal().map(({ event_type: type }) => type)).toEqual(['START_TASK', 'RUN_SCRIPT', 'COMPLETE_TASK']);
  }
});

/** One process after the other, on tasks that are nobody else's. */
async function giveCommands(rig: Rig, process: number): Promise<void> {
  const ids = Array.from({ length: TASKS }, (_, i) => idOf(i * PROCESSES + process));
  for (let i = 0; i < COMMANDS; i++) {
    const { code, stderr } = await rig.run([moveOf(i).command, ...ids, '--quiet'], { timeoutMs: 600_000 });
    expect(`${code} ${stderr}`).toBe('0 ');
  }
}

function moveOf(i: number) {
  return ROUND[i % ROUND.length] ?? ROUND[0];
}

function idOf(task: number): string {
  return `task_${task}`;
}

function hasDetail(task: number): boolean {
  return task % 3 === 0;
}

function detailOf(task: number): string {
  return `tasks/${idOf(task)}.yaml`;
}

/** Each third task has a detail file; the entries come in four styles. */
function projectOf(tasks: number): Record<string, string> {
  const all = Array.from({ length: tasks }, (_, task) => task);
  const details = all.filter(hasDetail).map((task) => [detailOf(task), 'status: READY # of it\nname:   Mine\n']);
  return { 'runbook.yaml': `# mine\ntasks:\n${all.map(entryOf).join('')}# the end`, ...Object.fromEntries(details) };
}

function entryOf(task: number): string {
  const detail = hasDetail(task) ? `, task_detail_file: ${detailOf(task)}` : '';
  const lines = hasDetail(task) ? `    task_detail_file: ${detailOf(task)}\n` : '';
  switch (task % 4) {
    case 0:
      return `  - id: ${idOf(task)}   # no. ${task}\n    status:  READY # mine\n${lines}\n`;
    case 1:
      return `  - {id: ${idOf(task)},   status: READY${detail}} # no. ${task}\n`;
    case 2:
      return `  -\n    status: READY  # first\n    id: '${idOf(task)}'\n${lines}`;
    default:
      return `  - "id": ${idOf(task)}\n${lines}    "status": READY # quoted\n`;
  }
}
