// What the last import of each plan made of it, kept in `.runbook/imports.json`: without it, a change of the plan could not be told
// from a hand edit of the runbook. If it is deleted, the runbook stays as it is wherever the two differ.
import { join } from 'node:path';
import { readPlain } from '../plainFile.ts';
import { ownFile } from '../runbook/find.ts';
import { FOLDER } from '../runbook/folder.ts';
import type { NewScript } from '../runbook/newTask.ts';
import { writeDurably } from '../runbook/write.ts';

export interface KnownStep {
  readonly id: string;
  readonly key: string;
  readonly text: string;
  readonly ticked: boolean;
  readonly script?: NewScript | undefined;
  readonly instructions?: string | readonly string[] | undefined;
  /** What the plan wanted to be written, in YAML's spelling. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Empty where nothing is known. What another version, or a hand, has left there counts for nothing. */
export function readKnown(root: string, plan: string): readonly KnownStep[] {
  const steps = readAll(root)[plan];
  return Array.isArray(steps) ? steps.filter(isKnownStep) : [];
}

export function writeKnown(root: string, plan: string, steps: readonly KnownStep[]): void {
  writeDurably(pathIn(root), `${JSON.stringify({ format: FORMAT, plans: { ...readAll(root), [plan]: steps } })}\n`);
}

const FORMAT = 1;

function pathIn(root: string): string {
  return join(root, FOLDER, ownFile(root, 'imports.json'));
}

function readAll(root: string): Record<string, unknown> {
  try {
    const { format, plans } = JSON.parse(readPlain(pathIn(root)).toString()) as { format?: unknown; plans?: unknown };
    return format === FORMAT && typeof plans === 'object' && plans !== null ? { ...plans } : {};
  } catch {
    return {};
  }
}

function isKnownStep(step: unknown): step is KnownStep {
  if (typeof step !== 'object' || step === null) return false;
  const { id, key, text, fields } = step as Record<string, unknown>;
  return [id, key, text].every((one) => typeof one === 'string') && typeof fields === 'object' && fields !== null;
}
