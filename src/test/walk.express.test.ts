// The example `express-release`, walked from its first step to its last in a terminal, with the keys that its README names.
// What is to be done by hand in a second terminal, the pushes, is done here, before `y`.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { press } from './person.ts';
import type { Rig } from './rig.ts';
import { bothFiles, changedLines, rigWithExample, walk, yes } from './walking.ts';

/** Far beyond what a slow machine needs. */
const WHOLE_WALK_MS = 300_000;

let rig: Rig;

beforeAll(async () => {
  rig = await rigWithExample('express-release');
  const term = rig.terminal(['run'], { cols: 100, rows: 40 });
  await walk(term, [
    ...yes('confirm_access', 'Done?'),
    ...yes('check_ready', 'Step 1 of 3 done?', 'Step 2 of 3 done?', 'Step 3 of 3 done?'),
    ...yes('push_proposal', 'Done?'),
  ]);
  // Nothing was pushed, and the check tells.
  await term.waitForNew('✘ origin has the rebased branch');
  push('--force-with-lease', 'origin', '5.3');
  await press(term, 'A check failed. What now?', 'y');
  await walk(term, [
    ...yes('draft_history', 'Accept?'),
    ...yes('review_diff', 'Done?'),
    {
      task: 'push_release',
      question: 'Done?',
      key: 'y',
      before: () => ['master', 'v5.3.0', 'master:5.x'].map((what) => push('origin', what)),
    },
    ...yes('publish_npm', 'Step 1 of 3 done?', 'Step 2 of 3 done?', 'Step 3 of 3 done?'),
    ...yes('draft_release_notes', 'Accept?'),
    ...yes('update_website', 'Done?'),
    ...yes('draft_announcement', 'Accept?'),
    ...yes('announce', 'Done?'),
  ]);
  expect(await term.exit).toEqual({ code: 0, signal: null });
  expect(term.screen()).toMatch(/\nNothing is left to do: every task is DONE or SKIPPED\.$/);
}, WHOLE_WALK_MS);
afterAll(() => rig[Symbol.asyncDispose]());

test('every task is DONE, and its two files say the same', () => {
  const tasks = bothFiles(rig);
  expect(tasks).toHaveLength(22);
  expect(tasks.filter(({ status, file }) => status !== 'DONE' || file.status !== 'DONE')).toEqual([]);
  const types = tasks.map(({ file }) => file.type);
  expect(new Set(types)).toEqual(new Set(['MANUAL', 'AI_ASSISTED', 'AUTOMATED_SCRIPT']));
});

test('of runbook.yaml only the status lines are changed', () => {
  const changed = changedLines(rig, 'express-release', 'runbook.yaml');
  expect(changed).toHaveLength(22);
  expect(new Set(changed)).toEqual(new Set(['    status: DONE']));
});

test('the release is made: origin has the commit on both branches, with its tag', () => {
  const release = checkout('rev-parse', 'v5.3.0');
  const atOrigin = checkout('ls-remote', 'origin', 'refs/heads/master', 'refs/heads/5.x', 'refs/tags/v5.3.0');
  expect(atOrigin.split('\n').sort()).toEqual(
    ['refs/heads/5.x', 'refs/heads/master', 'refs/tags/v5.3.0'].map((ref) => `${release}\t${ref}`),
  );
  expect(checkout('log', '--format=%s', 'v5.2.1..master')).toBe(
    [
      '5.3.0',
      'docs: say which Node.js it needs (#9110)',
      'feat: let app.get() take a list of paths (#9108)',
      'perf: find a route by its path at once (#9105)',
      'test: cover res.links() (#9103)',
      'fix: send null for res.json(undefined) (#9102)',
      'feat: add res.noContent() (#9101)',
      'ci: test with Node.js 24 (#9106)',
    ].join('\n'),
  );
  expect(checkout('status', '--porcelain')).toBe('');
});

test('what people will read is written, and the report says how it ended', () => {
  expect(rig.exists('outputs/express-5.3.0.tgz')).toBe(true);
  expect(rig.read('outputs/release_notes.md')).toContain('The 5.3.0 minor release');
  expect(rig.read('outputs/announcement.md')).toContain('npm install express@5.3.0');
  const report = rig.read('outputs/release_report.md').split('\n');
  expect(report[2]).toContain(`commit ${checkout('rev-parse', 'v5.3.0')}, dated ${dateOf('History.md')}`);
});

test('a push that was forgotten kept its step from being DONE, and both checks are in the journal', () => {
  const lines = rig.journal().filter(({ task_id }) => task_id === 'push_proposal');
  expect(lines.map(({ event_type, details }) => [event_type, details?.ok ?? details?.decision])).toEqual([
    ['READY_TASK', undefined],
    ['START_TASK', undefined],
    ['MANUAL_ACTION', 'accept'],
    ['CHECK_RUN', false],
    ['CHECK_RUN', true],
    ['COMPLETE_TASK', undefined],
  ]);
});

/** The date in the first line of a file of the release commit. */
function dateOf(path: string): string | undefined {
  return /\d{4}-\d\d-\d\d$/m.exec(checkout('show', `v5.3.0:${path}`))?.[0];
}

function push(...what: string[]): string {
  return checkout('push', '--quiet', ...what);
}

function checkout(...args: string[]): string {
  return rig.git('-C', 'workspace/express', ...args);
}
