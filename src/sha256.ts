// By which a text is known again.
import { createHash } from 'node:crypto';
import { encoded } from './runbook/memory.ts';

export function sha256(text: string | Buffer): string {
  const hash = createHash('sha256');
  for (const piece of typeof text === 'string' ? encoded(text) : [text]) hash.update(piece);
  return hash.digest('hex');
}
