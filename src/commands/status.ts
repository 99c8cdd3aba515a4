// `status`: one screen: how far it is, what stands in error, what is next, and what waits for what.
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import { lookAt } from '../standing.ts';
import type { Action, Context } from './context.ts';
import { screenLines } from './statusScreen.ts';
import { spentOn } from './statusWords.ts';

export function define(command: Command, action: Action): void {
  command
    .addHelpText(
      'before',
      'Examples:\n  runbook                 where does it stand?\n  runbook status --plain  the same for a screen reader: a line for each thing\n  runbook status --json   the same for a program\n',
    )
    .action(action(alone));
}

export async function alone(context: Context): Promise<number> {
  const standing = lookAt(context.runbookPath());
  const spent = spentOn(standing.runbook);
  // Each is a file of its own: of all that is typed, most is this command, to look at its screen.
  if (context.flags.json) {
    const { statusData } = await import('./statusData.ts');
    context.printData('status', statusData(standing, spent));
  } else {
    const { plainLines } = context.flags.plain ? await import('./statusPlain.ts') : {};
    context.printLines(plainLines?.(standing, spent) ?? screenLines(context, standing, spent));
  }
  return EXIT.ok;
}
