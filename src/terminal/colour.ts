// Colours, decided for each stream by itself.
import { styleText } from 'node:util';
import type { Marks } from '../errors.ts';
import type { Status } from '../runbook/vocabulary.ts';
import { isTerminal } from './streams.ts';

type Paint = (text: string) => string;

export interface Palette extends Marks {
  readonly on: boolean;
  readonly status: (status: Status, text?: string) => string;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly accent: Paint;
}

/** Colour is off without a terminal, with NO_COLOR, TERM=dumb or --no-color; FORCE_COLOR puts it on. */
export function paletteFor(stream: 'stdout' | 'stderr', options: { readonly noColor: boolean }): Palette {
  return paletteOf(!options.noColor && (isForced() ?? (isTerminal(stream) && knowsColours(stream))));
}

/** Node takes also an empty NO_COLOR for a wish. */
function knowsColours(stream: 'stdout' | 'stderr'): boolean {
  return process[stream].hasColors(16, { ...process.env, NO_COLOR: undefined });
}

function isForced(): boolean | undefined {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (FORCE_COLOR !== undefined) return !['0', 'false'].includes(FORCE_COLOR);
  return NO_COLOR !== undefined && NO_COLOR !== '' ? false : undefined;
}

type Style = 'bold' | 'dim' | 'blue' | 'cyan' | 'green' | 'red' | 'yellow';

function paletteOf(on: boolean): Palette {
  const paint =
    (...styles: [Style, ...Style[]]): Paint =>
    (text) =>
      on && text !== '' ? styleText(styles, text, { validateStream: false }) : text;
  const colours: Record<Status, Paint> = {
    PENDING: paint('dim'),
    READY: paint('blue'),
    RUNNING: paint('yellow'),
    DONE: paint('green'),
    ERROR: paint('red'),
    SKIPPED: paint('dim'),
  };
  return {
    on,
    status: (status, text = status) => colours[status](text),
    bold: paint('bold'),
    dim: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    accent: paint('cyan'),
    error: paint('red', 'bold'),
    place: paint('blue'),
  };
}
