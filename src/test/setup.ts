// Once before all tests: build the binary, and make the folder in which every rig lives.
// Once after them: whatever still runs from that folder is ended, also when a worker was killed in the middle of a test.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf } from './processes.ts';

export default function setup(): () => Promise<void> {
  if (!process.env.RUNBOOK_TEST_BIN) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rb-')));
  process.env.RUNBOOK_TEST_FOLDER = folder;
  return async () => {
    // With the slash: the workers have the bare name in their environment, and are not ours to end.
    await endProcessesOf(`${folder}/`);
    rmSync(folder, { recursive: true, force: true });
  };
}
