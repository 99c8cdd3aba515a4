// `doctor`: what is wrong with the machine, the runbook, and the models it names; --fix puts in order what can be.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type Finding, tried } from '../doctor/finding.ts';
import { machineFindings } from '../doctor/machine.ts';
import { modelFindings } from '../doctor/models.ts';
import { leftOfWrites, projectFindings } from '../doctor/project.ts';
import { EXIT, RunbookError } from '../errors.ts';
import { sweepAccepted } from '../handlers/accepting.ts';
import { restoreTrial } from '../handlers/trial.ts';
import { realPath } from '../paths.ts';
import { takeLease } from '../runbook/lease.ts';
import { whileLocked } from '../runbook/lock.ts';
import { inspectRunbook } from '../runbook/read.ts';
import { readDotEnv } from '../secrets.ts';
import { openSession } from '../session.ts';
import { oneLine, plural, wrap } from '../terminal/words.ts';
import { bringUpToDate } from '../upToDate.ts';
import type { World } from '../world.ts';
import type { Action, Context } from './context.ts';

interface Flags {
  readonly fix?: boolean;
}

export function define(command: Command, action: Action): void {
  command
    .option('--fix', 'put in order what a kill or a hand left, as `next` would before it begins')
    .addHelpText(
      'before',
      'Examples:\n  runbook doctor          what is wrong, and what to do about it\n  runbook doctor --fix    put in order what can be\n',
    )
    .addHelpText(
      'after',
      '\nThe servers of the models are asked which models they have, with their key;\nthat costs nothing.\nExit status: 0 nothing is wrong · 1 something is',
    )
    .action(action(doctor));
}

async function doctor(context: Context, flags: Flags): Promise<number> {
  const path = pathIfAny(context);
  const root = path === undefined ? context.cwd : realPath(dirname(path));
  const dotEnv = dotEnvTrouble(root);
  const world = await context.world(root, { dotEnv: dotEnv.length > 0 ? {} : undefined });
  const isFixed = flags.fix === true && path !== undefined && context.flags.dryRun !== true;
  if (isFixed) putInOrder(path, world);
  const readable = path === undefined ? undefined : inspectRunbook(path).readable;
  const findings = (
    await Promise.all([
      machineFindings(world),
      dotEnv,
      path === undefined ? [NO_RUNBOOK] : projectFindings(path, root, world.shell),
      modelFindings(readable, world),
    ])
  ).flat();
  // Of a name, a path or a program's word, a secret may be a part.
  const said = findings.map(({ text, hint, ...rest }) => ({
    ...rest,
    text: world.redact(text),
    hint: hint && world.redact(hint),
  }));
  const wrong = said.filter(({ level }) => level === 'wrong').length;
  const data = {
    healthy: wrong === 0,
    fixed: isFixed,
    findings: said.map(({ area, level, text, hint, fixable }) => ({
      area,
      level,
      text,
      hint: hint ?? null,
      fixable: fixable === true,
    })),
  };
  context.print('doctor', data, () => (context.flags.plain ? said.map(plainLine) : screenLines(context, said, wrong)));
  return wrong === 0 ? EXIT.ok : EXIT.taskError;
}

/** A command that acts refuses then; here the rest is looked at all the same, as if no key stood in it. */
function dotEnvTrouble(root: string): Finding[] {
  const read = tried(() => readDotEnv(root));
  return 'trouble' in read ? [{ area: 'runbook', ...read.trouble }] : [];
}

const NO_RUNBOOK: Finding = {
  area: 'runbook',
  level: 'note',
  text: 'there is no runbook here',
  hint: 'runbook init  writes a small one',
};

/** The machine can be looked at without one. */
function pathIfAny(context: Context): string | undefined {
  try {
    return context.runbookPath();
  } catch (error) {
    if (context.flags.file === undefined && error instanceof RunbookError && error.code === 'RUNBOOK_NOT_FOUND')
      return undefined;
    throw error;
  }
}

/** As a run does before it picks a task. Throws HELD while a runner is at work. */
function putInOrder(path: string, world: World): void {
  const session = openSession(path, world);
  const lease = takeLease(session.root, session.runId, world.now());
  try {
    for (const restored of restoreTrial(session.root))
      session.report({ kind: 'artifactRestored', ...restored, cutShort: true });
    sweepAccepted(session.root);
    const { mistakes, readable } = inspectRunbook(path);
    if (mistakes.length === 0) bringUpToDate(session, lease.predecessor);
    // Nobody writes now: whatever still lies there, nobody will come back for.
    whileLocked(session.root, () => {
      for (const left of leftOfWrites(session.root, readable)) rmSync(join(session.root, left), { force: true });
    });
  } finally {
    lease.release();
  }
}

function plainLine({ area, level, text, hint, fixable }: Finding): string {
  return [area, level, oneLine(text), fixable ? 'runbook doctor --fix' : oneLine(hint ?? '')].join('\t').trimEnd();
}

function screenLines(context: Context, findings: readonly Finding[], wrong: number): string[] {
  const { palette } = context;
  const marks = { well: palette.good('✔'), note: palette.dim('·'), wrong: palette.bad('✘') };
  const lines = findings.flatMap(({ area, level, text, hint, fixable }, i) => {
    const advice = fixable ? 'runbook doctor --fix  puts that in order' : hint;
    return [
      ...(findings[i - 1]?.area === area ? [] : [...(i === 0 ? [] : ['']), palette.bold(area)]),
      ...wrap(oneLine(text), context.columns() - 4).map((line, n) => `  ${n === 0 ? marks[level] : ' '} ${line}`),
      ...(advice === undefined || level === 'well'
        ? []
        : wrap(oneLine(advice), context.columns() - 6).map((line) => `      ${palette.dim(line)}`)),
    ];
  });
  return [
    ...lines,
    '',
    wrong === 0 ? 'nothing is wrong' : `${plural(wrong, 'thing')} ${wrong === 1 ? 'is' : 'are'} wrong`,
  ];
}
