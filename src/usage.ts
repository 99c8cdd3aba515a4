// What is said of a command line that is not understood: in our form, with what was likely meant by somebody who knows other tools.
import type { CommanderError } from 'commander';
import { COMMANDS } from './commands/index.ts';
import { RunbookError } from './errors.ts';
import { STATUSES } from './runbook/vocabulary.ts';
import { didYouMean } from './suggest.ts';
import { asCommand } from './terminal/words.ts';

/** How other tools call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  check: 'validate',
  lint: 'validate',
  verify: 'validate',
  undo: 'reset',
  unskip: 'reset',
  reopen: 'reset',
  cancel: 'reset',
  new: 'add',
  create: 'add',
  tasks: 'list',
  ps: 'status',
  ready: 'list --ready',
  resume: 'run',
  continue: 'run',
  tree: 'graph',
  describe: 'show',
  info: 'show',
  view: 'show',
  explain: 'why',
  fix: 'doctor --fix',
  complete: 'done',
  finish: 'done',
  close: 'done',
  fail: 'error',
  claim: 'start',
  take: 'start',
  logs: 'history',
  version: '--version',
};
const REMOVE = ['rm', 'remove', 'delete'];

export function unknownCommand(name: string): RunbookError {
  const known = COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  const meant = ELSEWHERE[name];
  return new RunbookError({
    code: 'USAGE',
    message: `there is no command \`${name}\`.${meant === undefined ? didYouMean(name, known) : ` Did you mean \`${meant}\`?`}`,
    hint: REMOVE.includes(name)
      ? 'A task is taken out in the YAML, by hand: `runbook edit` opens it.'
      : 'runbook --help  lists them all',
  });
}

/** Commander's complaint in our form. */
export function usageError(error: CommanderError, argv: readonly string[]): RunbookError {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const at = commandAt(argv);
  const command = argv[at] ?? '';
  if (error.code === 'commander.missingArgument' && /'id'/.test(message))
    return new RunbookError({
      code: 'USAGE',
      message: `\`runbook ${command}\` needs the id of a task`,
      hint: 'runbook list  shows them all',
    });
  const suggestion = more.join(' ').replace(/^\(Did you mean (.+)\?\)$/, '. Did you mean `$1`?');
  const [, value = '', choices = ''] = /'([^']*)' is invalid.*Allowed choices are (.+)\.$/.exec(message) ?? [];
  const worded = message.replaceAll(/'([^']*)'/g, '`$1`');
  const instead = error.code === 'commander.excessArguments' ? insteadOf(command, argv[at + 1]) : undefined;
  return new RunbookError({
    code: 'USAGE',
    message: worded + suggestion + didYouMean(value, choices.split(', ')),
    hint: instead ?? `runbook ${command === '' ? '' : `${command} `}--help  tells what it takes`,
  });
}

/** Where the command stands in the line: the first word that is neither a flag nor the value of one. -1 if there is none. */
function commandAt(argv: readonly string[]): number {
  const isValue = (i: number) => ['-C', '--cd', '--file'].includes(argv[i - 1] ?? '');
  return argv.findIndex(
    (word, i) => !isValue(i) && COMMANDS.some(({ name, aliases = [] }) => name === word || aliases.includes(word)),
  );
}

/** With which flag a command takes the word that stands behind it. */
function insteadOf(command: string, word: string | undefined): string | undefined {
  if (word === undefined || word.startsWith('-')) return undefined;
  switch (command) {
    case 'next':
      return `${asCommand('next', '--start-from', word)}  does that one, if it is READY`;
    case 'run':
      return `${asCommand('run', '--until', word)}  stops after that one`;
    case 'report':
    case 'export':
      return `${asCommand(command, '--output', word)}  writes it there`;
    case 'list':
    case 'ls': {
      const status = STATUSES.find((known) => known === word.toUpperCase());
      return status ? asCommand('list', '--status', status) : asCommand('show', word);
    }
    case 'status':
      return asCommand('show', word);
    default:
      return undefined;
  }
}
