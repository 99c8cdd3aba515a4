// How long commands and runs take as whole processes, beside an empty Node process and beside other tools: `npm run bench`. What of
// the others can be had is installed into a temporary folder; the rest is left out, and named. Writes bench/results.md.
// `RUNBOOK_BENCH_ROUNDS=3` is quicker; `RUNBOOK_BENCH_PEERS=no` leaves the others out, and a folder named there has them
// installed. `RUNBOOK_BENCH_LARGE=no` leaves out the runs of 10,000 scripts, which take minutes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { keyToAnswer, throughNpx } from './answers.js';
import { inTurns, peakMegabytes } from './measure.js';
import { install } from './peers.js';
import * as projects from './projects.js';
import { bars, ms, table, times2 } from './table.js';

const ROUNDS = Number(process.env.RUNBOOK_BENCH_ROUNDS ?? 25);
const FEW = Math.max(3, Math.round(ROUNDS / 8));
const RUNS = Math.max(3, Math.round(ROUNDS / 5));
const CLI = join(import.meta.dirname, '../dist/cli.cjs');
const folder = mkdtempSync(join(tmpdir(), 'runbook-bench-'));
const node = process.execPath;
// What V8 has compiled is kept by who calls a command first: here that is the bench itself, and nobody before it.
process.env.XDG_CACHE_HOME = join(folder, 'cache');

// Of the kind that the program is; to start an ES module takes some milliseconds more.
const empty = join(folder, 'empty.cjs');
writeFileSync(empty, '');
const { peers, missing } =
  process.env.RUNBOOK_BENCH_PEERS === 'no' ? { peers: {}, missing: ['all other tools'] } : install(folder);
try {
  // The scripts first: what the commands delete, whoever makes files after them pays for (see inNewFolders).
  const scripts = ['chain', 'fan'].map(runs);
  const tables = [starts(), await unusual(), await answers(), ...scripts];
  if (process.env.RUNBOOK_BENCH_LARGE === 'no') missing.push('the runs of 10,000 scripts');
  else tables.push(large());
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  const text = [
    '# Measured as whole processes',
    '',
    `runbook ${version}, Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim()}.`,
    `Made by \`npm run bench\`: medians of ${ROUNDS} rounds in turns (${RUNS} of a thousand scripts, ${FEW} of what takes longer). Only figures of one table can be compared.`,
    ...(missing.length === 0 ? [] : [`Not there, and left out: ${missing.join(', ')}.`]),
    '',
    tables.join('\n\n'),
    '',
  ].join('\n');
  writeFileSync(join(import.meta.dirname, 'results.md'), text);
  process.stdout.write(text);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Commands on plans of three sizes, and the like of other tools. */
function starts() {
  const ours = [100, 1000, 10_000].flatMap((size) => {
    const cwd = join(folder, `plan-${size}`);
    projects.plan(cwd, size);
    const tasks = `${size.toLocaleString('en')} tasks`;
    return [
      { name: `\`status\`, ${tasks}`, command: [node, CLI, 'status'], cwd },
      { name: `\`next --dry-run\`, ${tasks}`, command: [node, CLI, 'next', '--dry-run'], cwd },
      // Two files and the journal, each synced; every other time back again.
      {
        name: `one status written, ${tasks}`,
        command: [node, CLI, 'skip', 'aside'],
        other: [node, CLI, 'reset', 'aside'],
        cwd,
      },
    ];
  });
  const cases = [
    { name: 'an empty CommonJS file', command: [node, empty], cwd: folder },
    { name: '`--version`', command: [node, CLI, '--version'], cwd: folder },
    ...ours,
  ];
  const times = inTurns(cases, ROUNDS);
  const slow = inTurns([...cases.filter(({ name }) => / 1,000 tasks| 10,000 tasks/.test(name)), ...others()], FEW);
  const at = (name) => times.get(name)?.median;
  const floor = at('an empty CommonJS file');
  const ratio = (name) => at(name) / floor;
  const beside = (name, other) => (slow.has(other) ? slow.get(name)?.median / slow.get(other)?.median : undefined);
  return [
    '## Commands',
    '',
    table(
      ['command', 'ms', '× an empty file'],
      [...times].map(([name, { median }]) => [name, ms(median), times2(median / floor)]),
    ),
    '',
    ...(slow.size > 6
      ? [
          'Beside other tools, in turns with them:',
          '',
          table(
            ['command', 'ms'],
            [...slow].map(([name, { median }]) => [name, ms(median)]),
          ),
          '',
        ]
      : []),
    bars([
      ['`--version` × an empty file', ratio('`--version`'), 1.15],
      ['`status`, 100 × an empty file', ratio('`status`, 100 tasks'), 1.4],
      ['`next --dry-run`, 100 × an empty file', ratio('`next --dry-run`, 100 tasks'), 1.4],
      ['`status`, 1,000 × an empty file', ratio('`status`, 1,000 tasks'), 2],
      ['`next --dry-run`, 1,000 × an empty file', ratio('`next --dry-run`, 1,000 tasks'), 2],
      ['`status`, 10,000 × an empty file', ratio('`status`, 10,000 tasks'), 3.5],
      ['`next --dry-run`, 10,000 × an empty file', ratio('`next --dry-run`, 10,000 tasks'), 3.5],
      ['one status written, 1,000 × an empty file', ratio('one status written, 1,000 tasks'), 2],
      [
        '`next --dry-run`, 1,000 × backlog.md',
        beside('`next --dry-run`, 1,000 tasks', 'backlog.md: ready tasks, 1,000'),
        0.12,
      ],
      ['`status`, 10,000 × taskwarrior', beside('`status`, 10,000 tasks', 'taskwarrior: next, 10,000'), 0.2],
      [
        'one status written, 1,000 × backlog.md',
        beside('one status written, 1,000 tasks', 'backlog.md: edit, 1,000'),
        0.1,
      ],
    ]),
  ].join('\n');
}

function others() {
  const cases = [];
  if (peers.backlog) {
    const cwd = join(folder, 'backlog');
    projects.backlog(cwd, 1000);
    const edit = (status) => [peers.backlog, 'task', 'edit', '900', '-s', status, '--plain'];
    cases.push(
      { name: 'backlog.md: ready tasks, 1,000', command: [peers.backlog, 'task', 'list', '--ready', '--plain'], cwd },
      { name: 'backlog.md: edit, 1,000', command: edit('In Progress'), other: edit('To Do'), cwd },
    );
  }
  if (peers['task-master']) {
    const cwd = join(folder, 'task-master');
    projects.taskMaster(cwd, 1000);
    const set = (status) => [peers['task-master'], 'set-status', '--id=900', `--status=${status}`];
    cases.push(
      { name: 'task-master: next, 1,000', command: [peers['task-master'], 'next'], cwd },
      { name: 'task-master: set-status, 1,000', command: set('deferred'), other: set('pending'), cwd },
    );
  }
  if (peers.task) {
    for (const size of [1000, 10_000]) {
      const cwd = join(folder, `taskwarrior-${size}`);
      mkdirSync(cwd);
      writeFileSync(join(cwd, 'rc'), `data.location=${cwd}\nconfirmation=no\nverbose=nothing\n`);
      const env = { TASKRC: join(cwd, 'rc') };
      const input = projects.taskwarrior(size);
      spawnSync(peers.task, ['import', '-'], { cwd, env: { ...process.env, ...env }, input, maxBuffer: 1e9 });
      const shown = size.toLocaleString('en');
      cases.push({
        name: `taskwarrior: next, ${shown}`,
        command: [peers.task, 'rc.defaultheight=30', 'next'],
        cwd,
        env,
      });
    }
  }
  return cases.map((one) => ({ ...one, peer: true }));
}

/** A plan that only the library can read, beside a program that does nothing but parse it. */
async function unusual() {
  const cwd = join(folder, 'unusual');
  projects.unusual(cwd, 1000);
  const script = join(cwd, 'parse.js');
  const source = join(import.meta.dirname, 'parse.js');
  const bundle = await rolldown({ input: source, platform: 'node' });
  await bundle.write({ file: script, format: 'es', minify: true });
  const times = inTurns(
    [
      { name: '`parseDocument` of `yaml`, bundled', command: [node, script, join(cwd, 'runbook.yaml')], cwd },
      { name: '`status`, nothing done yet', command: [node, CLI, 'status'], cwd },
    ],
    ROUNDS,
  );
  // What a command that works makes of the plan is kept for the next one.
  execFileSync(node, [CLI, 'skip', 'task_999'], { cwd, stdio: 'ignore' });
  const after = inTurns([{ name: '`status`, after a command', command: [node, CLI, 'status'], cwd }], ROUNDS);
  for (const [name, time] of after) times.set(name, time);
  const [parse, first, status] = [...times.values()].map(({ median }) => median);
  return [
    '## A plan of 1,000 tasks in unusual form',
    '',
    table(
      ['command', 'ms'],
      [...times].map(([name, { median }]) => [name, ms(median)]),
    ),
    '',
    bars([
      ['`status` × a script that only calls `parseDocument`: nothing done yet', first / parse, 1.1],
      ['the same, after a command', status / parse, 1.1],
    ]),
  ].join('\n');
}

async function answers() {
  const key = await keyToAnswer(folder, CLI, ROUNDS * 2);
  const times = throughNpx(folder, CLI, FEW);
  return [
    '## At the keyboard',
    '',
    table(
      ['command', 'ms'],
      [...times].map(([name, { median }]) => [name, ms(median)]),
    ),
    '',
    bars([['from a key in a question to what it shows, ms', key, 50]]),
  ].join('\n');
}

/** A thousand scripts that only say something. */
function runs(shape) {
  const size = 1000;
  const jobs = shape === 'chain' ? 1 : 2;
  const fresh = (make, name) => inNewFolders(`${shape}-${name}`, (cwd) => make(cwd, size, shape));
  const cases = [
    {
      name: `runbook run${jobs === 1 ? '' : ` --jobs ${jobs}`}`,
      command: [node, CLI, 'run', ...(jobs === 1 ? [] : ['--jobs', String(jobs)])],
      ...fresh(projects.scripts, 'runbook'),
    },
    ...(peers.ninja
      ? [{ name: 'ninja', command: [peers.ninja, `-j${jobs}`], ...fresh(projects.ninja, 'ninja'), peer: true }]
      : []),
    ...(peers.make
      ? [{ name: 'make', command: [peers.make, `-j${jobs}`, 'all'], ...fresh(projects.make, 'make'), peer: true }]
      : []),
    ...(peers.wireit
      ? [
          {
            name: 'wireit',
            command: ['npm', 'run', 'all'],
            env: { WIREIT_PARALLEL: String(jobs), PATH: `${peers.wireit}:${process.env.PATH}` },
            ...fresh(projects.wireit, 'wireit'),
            peer: true,
          },
        ]
      : []),
  ];
  const times = inTurns(cases, RUNS);
  const ours = times.get(cases[0]?.name)?.median;
  const by = (name) => (times.has(name) ? ours / times.get(name)?.median : undefined);
  return [
    shape === 'chain' ? '## 1,000 scripts, one after the other' : '## 1,000 scripts, two at a time',
    '',
    table(
      ['command', 's', 'ms a script'],
      [...times].map(([name, { median }]) => [name, (median / 1000).toFixed(2), times2(median / size)]),
    ),
    '',
    bars([
      [`${cases[0]?.name} × ninja`, by('ninja'), shape === 'chain' ? 3.2 : 4.4],
      [`${cases[0]?.name} × wireit`, by('wireit'), shape === 'chain' ? 0.65 : 0.7],
    ]),
  ].join('\n');
}

/**
 * Each round in a folder of its own, and none is deleted before the end: for minutes after, ext4 looks at each of the deleted files
 * before it makes a new one, which costs whoever makes the most of them a millisecond for each.
 */
function inNewFolders(name, make) {
  let round = 0;
  return {
    before() {
      const cwd = join(folder, `${name}-${round++}`);
      make(cwd);
      return cwd;
    },
  };
}

/** Ten times as many: what a script costs then, and how much memory that takes. */
function large() {
  const shapes = ['chain', 'fan'].map((shape) => {
    const of = (size) => {
      const command = [node, CLI, 'run', ...(shape === 'fan' ? ['--jobs', '2'] : [])];
      return {
        name: `${shape}, ${size.toLocaleString('en')}`,
        command,
        ...inNewFolders(`large-${shape}-${size}`, (cwd) => projects.scripts(cwd, size, shape)),
      };
    };
    const [small, big] = [of(1000), of(10_000)];
    const times = inTurns([small, big], 1);
    return {
      shape,
      a: times.get(small.name)?.median / 1000,
      b: times.get(big.name)?.median / 10_000,
      mb: peakMegabytes({ ...big, cwd: big.before() }),
    };
  });
  const cwd = join(folder, 'output');
  mkdirSync(cwd);
  const tasks = Array.from(
    { length: 10 },
    (_, i) =>
      `  - {id: t${i}, status: READY, type: AUTOMATED_SCRIPT, script_details: "yes 'a line of output that is as long as many are' | head -c 10000000"}\n`,
  );
  writeFileSync(join(cwd, 'runbook.yaml'), `tasks:\n${tasks.join('')}`);
  const output = peakMegabytes({ command: [node, CLI, 'run'], cwd });
  return [
    '## 10,000 scripts',
    '',
    table(
      ['plan', 'ms a script at 1,000', 'at 10,000', 'most memory at 10,000, MB'],
      shapes.map(({ shape, a, b, mb }) => [shape, times2(a), times2(b), mb?.toFixed(0) ?? 'unknown']),
    ),
    '',
    bars([
      ...shapes.map(({ shape, a, b }) => [`${shape}: a script at 10,000 × one at 1,000`, b / a, 1.2]),
      ...shapes.map(({ shape, mb }) => [`${shape}: memory at 10,000, MB`, mb, 200]),
      ['memory with 100 MB of output, MB', output, 200],
    ]),
  ].join('\n');
}
