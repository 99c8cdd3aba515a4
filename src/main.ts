// argv → command. The only place that exits, and the last to catch: what arrives here unforeseen is our bug.
import { bareLine } from './bareLine.ts';
import { asJson, Context, type GlobalFlags, type Work } from './commands/context.ts';
import { COMMANDS } from './commands/index.ts';
import { EXIT, RunbookError } from './errors.ts';
import { reasonOf, shownPath } from './paths.ts';
import { paletteFor } from './terminal/colour.ts';
import { write } from './terminal/streams.ts';
import { sayTrouble } from './terminal/trouble.ts';

declare const RUNBOOK_VERSION: string;

/** Made for the commands that can be interrupted, or when it happens. */
let interruption: AbortController | undefined;

function interruptible(): AbortController {
  interruption ??= new AbortController();
  return interruption;
}

async function main(argv: readonly string[]): Promise<number> {
  const line = bareLine(argv);
  const command = line && COMMANDS.find(({ name }) => name === line.name);
  if (!command?.onlyLooks && !line?.flags.dryRun) heedSignals();
  const { alone, withIds } = (await command?.load()) ?? {};
  if (line && alone && line.words.length === 0) return carry(line.flags, alone);
  if (line && withIds && line.words.length > 0) return carry(line.flags, (context) => withIds(context, line.words));
  const { obey } = await import('./program.ts');
  return obey(argv, carry);
}

async function carry(flags: GlobalFlags, work: Work<[]>): Promise<number> {
  const context = new Context(flags, () => interruptible().signal);
  try {
    return await work(context);
  } catch (error) {
    throw context.redacted(error);
  }
}

function report(thrown: unknown, json: boolean): number {
  const error = systemTrouble(thrown) ?? thrown;
  const plain = process.argv.includes('--plain');
  const palette = paletteFor('stderr', { noColor: plain || process.argv.includes('--no-color') });
  if (error instanceof RunbookError) {
    if (error.code === 'INTERRUPTED' && !json) write('stderr', 'interrupted; nothing was changed\n');
    else if (json) write('stderr', `${asJson(errorObject(error.code, error.message, error))}\n`);
    else sayTrouble(error, { palette, plain });
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
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  const hint =
    isForbidden && path !== undefined ? `ls -ld ${shownPath(process.cwd(), path)}  shows who may` : undefined;
  return new RunbookError({ code: reading ? 'FILE_UNREADABLE' : 'FILE_UNWRITABLE', message, hint }, { cause: error });
}

function errorObject(code: string, message: string, { at, hint }: { at?: unknown; hint?: string | undefined } = {}) {
  return { schema_version: 1, kind: 'error', error: { code, message, at: at ?? null, hint: hint ?? null } };
}

/** To heed one takes longer to set up than to look whether anything is wrong with the plan. */
function heedSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal());
}

/** The first signal lets what runs come to an orderly end; a second one ends everything at once. */
async function onSignal(): Promise<void> {
  if (interruption?.signal.aborted) {
    const { killAllNow } = await import('./shell.ts');
    killAllNow();
    process.exit(EXIT.interrupted);
  }
  interruptible().abort();
}

/** Carries out what the command line says, and sets the exit status. */
export async function start(argv: readonly string[]): Promise<void> {
  // Before anything is made of the words: they are of a line that somebody is typing.
  const [name, flag, shell = '', ...words] = argv;
  if (name === 'completion' && flag === '--words') {
    const [{ printWords }, { programWithFlags }] = await Promise.all([
      import('./commands/completing.ts'),
      import('./program.ts'),
    ]);
    return printWords(shell, words, programWithFlags());
  }
  try {
    process.exitCode = await main(argv);
  } catch (error) {
    process.exitCode = report(error, argv.includes('--json'));
  }
}
