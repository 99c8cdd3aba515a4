// A person's mistake on stderr: words are not broken by the edge of the terminal.
import { formatTrouble, type Trouble } from '../errors.ts';
import type { Palette } from './colour.ts';
import { plainTrouble } from './plainTrouble.ts';
import { columnsOf, write } from './streams.ts';
import { within } from './words.ts';

export interface Manner {
  readonly palette: Palette;
  readonly plain: boolean;
}

export function sayTrouble(trouble: Trouble, { palette, plain }: Manner, label = 'error'): void {
  const columns = columnsOf('stderr');
  const text = plain
    ? plainTrouble(trouble, label)
    : formatTrouble(trouble, palette, label, columns, (line) => within(line, columns));
  write('stderr', `${text}\n`);
}

/** Several, with a blank line behind each, unless it is read aloud. */
export function sayTroubles(troubles: readonly Trouble[], manner: Manner, label = 'error'): void {
  for (const trouble of troubles) {
    sayTrouble(trouble, manner, label);
    if (!manner.plain) write('stderr', '\n');
  }
}
