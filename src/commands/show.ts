// `show`: everything about one task, and where it is written.
import type { Command } from 'commander';
import { EXIT } from '../errors.ts';
import type { Taken } from '../events.ts';
import { logOfLastStart } from '../logs.ts';
import { dependentsOf, waitsFor } from '../runbook/ready.ts';
import { type AiDetails, commandLine, homeLine, type Runbook, type ScriptDetails, type Task } from '../runbook/task.ts';
import { lookAt } from '../standing.ts';
import { columnsOf } from '../terminal/streams.ts';
import { limit } from '../terminal/times.ts';
import { ago, harmless, localMoment, oneLine, pad, within } from '../terminal/words.ts';
import type { Action, Context } from './context.ts';
import { requireTask } from './next.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('<id>', 'the task')
    .addHelpText('before', 'Examples:\n  runbook show run_tests\n')
    .action(action(show));
}

function show(context: Context, id: string): number {
  const { runbook, taken } = lookAt(context.runbookPath());
  requireTask(runbook, 'show', id);
  const task = runbook.tasks.find((candidate) => candidate.id === id);
  const by = taken.get(id);
  if (!task) return EXIT.ok;
  context.print('task', toData(runbook, task, by), () => {
    const rows = rowsOf(context, runbook, task, by);
    return context.flags.plain ? plainLines(task, rows) : screenLines(context, task, rows);
  });
  return EXIT.ok;
}

function toData(runbook: Runbook, task: Task, taken: Taken | undefined) {
  const { id, name, description, type, status, dependsOn, tags, outputArtifact, checks, lastRun, issues } = task;
  const { ai, instructions, script } = task;
  return {
    id,
    name,
    description: description ?? null,
    type,
    status,
    depends_on: dependsOn,
    taken: taken ?? null,
    waits_for: waitsFor(runbook, task).map((dependency) => dependency.id),
    written_at: task.homes.map((home) => homeLine(home)),
    tags,
    output_artifact: outputArtifact ?? null,
    ai_details: ai ? aiData(ai) : null,
    manual_instructions: instructions ?? null,
    script_details: script ? scriptData(script) : null,
    checks: checks.map((check) => ({ name: check.name ?? null, command: commandLine(check.command) })),
    last_run: lastRun ?? null,
    issues,
    log: logOfLastStart(runbook.root, id) ?? null,
  };
}

function aiData(ai: AiDetails) {
  return {
    model: ai.model ?? null,
    prompt_template: ai.promptTemplate ?? null,
    input_context: ai.inputContext,
    output_parser: ai.outputParser ?? null,
    review_points: ai.reviewPoints,
    fallback_prompt_template: ai.fallbackPromptTemplate ?? null,
  };
}

function scriptData({ command, cwd, timeoutMs }: ScriptDetails) {
  return { command: commandLine(command), cwd, timeout_ms: timeoutMs ?? null };
}

/** The columns before what is told. */
const LABELS = 12;

type Row = readonly [label: string, texts: readonly string[]];

function rowsOf({ palette, flags }: Context, runbook: Runbook, task: Task, taken: Taken | undefined): Row[] {
  const isPlain = flags.plain === true;
  const between = isPlain ? '; ' : ' · ';
  const waits = waitsFor(runbook, task).map((dependency) => `${oneLine(dependency.id)} (${dependency.status})`);
  return [
    ['status', [`${palette.status(task.status)}${waits.length > 0 ? `, waits for ${waits.join(', ')}` : ''}`]],
    ['taken', taken ? [`by ${oneLine(taken.by)}, ${ago(new Date(taken.since), new Date())}`] : []],
    ['type', [task.type]],
    ['written', task.homes.map((home) => oneLine(homeLine(home)))],
    ['about', multiline(task.description)],
    ['after', task.dependsOn.map(oneLine)],
    [
      'before',
      dependentsOf(runbook, task.id)
        .map((other) => oneLine(other.id))
        .slice(0, 8),
    ],
    ...workRows(task, between),
    ['writes', multiline(task.outputArtifact)],
    ['checks', task.checks.map((check) => oneLine(check.name ?? commandLine(check.command)))],
    ['tags', task.tags.length > 0 ? [task.tags.map(oneLine).join(', ')] : []],
    [
      'last run',
      task.lastRun
        ? [
            Object.entries(task.lastRun)
              .filter(([, value]) => typeof value !== 'object')
              .map(
                ([key, value]) =>
                  `${oneLine(key)}: ${oneLine(key === 'timestamp' ? localMoment(String(value)) : String(value))}`,
              )
              .join(between),
          ]
        : [],
    ],
    [
      'issues',
      task.issues.flatMap((issue) =>
        multiline(
          [
            issue.timestamp && localMoment(issue.timestamp),
            issue.type,
            issue.detail,
            issue.resolution ? `${isPlain ? 'settled:' : '→'} ${issue.resolution}` : '',
          ]
            .filter(Boolean)
            .join(isPlain ? '; ' : '  '),
        ),
      ),
    ],
    ['log', multiline(logOfLastStart(runbook.root, task.id))],
  ];
}

function screenLines({ palette }: Context, task: Task, rows: readonly Row[]): string[] {
  const name = oneLine(task.name) === oneLine(task.id) ? '' : `  ${oneLine(task.name)}`;
  const room = columnsOf('stdout');
  return [
    ...within(`${palette.bold(oneLine(task.id))}${name}`, room),
    '',
    ...rows.flatMap(([label, lines]) =>
      lines
        .flatMap((line) => within(line, room && room - LABELS))
        .map((line, i) => `  ${palette.dim(pad(i === 0 ? label : '', LABELS - 3))} ${line}`),
    ),
  ];
}

/** For screen readers: each fact on a line of its own, with its name before it. */
function plainLines(task: Task, rows: readonly Row[]): string[] {
  const [id, name] = [oneLine(task.id), oneLine(task.name)];
  return [
    name === id ? id : `${id}; ${name}`,
    ...rows.flatMap(([label, texts]) => texts.map((text) => `${label}: ${text}`)),
  ];
}

function workRows({ type, ai, script, instructions }: Task, between: string): Row[] {
  if (type === 'MANUAL')
    return [
      [
        'to do',
        typeof instructions === 'string'
          ? multiline(instructions)
          : (instructions ?? []).map((step, i) => `${i + 1}. ${oneLine(step)}`),
      ],
    ];
  if (type === 'AUTOMATED_SCRIPT') {
    const where = script
      ? [`in ${oneLine(script.cwd)}`, script.timeoutMs === undefined ? '' : `at most ${limit(script.timeoutMs)}`]
          .filter(Boolean)
          .join(between)
      : '';
    return [
      ['runs', script ? multiline(commandLine(script.command)) : []],
      ['where', script ? [where] : []],
    ];
  }
  return [
    ['model', multiline(ai?.model)],
    [
      'template',
      multiline(
        [ai?.promptTemplate, ai?.fallbackPromptTemplate ? `(then ${ai.fallbackPromptTemplate})` : '']
          .filter(Boolean)
          .join(' '),
      ),
    ],
    ['with', Object.entries(ai?.inputContext ?? {}).map(([name, value]) => `${oneLine(name)}: ${inWords(value)}`)],
    ['parser', multiline(ai?.outputParser)],
    ['look for', (ai?.reviewPoints ?? []).map(oneLine)],
  ];
}

function inWords(value: unknown): string {
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

function multiline(text: string | undefined): string[] {
  return text === undefined || text === '' ? [] : harmless(text).trimEnd().split('\n');
}
