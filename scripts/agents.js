// Installs the real agent CLIs into a temporary folder, and runs the tests that ask them. They reach the loopback alone.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = ['@anthropic-ai/claude-code', '@openai/codex', '@google/gemini-cli'];

const folder = process.env.RUNBOOK_AGENTS ?? mkdtempSync(join(tmpdir(), 'runbook-agents-'));
try {
  if (!process.env.RUNBOOK_AGENTS) {
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    run('npm', ['install', '--silent', '--no-audit', '--no-fund', ...PACKAGES], { cwd: folder });
  }
  for (const name of ['claude', 'codex', 'gemini']) run(join(folder, 'node_modules/.bin', name), ['--version']);
  run('npx', ['vitest', 'run', 'src/test/agents'], { env: { ...process.env, RUNBOOK_AGENTS: folder } });
} finally {
  if (!process.env.RUNBOOK_AGENTS) rmSync(folder, { recursive: true, force: true });
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status === 0) return;
  process.exitCode = 1;
  throw new Error(`${command} ${args.join(' ')}: exit ${status}`);
}
