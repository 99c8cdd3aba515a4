// `completion`: a script that lets a shell complete commands, flags and ids. The script asks `completion --words` what there is.
import { Argument, type Command } from 'commander';
import { EXIT } from '../errors.ts';
import { SCRIPTS, SHELLS, type Shell } from './completionScripts.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  command
    .addArgument(new Argument('<shell>', 'which one').choices([...SHELLS]))
    .addHelpText(
      'before',
      'Examples:\n  runbook completion fish > ~/.config/fish/completions/runbook.fish\n  runbook completion powershell | Out-String | Invoke-Expression\n  eval "$(runbook completion bash)"       in ~/.bashrc\n  eval "$(runbook completion zsh)"        in ~/.zshrc, after compinit\n',
    )
    .action(action(completion));
}

function completion(context: Context, shell: Shell): number {
  const script = SCRIPTS[shell];
  context.print('completion', { shell, script }, () => [script.trimEnd()]);
  return EXIT.ok;
}
