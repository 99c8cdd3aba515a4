// Installs the packed file into an empty folder, without a network, and walks the playbook that `init` writes there.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const packed = resolve('outputs', `${name}-${version}.tgz`);
const folder = mkdtempSync(join(tmpdir(), 'runbook-packed-'));

try {
  run('npm', 'init', '--yes');
  run('npm', 'install', '--offline', '--no-audit', '--no-fund', packed);
  expect(runbook('--version').trim() === version, `it says it is ${version}`);
  runbook('init', 'plan');
  runbook('-C', 'plan', 'next');
  writeFileSync(join(folder, 'plan', 'idea.md'), 'A plan.\n');
  runbook('-C', 'plan', 'next', '--answer', 'accept');
  const { data } = JSON.parse(runbook('-C', 'plan', 'list', '--json'));
  expect(data.filter((task) => task.status === 'DONE').length === 2, 'two steps of the playbook are DONE');
  expect(
    readdirSync(join(folder, 'node_modules')).filter((entry) => !entry.startsWith('.')).length === 1,
    'it brought no other package',
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function runbook(...args) {
  return run('npx', '--no-install', 'runbook', ...args);
}

function run(program, ...args) {
  console.log(`$ ${program} ${args.join(' ')}`);
  return execFileSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
}

function expect(held, what) {
  if (!held) throw new Error(`not so: ${what}`);
  console.log(`ok  ${what}`);
}
