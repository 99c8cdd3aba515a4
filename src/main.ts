// argv → command. The only place that exits, and the last to catch: what arrives here unforeseen is our bug.
import { Command, CommanderError, Option } from 'commander';
import { type Action, asJson, Context, type GlobalFlags } from './commands/context.ts';
import { COMMANDS } from './commands/index.ts';
import { define as defineStatus } from './commands/status.ts';
import { EXIT, formatTrouble, RunbookError } from './errors.ts';
import { reasonOf, shownPath } from './paths.ts';
import { didYouMean } from './suggest.ts';
import { paletteFor } from './terminal/colour.ts';
import { columnsOf, write } from './terminal/streams.ts';

declare const RUNBOOK_VERSION: string;

const interruption = new AbortController();

async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = globalFlags(new Command('runbook'));
  const action: Action =
    (work) =>
    async (...args) => {
      const command = args.pop() as Command;
      const context = new Context(command.optsWithGlobals<GlobalFlags>(), interruption.signal);
      try {
        exitCode = await work(context, ...(args as never));
      } catch (error) {
        throw context.redacted(error);
      }
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
    .option('--plain', 'print without colour or decoration')
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
    defineStatus(status, action);
    await status.parseAsync([], { from: 'user' });
  });
  program.allowExcessArguments();
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

function unknownCommand(name: string): RunbookError {
  const known = COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  return new RunbookError({
    code: 'USAGE',
    message: `there is no command \`${name}\`.${didYouMean(name, known)}`,
    hint: 'runbook --help  lists them all',
  });
}

/** Commander's complaint in our form. */
function usageError(error: CommanderError, argv: readonly string[]): RunbookError {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const command = argv.find((word) => COMMANDS.some(({ name }) => name === word));
  const suggestion = more.join(' ').replace(/^\(Did you mean (.+)\?\)$/, '. Did you mean `$1`?');
  const [, value = '', choices = ''] = /'([^']*)' is invalid.*Allowed choices are (.+)\.$/.exec(message) ?? [];
  const worded = message.replaceAll(/'([^']*)'/g, '`$1`');
  return new RunbookError({
    code: 'USAGE',
    message: worded + suggestion + didYouMean(value, choices.split(', ')),
    hint: `runbook ${command ? `${command} ` : ''}--help  tells what it takes`,
  });
}

function report(thrown: unknown, json: boolean): number {
  const error = systemTrouble(thrown) ?? thrown;
  const plain = ['--no-color', '--plain'].some((flag) => process.argv.includes(flag));
  const palette = paletteFor('stderr', { noColor: plain });
  if (error instanceof RunbookError) {
    if (error.code === 'INTERRUPTED' && !json) write('stderr', 'interrupted; nothing was changed\n');
    else if (json) write('stderr', `${asJson(errorObject(error.code, error.message, error))}\n`);
    else write('stderr', `${formatTrouble(error, palette, 'error', columnsOf('stderr'))}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) write('stderr', `${asJson(errorObject('BUG', text))}\n`);
  else
    write(
      'stderr',
      `${palette.error('bug:')} this is a mistake in runbook itself, not yours. Please report it, with these lines:\n\n  runbook ${RUNBOOK_VERSION}, Node ${process.version}, ${process.platform}\n${text.replaceAll(/^/gm, '  ')}\n`,
    );
  return EXIT.bug;
}

/** What the system refuses (no permission, a folder in the place of a file) is no bug of ours, wherever it was met. */
function systemTrouble(error: unknown): RunbookError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd')
    return new RunbookError({
      code: 'FILE_NOT_FOUND',
      message: 'the current folder is gone',
      hint: 'cd to one that is there',
    });
  if (syscall === undefined || code === undefined || reasonOf(code) === code) return undefined;
  const reading = ['open', 'read', 'stat', 'lstat', 'scandir', 'access', 'realpath'].includes(syscall);
  const what = path === undefined ? 'the system refused' : `\`${shownPath(process.cwd(), path)}\` can't be used`;
  const message = `${what}: ${reasonOf(code)}`;
  return new RunbookError({ code: reading ? 'FILE_UNREADABLE' : 'FILE_UNWRITABLE', message }, { cause: error });
}

function errorObject(code: string, message: string, { at, hint }: { at?: unknown; hint?: string | undefined } = {}) {
  return { schema_version: 1, kind: 'error', error: { code, message, at: at ?? null, hint: hint ?? null } };
}

/** The first signal lets what runs come to an orderly end; a second one ends everything at once. */
async function onSignal(): Promise<void> {
  if (interruption.signal.aborted) {
    const { killAllNow } = await import('./shell.ts');
    killAllNow();
    process.exit(EXIT.interrupted);
  }
  interruption.abort();
}

/** Carries out what the command line says, and sets the exit status. */
export async function start(argv: readonly string[]): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());
  // Before anything is made of the words: they are of a line that somebody is typing.
  const [name, flag, shell = '', ...words] = argv;
  if (name === 'completion' && flag === '--words') {
    const { printWords } = await import('./commands/completing.ts');
    return printWords(shell, words, globalFlags(new Command('runbook')));
  }
  try {
    process.exitCode = await main(argv);
  } catch (error) {
    process.exitCode = report(error, argv.includes('--json'));
  }
}
