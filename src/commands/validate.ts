// `validate`: all mistakes at once, in the YAML, the templates and what the tasks name, and what looks unmeant.
import type { Command } from 'commander';
import { EXIT, type Trouble } from '../errors.ts';
import { findProblem } from '../handlers/index.ts';
import { inspectRunbook } from '../runbook/read.ts';
import { waitsFor } from '../runbook/ready.ts';
import type { Runbook } from '../runbook/task.ts';
import { sayTroubles } from '../terminal/trouble.ts';
import { plural } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { unmeant } from './unmeant.ts';

export function define(command: Command, action: Action): void {
  command
    .addHelpText('before', 'Examples:\n  runbook validate\n  runbook validate --json   for an editor or a hook\n')
    .action(action(validate));
}

async function validate(context: Context): Promise<number> {
  const { runbook: whole, readable: runbook, ...inForm } = inspectRunbook(context.runbookPath());
  const problems = runbook ? await problemsOf(runbook) : [];
  const mistakes = [...inForm.mistakes, ...problems.filter(({ mayCome }) => !mayCome).map(({ trouble }) => trouble)];
  const later = distinct(problems.filter(({ mayCome }) => mayCome).map(({ trouble }) => trouble));
  const warnings = [...inForm.warnings, ...(runbook ? unmeant(runbook) : []), ...later];
  const data = { valid: mistakes.length === 0, mistakes: mistakes.map(toData), warnings: warnings.map(toData) };
  if (!context.flags.json) {
    sayTroubles(warnings, context.manner(), 'warning');
    sayTroubles(mistakes, context.manner());
  }
  const tasks = whole ? `${plural(whole.tasks.length, 'task')}, ` : '';
  context.print('validate', data, () => [
    `${tasks}${plural(mistakes.length, 'mistake')}, ${plural(warnings.length, 'warning')}`,
  ]);
  return mistakes.length === 0 ? EXIT.ok : EXIT.mistake;
}

function toData({ code, message, at, hint }: Trouble) {
  return { code, message, at: at ?? null, hint: hint ?? null };
}

/**
 * What would keep a task from starting. Those that are over are left in peace; what a waiting task misses may still be made
 * by one before it, so that it is only worth a warning.
 */
async function problemsOf(runbook: Runbook): Promise<{ trouble: Trouble; mayCome: boolean }[]> {
  const open = runbook.tasks.filter((task) => task.status !== 'DONE' && task.status !== 'SKIPPED');
  const found = await Promise.all(open.map(async (task) => ({ task, trouble: await findProblem(runbook, task) })));
  return found.flatMap(({ task, trouble }) => {
    const missing = trouble?.code === 'FILE_NOT_FOUND' || trouble?.code === 'SCRIPT_NOT_FOUND';
    return trouble ? [{ trouble, mayCome: missing && waitsFor(runbook, task).length > 0 }] : [];
  });
}

/** A default that is wrong is wrong for many tasks, and said once. */
function distinct(troubles: readonly Trouble[]): Trouble[] {
  const key = ({ message, at }: Trouble) => `${message}\n${at?.file}:${at?.line}:${at?.column}`;
  return [...new Map(troubles.map((trouble) => [key(trouble), trouble])).values()];
}
