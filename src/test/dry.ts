// A dry run, for a person and for a program, with the proof that it did nothing.
import { expect } from 'vitest';
import type { Rig } from './rig.ts';
import { dataOf } from './said.ts';

interface DryRun {
  task_id?: string | null;
  settles?: object[];
  tasks?: object[];
  files: { file: string; before: string; after: string }[];
}

/** Fails if anything was written or started: a script or a check that leaves a trace in the folder, or git. */
export async function dry(rig: Rig, ...args: string[]) {
  rig.command('git', `#!/bin/sh\ntouch ${rig.dir}/git-ran\n`);
  const before = rig.tree();
  const [plain, json] = [await rig.run(['-n', ...args]), await rig.run([...args, '--dry-run', '--json'])];
  expect(rig.tree()).toEqual(before);
  expect(json.code).toBe(plain.code);
  return { plain, json, code: plain.code, data: () => dataOf('dry_run', json) as DryRun };
}
