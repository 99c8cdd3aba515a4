// What could be meant by the word that is being typed: commands, flags, their values, ids of tasks in a fitting status. It says
// nothing where it knows nothing, and never fails: its reader is a line that somebody is typing.
import { resolve } from 'node:path';
import { Command, type Option } from 'commander';
import { findRunbook } from '../runbook/find.ts';
import type { Status, Task } from '../runbook/task.ts';
import { lookAt } from '../standing.ts';
import { write } from '../terminal/streams.ts';
import { oneLine } from '../terminal/words.ts';
import { bashLine } from './bashLine.ts';
import { COMMANDS } from './index.ts';

interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** `files` and `dirs` are for the shell to find. */
type Candidates = readonly Candidate[] | 'files' | 'dirs';

/**
 * What the scripts call: prints a line that says of what kind the words are (`words`, `files`, `dirs`), and then each with what it
 * is about behind a tab. For bash, as they are to stand in the line. Whatever goes wrong: nothing, and no word of it.
 */
export async function printWords(shell: string, args: readonly string[], program: Command): Promise<void> {
  try {
    const line = bashLine(args[0] ?? '');
    const words = shell === 'bash' ? line.words : args;
    const typed = shell === 'powershell' ? (words.at(-1) ?? '').replace(/^=/, '') : (words.at(-1) ?? '');
    const found = await candidatesFor(words.slice(0, -1), typed, program);
    const shown = shell === 'bash' ? forBash(found, line.insert) : forOthers(found);
    write('stdout', [typeof found === 'string' ? found : 'words', ...shown, ''].join('\n'));
  } catch {
    // Whoever is typing has other things in mind.
  }
}

function forBash(found: Candidates, insert: (word: string) => string | undefined): string[] {
  return typeof found === 'string' ? [] : found.flatMap(({ word }) => insert(word) ?? []);
}

function forOthers(found: Candidates): string[] {
  return typeof found === 'string' ? [] : found.map(({ word, about }) => (about === '' ? word : `${word}\t${about}`));
}

/** The ids that a command is for, RUNNING only where somebody has taken it. Of the others, all. */
const FITTING: Readonly<Record<string, readonly Status[]>> = {
  start: ['READY'],
  done: ['PENDING', 'READY', 'RUNNING', 'ERROR', 'SKIPPED'],
  skip: ['PENDING', 'READY', 'RUNNING', 'ERROR', 'DONE'],
  retry: ['ERROR'],
  reset: ['DONE', 'SKIPPED', 'RUNNING'],
};
const OF_IDS = ['--start-from', '--until', '--after', '--before', '--depends-on'];

/** `words` stand before the one that is typed, which is `typed`; `program` has the global flags. */
async function candidatesFor(words: readonly string[], typed: string, program: Command): Promise<Candidates> {
  const { name, isHelp, given, open, onlyArguments } = await read(words, program);
  const command = await defined(name);
  const options = [...(command?.options ?? []), ...program.options].filter((option) => !option.hidden);
  const [, flag] = /^(--[\w-]+)=/.exec(typed) ?? [];
  const ofFlag = flag === undefined ? undefined : options.find((option) => option.long === flag);
  if (ofFlag && !onlyArguments) return withFlag(`${flag}=`, valuesOf(ofFlag, words));
  const values = open && !(open.variadic && typed.startsWith('-')) ? valuesOf(open, words) : undefined;
  if (values && !open?.variadic) return values;
  const offered = () => (command && name !== undefined && !isHelp ? argumentsOf(command, name, given, words) : []);
  if (typed.startsWith('-') && !onlyArguments) return [...options.flatMap(flagsOf), ...endOfFlags(offered())];
  if (values && values.length > 0) return values;
  if (name === undefined || isHelp) return commands(isHelp);
  const candidates = offered();
  if (onlyArguments || typeof candidates === 'string') return candidates;
  return [...candidates.filter(({ word }) => !word.startsWith('-')), ...endOfFlags(candidates)];
}

/** What looks like a flag can only stand behind `--`, as everywhere. */
function endOfFlags(candidates: Candidates): Candidate[] {
  const behind = typeof candidates === 'string' ? [] : candidates.filter(({ word }) => word.startsWith('-'));
  return behind.length === 0 ? [] : [{ word: '--', about: `then ${behind.map(({ word }) => word).join(', ')}` }];
}

interface Line {
  readonly name: string | undefined;
  readonly isHelp: boolean;
  /** What is no flag, behind the command. */
  readonly given: readonly string[];
  /** The flag whose value comes next. */
  readonly open: Option | undefined;
  /** Behind `--`. */
  readonly onlyArguments: boolean;
}

async function read(words: readonly string[], program: Command): Promise<Line> {
  let name: string | undefined;
  let [isHelp, onlyArguments] = [false, false];
  let open: Option | undefined;
  let options: readonly Option[] = program.options;
  const given: string[] = [];
  for (const word of words) {
    if (open && !open.variadic) open = undefined;
    else if (word === '--') [open, onlyArguments] = [undefined, true];
    else if (word.startsWith('-') && !onlyArguments) {
      const option = options.find(({ long, short }) => long === word || short === word);
      open = option?.required || option?.optional ? option : undefined;
    } else if (open) continue;
    else if (word === 'help' && name === undefined) isHelp = true;
    else if (name === undefined) {
      name = nameOf(word);
      options = [...program.options, ...((await defined(name))?.options ?? [])];
    } else given.push(word);
  }
  return { name, isHelp, given, open, onlyArguments };
}

function nameOf(word: string): string {
  return COMMANDS.find(({ name, aliases = [] }) => name === word || aliases.includes(word))?.name ?? word;
}

async function defined(name: string | undefined): Promise<Command | undefined> {
  const listed = COMMANDS.find((command) => command.name === name);
  if (!listed) return undefined;
  const command = new Command(name);
  (await listed.load()).define(command, () => async () => {});
  return command;
}

function commands(isHelp: boolean): Candidate[] {
  const all = COMMANDS.map(({ name, summary }) => ({ word: name, about: summary }));
  return isHelp ? all : [...all, { word: 'help', about: 'print help for a command' }];
}

function flagsOf({ long, description }: Option): Candidate[] {
  return long === undefined || long === null ? [] : [{ word: long, about: description }];
}

function withFlag(start: string, values: Candidates): Candidates {
  return typeof values === 'string' ? values : values.map(({ word, about }) => ({ word: start + word, about }));
}

function valuesOf(option: Option, words: readonly string[]): Candidates {
  if (option.argChoices) return option.argChoices.map((word) => ({ word, about: '' }));
  if (option.long === '--cd') return 'dirs';
  if (OF_IDS.includes(option.long ?? '')) return tasksIn(words).map(candidate);
  return ['--file', '--output'].includes(option.long ?? '') ? 'files' : [];
}

function argumentsOf(command: Command, name: string, given: readonly string[], words: readonly string[]): Candidates {
  const argument = command.registeredArguments[given.length] ?? command.registeredArguments.at(-1);
  const isFull = given.length >= command.registeredArguments.length && !argument?.variadic;
  if (!argument || isFull) return [];
  if (argument.argChoices) return argument.argChoices.map((word) => ({ word, about: '' }));
  if (!/\bid\b/.test(argument.name())) return 'files';
  const fitting = FITTING[name];
  return tasksIn(words)
    .filter(({ id, status, type }) => {
      if (given.includes(id) || (name === 'prompt' && type !== 'AI_ASSISTED')) return false;
      return (
        fitting === undefined ||
        fitting.includes(status) ||
        (status === 'RUNNING' && name === 'start' && words.includes('--force'))
      );
    })
    .map(candidate);
}

function candidate({ id, status, name }: Task): Candidate {
  return { word: id, about: `${status}${name === id ? '' : `  ${oneLine(name)}`}` };
}

/** Those whose ids can be typed, without those whose runner is at work or gone. None where the runbook is not found, or has a mistake. */
function tasksIn(words: readonly string[]): readonly Task[] {
  const value = (long: string, short = long) => {
    const at = words.findLastIndex((word) => word === long || word === short);
    const joined = words.findLast((word) => word.startsWith(`${long}=`));
    return at < 0 ? joined?.slice(long.length + 1) : words[at + 1];
  };
  try {
    const folder = value('--cd', '-C') ?? '.';
    const { runbook, taken } = lookAt(findRunbook(resolve(folder), value('--file') ?? process.env['RUNBOOK_FILE']));
    return runbook.tasks.filter(({ id, status }) => oneLine(id) === id && (status !== 'RUNNING' || taken.has(id)));
  } catch {
    return [];
  }
}
