// AUTOMATED_SCRIPT: shows the command and where it runs, streams its output, keeps all of it, ends by its exit code.
import { resolve } from 'node:path';
import { RunbookError } from '../errors.ts';
import { logOfRun, type RunLog } from '../logs.ts';
import { insideProject, statOf } from '../paths.ts';
import { commandLine, type ScriptDetails, type Task } from '../runbook/task.ts';
import { howItEnded, runChecks } from './checks.ts';
import type { Job, Outcome, Step } from './outcome.ts';
import { requireProgram } from './program.ts';
import { tailOf } from './tail.ts';
import { taskShell } from './taskShell.ts';

export async function prepareScript(job: Job): Promise<Step> {
  const { task, session } = job;
  const script = requireScript(session.root, task, session.world.env['PATH']);
  session.world.getShellReady();
  return {
    plan: {
      kind: 'script',
      command: commandLine(script.command),
      cwd: script.cwd,
      timeoutMs: script.timeoutMs,
      retries: task.retries,
    },
    carryOut: () => carryOut(job, script),
  };
}

/** Throws what is wrong with the task's script, as far as it can be seen without running it. */
export function requireScript(root: string, task: Task, path: string | undefined): ScriptDetails {
  const { script } = task;
  if (!script) throw incomplete(task);
  requireFolder(root, task, script.cwd);
  requireProgram(root, task, script, path);
  return script;
}

async function carryOut(job: Job, script: ScriptDetails): Promise<Outcome> {
  const log = logOfRun(job.session, job.task.id);
  try {
    return await attempted(job, script, log);
  } finally {
    // When nothing waits for it.
    setImmediate(log.close);
  }
}

async function attempted(job: Job, script: ScriptDetails, log: RunLog): Promise<Outcome> {
  const attempts = job.task.retries + 1;
  // Of all attempts: that is how long it took.
  let ms = 0;
  for (let attempt = 1; ; attempt++) {
    const { result, tail, ok } = await runOnce(job, script, log, attempt, attempts);
    ms += result.ms;
    if (result.end === 'aborted') return { kind: 'cutOff' };
    if (!ok && attempt < attempts) continue;
    if (!ok)
      return failed(
        job,
        log,
        ms,
        result.end === 'timedOut' ? 'TIMEOUT' : 'SCRIPT_ERROR',
        [howItEnded(result), tail].filter(Boolean).join('\n'),
      );
    const checked = await runChecks(job, log);
    if (checked.kind === 'aborted') return { kind: 'cutOff' };
    if (checked.kind === 'failed') return failed(job, log, ms, 'VALIDATION_FAIL', checked.detail);
    return { kind: 'done', record: { ms, log: log.file, issues: [], lastRun: lastRun(job, 'SUCCESS') } };
  }
}

async function runOnce(job: Job, script: ScriptDetails, log: RunLog, attempt: number, attempts: number) {
  const { task, session } = job;
  const { command, env, timeoutMs, okExitCodes } = script;
  const tail = tailOf();
  // That its logs have a place was seen before. Now it is not waited for them: a new file may take longer than the script.
  let isBegun = false;
  const onStart = () => {
    if (!isBegun) log.follow(session.world.redact(`$ ${commandLine(command)}\n`));
    isBegun = true;
  };
  const onOutput = (text: string) => {
    log.follow(text);
    tail.push(text);
    session.world.emit({ kind: 'output', taskId: task.id, text });
  };
  const cwd = resolve(session.root, script.cwd);
  const result = await taskShell(job)(command, { cwd, env, timeoutMs, onStart, onOutput });
  onStart();
  const ok = result.end === 'exited' && result.exitCode !== undefined && okExitCodes.includes(result.exitCode);
  session.report({
    kind: 'scriptEnded',
    taskId: task.id,
    command: commandLine(command),
    result,
    log: log.file,
    attempt,
    attempts,
    ok,
  });
  return { result, ok, tail: tail.text() };
}

function failed(job: Job, log: RunLog, ms: number, type: string, detail: string): Outcome {
  const issue = { timestamp: job.session.world.now().toISOString(), type, detail };
  return { kind: 'error', record: { ms, log: log.file, issues: [issue], lastRun: lastRun(job, 'FAILURE') } };
}

function lastRun({ session }: Job, outcome: 'SUCCESS' | 'FAILURE') {
  return { timestamp: session.world.now().toISOString(), outcome };
}

function incomplete(task: Task): RunbookError {
  return new RunbookError({
    code: 'TASK_INCOMPLETE',
    message: `task \`${task.id}\` is AUTOMATED_SCRIPT but has no \`script_details\``,
    at: task.place('type'),
    hint: 'Write the command that it runs: `script_details: npm test`.',
  });
}

/** Throws if the folder in which a task's commands run is not there, or lies outside the project. */
export function requireFolder(root: string, task: Task, cwd: string): void {
  // To find a place is to look through the whole file.
  const at = () =>
    task.place(task.script && cwd === task.script.cwd && cwd !== task.cwd ? 'script_details.cwd' : 'cwd');
  // The folder of the runbook itself is inside, wherever it lies.
  const folder = resolve(root, cwd) === root ? root : insideProject(root, cwd, at);
  const entry = statOf(folder);
  if (entry?.isDirectory()) return;
  throw new RunbookError({
    code: 'FILE_NOT_FOUND',
    message: entry ? `\`${cwd}\` is no folder` : `the folder \`${cwd}\` does not exist`,
    at: at(),
    hint: entry ? undefined : `mkdir -p ${cwd}`,
  });
}
