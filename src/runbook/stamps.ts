// Whether files are as they were, without reading them.
import { statSync } from 'node:fs';
import type { Task } from './task.ts';

/** The files that tasks stand in. */
export function filesOf(tasks: readonly Task[]): Set<string> {
  return new Set(tasks.flatMap(({ homes }) => homes.map(({ source }) => source.path)));
}

export function stampsOf(files: Iterable<string>): Map<string, string> {
  return new Map(Array.from(files, (file) => [file, stampOf(file)]));
}

/** Whether the files are as their stamps say; one that has none is not. */
export function areAsStamped(files: Iterable<string>, stamps: ReadonlyMap<string, string>): boolean {
  return Array.from(files).every((file) => stampOf(file) === stamps.get(file));
}

/** Two different ones for two different states of a file; none is the stamp of a file that is gone. */
function stampOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}` : '';
}
