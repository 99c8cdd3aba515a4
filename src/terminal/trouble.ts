// A person's mistake on stderr: words are not broken by the edge of the terminal.
import { formatTrouble, type Trouble } from '../errors.ts';
import type { Palette } from './colour.ts';
import { columnsOf, write } from './streams.ts';
import { within } from './words.ts';

export function sayTrouble(trouble: Trouble, palette: Palette, label = 'error', after = '\n'): void {
  const columns = columnsOf('stderr');
  write('stderr', `${formatTrouble(trouble, palette, label, columns, (line) => within(line, columns))}${after}`);
}
