// Which program a script would start, and whether it is there: as far as that can be seen without running anything.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { type Place, RunbookError } from '../errors.ts';
import { statOf } from '../paths.ts';
import type { Command, ScriptDetails, Task } from '../runbook/task.ts';

/**
 * Throws SCRIPT_NOT_FOUND if what is to run is plainly not there. `path` is the PATH it will run with. Of a shell's line only
 * the first command is looked at: the others may be made by it.
 */
export function requireProgram(root: string, task: Task, script: ScriptDetails, path: string | undefined): void {
  const folder = resolve(root, script.cwd);
  const read = interpretedFile(script.command);
  if (read !== undefined && whereFrom(folder, read) === 'missing') throw notRunnable(task, read, 'missing');
  const file = firstProgram(script.command);
  if (file === undefined) return;
  const found = file.includes('/') ? whereFrom(folder, file) : inPath(file, script.env['PATH'] ?? path);
  if (found !== 'ok') throw notRunnable(task, file, found);
}

function notRunnable(task: Task, file: string, found: Exclude<Found, 'ok'>): RunbookError {
  const words = {
    missing: [
      'does not exist',
      'Mend the path, or write that script. It is looked up from the folder the task runs in.',
    ],
    notInPath: ['is not in the PATH', `Install it; or, if it is a script of yours, write \`./${file}\`.`],
    folder: ['is a folder', 'Name the script in it that is to run.'],
    notExecutable: ['may not be executed', `chmod +x ${file}`],
  } satisfies Record<typeof found, readonly [string, string]>;
  const [what, hint] = words[found];
  return new RunbookError({
    code: 'SCRIPT_NOT_FOUND',
    message: `the ${found === 'notInPath' ? 'program' : 'script'} \`${file}\` ${what}`,
    at: placeOfCommand(task),
    hint,
  });
}

/** The field of `script_details` that says what runs, or the whole where that is all it says. */
function placeOfCommand(task: Task): Place {
  const whole = task.place('script_details');
  const inside = (['path', 'command'] as const).map((field) => task.place(`script_details.${field}`));
  return inside.find((place) => place.line !== whole.line || place.column !== whole.column) ?? whole;
}

/** Undefined where a shell would have to say what the first word means. */
function firstProgram(command: Command): string | undefined {
  if (command.kind === 'program') return command.file;
  if (command.shell !== undefined && !/(?:^|\/)(?:ba|da|k|z)?sh$/.test(command.shell)) return undefined;
  const [, first] = FIRST_WORD.exec(command.line) ?? [];
  return first === undefined || SHELL_WORDS.includes(` ${first} `) ? undefined : first;
}

/** A plain word that ends where a command's name ends, and is no function that is being written. */
const FIRST_WORD = /^\s*([\w@%+:,./-]+)(?=[\s;&|<>]|$)(?!\s*\()/;

/** What the shells of this family know without a program. */
const SHELL_WORDS = [
  ': . break cd command continue eval exec exit export false getopts hash jobs kill local pwd read readonly return set',
  'shift source test times trap true type typeset ulimit umask unalias unset wait alias bg fg fc echo printf let declare',
  'builtin bind caller compgen complete compopt dirs disown enable help history logout mapfile popd pushd readarray shopt',
  'suspend if then else elif fi case esac for while until do done select function time coproc in print whence autoload',
  'emulate setopt unsetopt zmodload noglob nocorrect repeat foreach end integer float private unfunction vared',
]
  .map((words) => ` ${words} `)
  .join('');

/** The file in `bash scripts/x.sh` and the like, where it is plain that it is one. */
function interpretedFile(command: Command): string | undefined {
  const words = command.kind === 'program' ? [command.file, ...command.args] : command.line.trim().split(/\s+/);
  const [program = '', file = ''] = words;
  const interprets = /^(?:\/[\w/]+\/)?(?:(?:ba|z|da|k)?sh|node|python3?|ruby|perl)$/.test(program);
  return interprets && /^[\w@%+:,./][\w@%+:,./-]*\.\w+$/.test(file) ? file : undefined;
}

type Found = 'ok' | 'missing' | 'folder' | 'notExecutable' | 'notInPath';

function whereFrom(folder: string, file: string): Found {
  const path = isAbsolute(file) ? file : join(folder, file);
  const entry = statOf(path);
  if (!entry) return 'missing';
  if (entry.isDirectory()) return 'folder';
  return executable(path) ? 'ok' : 'notExecutable';
}

function inPath(file: string, path: string | undefined): Found {
  if (process.platform === 'win32') return 'ok';
  return (path ?? '').split(delimiter).some((folder) => folder !== '' && executable(join(folder, file)))
    ? 'ok'
    : 'notInPath';
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
