// How long commands take as whole processes, beside an empty Node process: `npm run bench`. All of them take turns, so that a busy
// moment of the machine meets each of them; the figures are medians, and the ratios are what can be compared between machines.
// Writes bench/results.md.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = Number(process.env.RUNBOOK_BENCH_ROUNDS ?? 15);
const SIZES = [100, 1000, 10_000];
const CLI = join(import.meta.dirname, '../dist/cli.js');
const folder = mkdtempSync(join(tmpdir(), 'runbook-bench-'));

// It adds tens of milliseconds to each start of Node where it is set.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

const empty = join(folder, 'empty.mjs');
writeFileSync(empty, '');
const cases = [
  { name: 'an empty ES module', args: [empty], cwd: folder },
  { name: '`--version`', args: [CLI, '--version'], cwd: folder },
  ...SIZES.flatMap((size) => {
    const cwd = projectOf(size);
    const tasks = `${size.toLocaleString('en')} tasks`;
    return [
      { name: `\`status\`, ${tasks}`, args: [CLI, 'status'], cwd },
      { name: `\`next --dry-run\`, ${tasks}`, args: [CLI, 'next', '--dry-run'], cwd },
      // Two files and the journal, each synced; every other time back again.
      {
        name: `\`skip\` or \`reset\` of one task, ${tasks}`,
        args: [CLI, 'skip', 'aside'],
        other: [CLI, 'reset', 'aside'],
        cwd,
      },
    ];
  }),
];

const times = new Map(cases.map(({ name }) => [name, []]));
for (let round = -1; round < ROUNDS; round++) {
  for (const { name, args, other, cwd } of cases) {
    const began = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, round % 2 === 0 ? args : (other ?? args), {
      cwd,
      env,
      encoding: 'utf8',
    });
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    // The first round fills the disk's cache.
    if (round >= 0) times.get(name)?.push(ms);
  }
}
rmSync(folder, { recursive: true });

const floor = median(times.get(cases[0]?.name) ?? []);
const rows = [...times].map(([name, all]) => {
  const ms = median(all);
  return `| ${name} | ${ms.toFixed(1)} | ${Math.min(...all).toFixed(1)} | ${Math.max(...all).toFixed(1)} | ${(ms / floor).toFixed(2)} |`;
});
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
const text = `# Commands as whole processes

runbook ${version}, Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim()}.
Medians of ${ROUNDS} rounds in turns; made by \`npm run bench\`.

| command | ms | least | most | × an empty module |
|---|--:|--:|--:|--:|
${rows.join('\n')}
`;
writeFileSync(join(import.meta.dirname, 'results.md'), text);
process.stdout.write(text);

/** Half of the tasks are DONE, one is READY, the others wait in a chain; `aside` has two files. */
function projectOf(size) {
  const cwd = join(folder, String(size));
  mkdirSync(cwd);
  const tasks = Array.from({ length: size - 1 }, (_, i) => {
    const status = i < size / 2 ? 'DONE' : i - 1 < size / 2 ? 'READY' : 'PENDING';
    return `  - id: task_${i}\n    name: Task number ${i}\n    status: ${status}\n    depends_on: [${i > 0 ? `task_${i - 1}` : ''}]\n    type: AUTOMATED_SCRIPT\n    script_details: echo ${i}\n`;
  });
  const aside = '  - id: aside\n    status: READY\n    task_detail_file: aside.yaml\n';
  writeFileSync(join(cwd, 'runbook.yaml'), `name: Big\ntasks:\n${tasks.join('')}${aside}`);
  writeFileSync(join(cwd, 'aside.yaml'), 'id: aside\nstatus: READY\n');
  return cwd;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
