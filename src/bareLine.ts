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

/**
 * What most lines say: a command, or none, and no more than such flags. It is understood without commander, which takes as long to
 * load as all else; undefined for every other line.
 */
export function bareLine(argv: readonly string[]): { name: string; flags: GlobalFlags } | undefined {
  const words = argv.filter((word) => !Object.hasOwn(BARE_FLAGS, word));
  const [name = 'status'] = words;
  if (words.length > 1 || name.startsWith('-')) return undefined;
  return { name, flags: Object.assign({}, ...argv.map((word) => BARE_FLAGS[word])) as GlobalFlags };
}
