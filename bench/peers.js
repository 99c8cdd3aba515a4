// The other tools: what the system has, and what the registry has, installed into a folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The paths of those that are there, by name, and the names of the others. */
export function install(folder) {
  const missing = [];
  const found = Object.fromEntries(['ninja', 'make', 'task'].map((name) => [name, which(name)]));
  const into = process.env.RUNBOOK_BENCH_PEERS ?? join(folder, 'peers');
  mkdirSync(into, { recursive: true });
  if (!existsSync(join(into, 'package.json'))) writeFileSync(join(into, 'package.json'), '{}');
  const bin = (name) => join(into, 'node_modules/.bin', name);
  for (const [name, command] of [
    ['backlog.md', 'backlog'],
    ['task-master-ai', 'task-master'],
    ['wireit', 'wireit'],
  ]) {
    const { status } = existsSync(bin(command))
      ? { status: 0 }
      : spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', name], {
          cwd: into,
        });
    found[command] = status === 0 ? (command === 'wireit' ? join(into, 'node_modules/.bin') : bin(command)) : undefined;
  }
  for (const [name, path] of Object.entries(found)) if (!path) missing.push(name);
  return { peers: found, missing };
}

function which(name) {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
