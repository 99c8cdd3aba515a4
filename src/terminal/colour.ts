// Colours, decided for each stream by itself. The only importer of chalk.
import { Chalk, supportsColor, supportsColorStderr } from 'chalk';
import type { Marks } from '../errors.ts';
import type { Status } from '../runbook/schema.ts';

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
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const supported = stream === 'stdout' ? supportsColor : supportsColorStderr;
  const off = options.noColor || (NO_COLOR !== undefined && NO_COLOR !== '' && FORCE_COLOR === undefined);
  return paletteOf(new Chalk({ level: off || !supported ? 0 : supported.level }));
}

function paletteOf(chalk: InstanceType<typeof Chalk>): Palette {
  const colours: Record<Status, Paint> = {
    PENDING: chalk.dim,
    READY: chalk.blue,
    RUNNING: chalk.yellow,
    DONE: chalk.green,
    ERROR: chalk.red,
    SKIPPED: chalk.dim,
  };
  return {
    on: chalk.level > 0,
    status: (status, text = status) => colours[status](text),
    bold: chalk.bold,
    dim: chalk.dim,
    good: chalk.green,
    bad: chalk.red,
    accent: chalk.cyan,
    error: chalk.red.bold,
    place: chalk.blue,
  };
}
