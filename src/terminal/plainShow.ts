// The same run for a screen reader: nothing moves, and each line says in words what it is about, whole and without columns.
import { unreachable } from '../errors.ts';
import type { Event, StepPlan } from '../events.ts';
import { howItEnded } from '../handlers/checks.ts';
import { openIssue, type Task } from '../runbook/task.ts';
import { costsOf, limitsOf, sourcesOf } from './announcement.ts';
import { sentencesOf } from './changes.ts';
import { proposalParts, redacted } from './diff.ts';
import { figuresOf, inShort, interruptedWords } from './endings.ts';
import { asSentence, inOneWrite, Page, type Screen } from './page.ts';
import { DIFF_LINES } from './review.ts';
import { ScriptOutput } from './scriptOutput.ts';
import { whenAgain } from './times.ts';
import { asCommand, oneLine, plural } from './words.ts';

export function makePlainShow(screen: Screen): (event: Event) => void {
  const page = new Page({ ...screen, live: false });
  const output = new ScriptOutput(page, (taskId) => (screen.sideBySide ? `${oneLine(taskId)}: ` : ''));
  let headed: string | undefined;
  return inOneWrite((event) => {
    if (event.kind === 'output') output.add(event.taskId, event.text);
    else if ('taskId' in event && event.taskId !== undefined && ENDS_OUTPUT.includes(event.kind))
      output.flush(event.taskId);
    // A question had to be asked before the rest could be said.
    const isHeaded = event.kind === 'announced' && headed === event.task.id;
    headed = event.kind === 'modelLacking' ? event.task.id : undefined;
    const lines = linesOf(page, event).slice(isHeaded ? 1 : 0);
    if (lines.length > 0) page.sayWhole(...lines);
  });
}

const ENDS_OUTPUT: readonly Event['kind'][] = ['scriptEnded', 'ended', 'notSaved', 'putBack', 'leftRunning', 'handWon'];

function linesOf(page: Page, event: Event): string[] {
  const { quiet } = page.screen;
  switch (event.kind) {
    case 'modelLacking':
      return [headLine(page, event), asSentence(page.line(event.why))];
    case 'announced':
      return [headLine(page, event), ...planLines(page, event.plan, event.task.description)];
    case 'scriptEnded':
      return event.ok || event.attempt >= event.attempts
        ? []
        : [
            line(
              page.screen.sideBySide ? `${oneLine(event.taskId)} failed` : 'failed',
              page.line(howItEnded(event.result)),
              `attempt ${event.attempt + 1} of ${event.attempts} starts`,
            ),
          ];
    case 'checkEnded':
      return checkLines(page, event);
    case 'promptSent':
      return event.provider === 'paste' ? [] : ['waiting for the reply'];
    case 'promptShown':
      return ['the prompt:', ...textLines(page, event.text), 'the prompt ends here'];
    case 'replyDelayed':
      return [line('failed', page.line(event.why), `asking again ${whenAgain(event.waitMs)}`)];
    case 'replyFailed':
      return [line('failed', page.line(event.detail))];
    case 'retried':
      return [line('retry', `${event.attempt} of ${event.of}`, 'what was wrong goes back to the model')];
    case 'uncommitted':
      return event.paths.map((path) =>
        line('warning', oneLine(path), 'it has changes of yours that no commit has; accepting replaces them'),
      );
    case 'proposed':
      return event.files.flatMap((proposal) => {
        const file = redacted(proposal, (text) => page.redact(text));
        const most = event.whole ? Number.POSITIVE_INFINITY : DIFF_LINES;
        const { name, summary, lines } = proposalParts(file, page.palette, most);
        return [line('proposed', name, summary), ...lines];
      });
    case 'reviewPoints':
      return event.points.map((point) => line('look for', page.line(point)));
    case 'ended':
      return endLines(page, event);
    case 'fileWritten':
      return [line('wrote', page.line(event.path))];
    case 'fileRemoved':
      return [line('removed', page.line(event.path))];
    case 'committed':
      return [line('commit', event.commit, page.line(event.message))];
    case 'handWon':
    case 'handEdit':
    case 'planEdited':
    case 'templateEdited':
    case 'recovered':
    case 'artifactChanged':
    case 'artifactRestored':
      return sentencesOf(event, page.palette, (text) => page.line(text), ' to ');
    case 'foundInterrupted':
      return interruptedWords(page, event);
    case 'foundError':
      return foundErrorLines(page, event);
    case 'notSaved':
      return [
        `${oneLine(event.taskId)} came to ${event.to}, but its files can’t be written now.`,
        'The journal has it: the next start brings it into them. Nothing runs twice.',
      ];
    case 'putBack':
      return [line('left', oneLine(event.taskId), `it is ${event.to} again`)];
    case 'leftRunning':
      return [
        `${oneLine(event.taskId)} stays RUNNING: it may have done part of its work; runbook next asks what to do about it`,
      ];
    case 'statusSet':
      return quiet ? [] : [`${oneLine(event.taskId)}: ${event.from} to ${event.to}`];
    case 'upNext':
      return quiet ? [] : [nextLine(page, event)];
    case 'note':
      return textLines(page, event.text);
    case 'started':
      if (event.takenBy === undefined || quiet) return [];
      return [
        `${page.line(event.taskId)} is RUNNING: ${page.line(event.takenBy)} has it now; ${asCommand('done', event.taskId)} gives it back`,
      ];
    case 'output':
    case 'checkStarted':
    case 'replyProgress':
    case 'replyBroken':
    case 'replyReceived':
    case 'readied':
    case 'decided':
    case 'checkpoint':
    case 'planChanged':
      return [];
    default:
      return unreachable(event);
  }
}

function headLine(page: Page, { task, step, of }: { task: Task; step: number; of: number }): string {
  return line(`step ${step} of ${of}`, ...idAndName(page, task));
}

function planLines(page: Page, plan: StepPlan, description: string | undefined): string[] {
  const about = description === undefined ? [] : [line('about', page.line(description))];
  switch (plan.kind) {
    case 'script': {
      const [first = '', ...rest] = textLines(page, plan.command);
      return [...about, line('runs', first, ...limitsOf(plan)), ...rest];
    }
    case 'manual':
      return [
        ...(plan.instructions === description ? [] : about),
        ...(plan.instructions === '' ? [] : textLines(page, plan.instructions)),
        ...plan.steps.map((step, i) => `${i + 1}. ${page.line(step)}`),
      ];
    case 'ai':
      return [
        ...about,
        line('asks', oneLine(plan.model), oneLine(plan.template), ...costsOf(plan)),
        ...(plan.context.length < 2 ? [] : [line('with', ...sourcesOf(plan))]),
        ...(plan.doubt === undefined ? [] : [line('warning', page.line(plan.doubt))]),
        plan.writes.length === 0
          ? line('writes', 'nothing, the reply goes to the log')
          : line('writes', `${plan.writes.map(oneLine).join(', ')} once you accept`),
      ];
    default:
      return unreachable(plan);
  }
}

function checkLines(page: Page, { name, command, ok, result, tail }: Event & { kind: 'checkEnded' }): string[] {
  const what = name === command ? '' : page.line(command);
  if (ok) return [line('check passed', page.line(name), what)];
  return [
    line('check failed', page.line(name), page.line(howItEnded(result)), what),
    ...(tail === '' ? [] : textLines(page, tail)),
  ];
}

function endLines(page: Page, { taskId, to, record }: Event & { kind: 'ended' }): string[] {
  const end = line(to, oneLine(taskId), ...figuresOf(record), record.log === undefined ? '' : `log ${record.log}`);
  if (to !== 'ERROR') return [end];
  return [
    end,
    ...record.issues.slice(-1).flatMap((issue) => textLines(page, inShort(page.redact(issue.detail), 4))),
    line('next', `mend it, then ${asCommand('retry', taskId)}`, asCommand('show', taskId)),
  ];
}

function foundErrorLines(page: Page, { task, issue }: Event & { kind: 'foundError' }): string[] {
  const { file, line: number } = task.place('status');
  const last = issue ?? openIssue(task);
  const detail = last ? [last.type, last.detail].filter(Boolean).join(': ') : '';
  return [
    line('ERROR', ...idAndName(page, task), `${oneLine(file)}:${number}`),
    ...(detail === '' ? [] : textLines(page, inShort(page.redact(detail), 4))),
    line('to go on', ...['retry', 'skip', 'show'].map((name) => asCommand(name, task.id))),
  ];
}

function nextLine(page: Page, { task, remaining }: Event & { kind: 'upNext' }): string {
  if (task) return line('next', ...idAndName(page, task));
  if (remaining === 0) return 'all done';
  return line(
    'next',
    'nothing is READY',
    `${plural(remaining, 'task')} ${remaining === 1 ? 'waits' : 'wait'}`,
    'runbook status',
  );
}

function idAndName(page: Page, task: Task): string[] {
  return [oneLine(task.id), page.named(task).trim()];
}

/** `label: one; two`, without what is empty. */
function line(label: string, ...items: readonly string[]): string {
  return `${label}: ${items.filter(Boolean).join('; ')}`;
}

function textLines(page: Page, text: string): string[] {
  return page.text(text).trimEnd().split('\n');
}
