// The lines that are typed most: a command, or none, and flags that need no thought.
import type { GlobalFlags } from './commands/context.ts';

/** Flags that say the same before and behind every command, and take no value. */
const BARE_FLAGS: Readonly<Record<string, GlobalFlags>> = {
  '--json': { json: true },
  '--plain': { plain: true },
  '--dry-run': { dryRun: true },
  '-n': { dryRun: true },
  '--quiet': { quiet: true },
  '-q': { quiet: true },
  '--no-input': { input: false },
  '--no-color': { color: false },
};

export interface BareLine {
  readonly name: string;
  readonly words: string[];
  readonly flags: GlobalFlags;
}

/**
 * What most lines say: a command, or none, perhaps words, and no more than such flags. It is understood without commander, which
 * takes as long to load as much else; undefined for every other line.
 */
export function bareLine(argv: readonly string[]): BareLine | undefined {
  const all = argv.filter((word) => !Object.hasOwn(BARE_FLAGS, word));
  if (all.some((word) => word === '' || word.startsWith('-'))) return undefined;
  const [name = 'status', ...words] = all;
  return { name, words, flags: Object.assign({}, ...argv.map((word) => BARE_FLAGS[word])) as GlobalFlags };
}
