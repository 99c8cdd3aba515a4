// `skill`: the file from which a coding agent learns to work a runbook through this command line.
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import type { Action, Context } from './context.ts';
import { SKILL } from './skillText.ts';

export function define(command: Command, action: Action): void {
  command
    .addHelpText(
      'before',
      'Examples:\n  runbook skill > SKILL.md\n  mkdir -p .claude/skills/runbook  and there, where an agent finds it:\n  runbook skill > .claude/skills/runbook/SKILL.md\n',
    )
    .action(action(skill));
}

function skill(context: Context): number {
  context.print('skill', { text: SKILL }, () => [SKILL.trimEnd()]);
  return EXIT.ok;
}
