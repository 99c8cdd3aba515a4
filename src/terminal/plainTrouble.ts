// A person's mistake in lines that each stand by themselves, without the line and its caret: for who hears it, and as compilers say it.
import { shown, type Trouble } from '../errors.ts';

export function plainTrouble({ message, at, hint }: Trouble, label: string): string {
  const where = at ? `${shown(at.file)}:${at.line}:${at.column}: ` : '';
  const hints = hint === undefined ? [] : shown(hint).split('\n');
  return [
    `${label}: ${where}${shown(message)}`,
    ...hints.map((line) => `hint: ${line.trim().replaceAll(/ {2,}/g, ' ')}`),
  ].join('\n');
}
