// The command line as commander reads it: every command and flag, their help, and what is wrong with a line that is not known.
import { Command, CommanderError, Option } from 'commander';
import type { Action, GlobalFlags, Work } from './commands/context.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, RunbookError } from './errors.ts';
import { unknownCommand, usageError } from './usage.ts';

declare const RUNBOOK_VERSION: string;

/** Carries a command out with its flags, and returns the exit status. */
export type Carry = (flags: GlobalFlags, work: Work<[]>) => Promise<number>;

/** Finds out what a command line says, and lets `carry` carry it out. Throws USAGE for what it does not understand. */
export async function obey(argv: readonly string[], carry: Carry): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = programWithFlags();
  const action: Action =
    (work) =>
    async (...args) => {
      const command = args.pop() as Command;
      exitCode = await carry(command.optsWithGlobals<GlobalFlags>(), (context) => work(context, ...(args as never)));
    };
  await addCommands(program, argv, action);
  try {
    await program.parseAsync(argv.map(plainYes), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    const asked = argv.find((word) => !word.startsWith('-') && word !== 'help');
    if (error.code === 'commander.help' && asked !== undefined) throw unknownCommand(asked);
    throw usageError(error, argv);
  }
  return exitCode;
}

/** What stands before any command. */
export function programWithFlags(): Command {
  return globalFlags(new Command('runbook'));
}

/** `--yes` takes a value only behind `=`: in `runbook --yes next`, `next` is the command. */
function plainYes(word: string): string {
  if (!/^(?:--yes|-y)=/.test(word)) return word;
  if (word === '--yes=unchecked') return '--yes-unchecked';
  throw new RunbookError({
    code: 'USAGE',
    message: `\`${word}\` is not known`,
    hint: '`--yes` accepts what its checks prove, `--yes=unchecked` also what has no checks.',
  });
}

function globalFlags(program: Command): Command {
  return program
    .description('Works through a plan in YAML with you: steps by hand, by a model with your review, or by script.')
    .usage('[command] [flags]')
    .option('-C, --cd <dir>', 'work in this folder')
    .option('--file <file>', 'the runbook, if it is not runbook.yaml here or above')
    .option('--json', 'print one JSON object')
    .option('--plain', 'for a screen reader: words alone, line by line')
    .option('-y, --yes', 'accept replies whose checks pass; --yes=unchecked: also those without checks')
    .addOption(new Option('--yes-unchecked').hideHelp())
    .option('--no-input', 'never ask; what needs a person is refused (or RUNBOOK_NO_INPUT=1)')
    .addOption(new Option('--non-interactive', 'the same as --no-input').hideHelp())
    .option('-n, --dry-run', 'say what would happen, and change nothing')
    .option('-q, --quiet', 'say less')
    .option('--no-color', 'no colour (or NO_COLOR=1)')
    .version(RUNBOOK_VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help, also for a command')
    .helpCommand('help [command]', 'print help for a command')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      'before',
      'Examples:\n  runbook init          write a small playbook\n  runbook next          do the next step\n  runbook               where does it stand?\n',
    )
    .addHelpText(
      'after',
      '\nExit status: 0 done · 1 a task is in ERROR · 2 a mistake in a command or a file\n  3 nothing is READY · 4 a person must decide · 5 another runner holds it\n  70 our bug · 130 interrupted',
    );
}

/** All have their line in the help; only the files of those that are called are loaded. */
async function addCommands(program: Command, argv: readonly string[], action: Action): Promise<void> {
  for (const { name, aliases = [], summary, group, load } of COMMANDS) {
    const command = program
      .command(name)
      .summary(summary)
      .description(sentence(summary))
      .aliases([...aliases])
      .helpGroup(`${group}:`);
    if ([name, ...aliases].some((word) => argv.includes(word))) (await load()).define(command, action);
  }
  // `runbook` alone is `runbook status`.
  program.action(async (_options, command: Command) => {
    const [unknown] = command.args;
    if (unknown !== undefined) throw unknownCommand(unknown);
    const status = program.commands.find((candidate) => candidate.name() === 'status');
    if (!status) throw new Error('there is no command `status`');
    (await COMMANDS.find(({ name }) => name === 'status')?.load())?.define(status, action);
    await status.parseAsync([], { from: 'user' });
  });
  program.allowExcessArguments();
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
