// A key in a question, and what `npx` adds to a start: both as a person meets them, in a real terminal.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { inTurns, median } from './measure.js';

/** Milliseconds from a key to what it shows, in the question of a step by hand; the median of so many presses. */
export async function keyToAnswer(folder, cli, presses) {
  const cwd = join(folder, 'question');
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'runbook.yaml'), 'tasks:\n  - {id: a, status: READY, manual_instructions: Look at it.}\n');
  const child = spawn(process.execPath, [cli, 'next'], { cwd, cols: 80, rows: 24, name: 'xterm-256color' });
  const ended = new Promise((done) => child.onExit(done));
  let said = '';
  let waiting = () => {};
  child.onData((data) => {
    said += data;
    waiting();
  });
  const until = (isThere) =>
    new Promise((done) => {
      waiting = () => isThere() && done(performance.now());
      waiting();
    });
  await until(() => /›/.test(said));
  const times = [];
  for (let press = 0; press < presses; press++) {
    // No answer is behind these keys: what is asked is asked again, with the key.
    const key = press % 2 === 0 ? 'x' : '\u007f';
    await quiet();
    said = '';
    const began = performance.now();
    child.write(key);
    times.push((await until(() => said.length > 0)) - began);
  }
  child.write('\u0003');
  await ended;
  return median(times);

  function quiet() {
    return new Promise((done) => setTimeout(done, 30));
  }
}

/** `npx runbook`, where it is installed in the project, beside `runbook` itself. */
export function throughNpx(folder, cli, rounds) {
  const cwd = join(folder, 'npx');
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(cwd, 'package.json'), '{"private": true}');
  writeFileSync(join(cwd, 'runbook.yaml'), 'tasks:\n  - {id: a, status: READY}\n');
  symlinkSync(cli, join(cwd, 'node_modules/.bin/runbook'));
  const next = ['next', '--dry-run'];
  return inTurns(
    [
      { name: '`npx runbook next --dry-run`', command: ['npx', 'runbook', ...next], cwd },
      { name: '`runbook next --dry-run`', command: [process.execPath, cli, ...next], cwd },
    ],
    rounds,
  );
}
