// What a line of the journal says beside its change of status, in words. A hand may have been in it: what has not the type
// that the tool writes is left out.
import type { JournalLine } from './journal.ts';

/** What there is to say of the line; undefined if its change of status says it all. */
export function wordsFor(line: JournalLine): string | undefined {
  const text = (name: string) => textIn(line, name);
  switch (line.event_type) {
    case 'START_TASK':
      return joinedBy('taken by', text('taken_by'));
    case 'COMPLETE_TASK':
    case 'SKIP_TASK':
      return text('reason');
    case 'ERROR_TASK':
      return lastIssue(line) ?? text('reason');
    case 'LEAVE_TASK':
      return joinedBy('taken from', text('taken_by')) ?? LEFT[text('why') ?? ''];
    case 'INTERRUPT_TASK':
      return 'interrupted: it may have done part of its work';
    case 'UNSAVED_TASK':
      return 'its files could not be written then';
    case 'READY_TASK':
      return 'nothing is left to wait for';
    case 'RECOVER_TASK':
      return 'put right after a runner was killed while it wrote';
    case 'HAND_EDIT':
      return handEdit(line);
    case 'CHANGE_PLAN':
      return planEdit(line);
    case 'MANUAL_ACTION':
      return commandIn(line) === undefined ? decision(line) : text('reason');
    case 'RUN_SCRIPT':
      return joined([`${text('command') ?? 'script'}: ${ending(line)}`, attempt(line)], ', ');
    case 'CHECK_RUN':
      return `check ${text('name') ?? ''}: ${detail(line, 'ok') === true ? 'passed' : ending(line)}`;
    case 'AI_PROMPT_SENT':
      return joined([`prompt to ${text('model') ?? 'a model'}`, text('template'), attempt(line)], ', ');
    case 'AI_RESPONSE_RECEIVED':
      return joined([`reply of ${text('model') ?? 'a model'}`, tokens(line)], ', ');
    case 'AI_RESPONSE_DELAYED':
      return joined(['asked again later', text('why')], ': ');
    case 'AI_RESPONSE_BROKEN':
      return joined([text('model'), 'it broke off; the cost is the least that it was'], ': ');
    case 'AI_RESPONSE_FAILED':
      return joined([text('type'), text('detail')], ': ');
    case 'AUTO_RETRY':
      return 'what was wrong went back to the model';
    case 'FILE_WRITTEN':
      return joined(['wrote', text('path')], ' ');
    case 'FILE_REMOVED':
      return joined(['removed', text('path')], ' ');
    case 'FILE_RESTORED':
      return joined([`put back ${text('path') ?? 'a file'}`, kept(line)], '; ');
    case 'GIT_COMMIT':
      return joined([`commit ${text('commit') ?? ''}`.trim(), text('message')], ': ');
    default:
      return line.event_type;
  }
}

/** The command that changed the status, or the plan: `skip`. */
export function commandIn(line: JournalLine): string | undefined {
  return ['MANUAL_ACTION', 'CHANGE_PLAN', 'ERROR_TASK'].includes(line.event_type) ? textIn(line, 'command') : undefined;
}

/** `file:line` of the status that a hand wrote. */
export function placeIn(line: JournalLine): string | undefined {
  return textIn(line, 'at');
}

/** A detail that is a text, and not an empty one. */
export function textIn(line: JournalLine, name: string): string | undefined {
  const value = detail(line, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberIn(line: JournalLine, name: string): number | undefined {
  const value = detail(line, name);
  // JSON has no infinity, but `1e999` is read as one.
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

const LEFT: Readonly<Record<string, string>> = {
  left: 'started, and left as it was',
  interrupted: 'interrupted; it may be started again',
  failed: 'it could not be carried out',
};

function joinedBy(words: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${words} ${name}`;
}

function detail({ details }: JournalLine, name: string): unknown {
  return typeof details === 'object' && details !== null ? details[name] : undefined;
}

function joined(parts: readonly (string | undefined)[], separator: string): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}

/** `SCRIPT_ERROR: exit 3: its first line` */
function lastIssue(line: JournalLine): string | undefined {
  const issues = detail(line, 'issues');
  const last: unknown = Array.isArray(issues) ? issues.at(-1) : undefined;
  if (typeof last !== 'object' || last === null) return undefined;
  const { type, detail: what } = last as Record<string, unknown>;
  return issueInWords(typeof type === 'string' ? type : undefined, typeof what === 'string' ? what : undefined);
}

/** The first two lines say what it is about; all of it stands in the YAML and in the log. */
export function issueInWords(type: string | undefined, what: string | undefined): string {
  const [first = '', second] = (what ?? '').split('\n');
  return joined([type, second === undefined ? first : `${first.replace(/:$/, '')}: ${second}`], ': ');
}

function handEdit(line: JournalLine): string | undefined {
  const paths = list(line, 'paths');
  if (paths.length > 0) return `you changed ${paths.join(' and ')} while it was looked at`;
  if (textIn(line, 'change') !== undefined) return planEdit(line);
  const template = textIn(line, 'path');
  if (template !== undefined) return `you changed the template ${template}`;
  const mended = list(line, 'mended');
  const ours = textIn(line, 'not_written');
  if (ours !== undefined) return `the run came to ${ours}`;
  return mended.length === 0 ? undefined : `${mended.join(' and ')} was brought to agree`;
}

function planEdit(line: JournalLine): string | undefined {
  const after = textIn(line, 'after');
  const where = after === undefined ? 'to the beginning' : `behind ${after}`;
  switch (textIn(line, 'change')) {
    case 'field':
      return fieldEdit(textIn(line, 'field') ?? '', shown(detail(line, 'from')), shown(detail(line, 'to')));
    case 'added':
      return `it was added, ${where}`;
    case 'moved':
      return `it was moved, ${where}`;
    case 'renamed':
      return joined(['it was renamed', textIn(line, 'from')], ' from ');
    case 'removed':
      return line.event_type === 'HAND_EDIT' ? 'you took it out of the runbook' : 'it was taken out of the runbook';
    default:
      return textIn(line, 'change');
  }
}

function fieldEdit(field: string, from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `\`${field}\` was added: ${to ?? ''}`;
  if (to === undefined) return `\`${field}\` was taken out; it was ${from}`;
  return `\`${field}\`: ${from} → ${to}`;
}

/** Of what is long, its beginning. */
function shown(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  const text = isList ? `[${value.join(', ')}]` : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function list(line: JournalLine, name: string): string[] {
  const value = detail(line, name);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function decision(line: JournalLine): string | undefined {
  const what = textIn(line, 'decision');
  if (what === undefined) return undefined;
  const by = textIn(line, 'by');
  return joined([`${what}${by === undefined || by === 'nobody' ? '' : ` (${by})`}`, textIn(line, 'detail')], ': ');
}

function ending(line: JournalLine): string {
  if (textIn(line, 'end') === 'timedOut') return 'took longer than it may';
  if (textIn(line, 'end') === 'notStarted') return 'could not be started';
  const code = numberIn(line, 'exit_code');
  return code === undefined ? 'was ended by a signal' : `exit ${code}`;
}

function attempt(line: JournalLine): string | undefined {
  const number = numberIn(line, 'attempt');
  return number === undefined || number === 1 ? undefined : `attempt ${number}`;
}

function tokens(line: JournalLine): string | undefined {
  const sum = (numberIn(line, 'input_tokens') ?? 0) + (numberIn(line, 'output_tokens') ?? 0);
  return sum === 0 ? undefined : `${sum.toLocaleString('en')} tokens`;
}

function kept(line: JournalLine): string | undefined {
  const path = textIn(line, 'kept');
  return path === undefined ? undefined : `what you made of it is in ${path}`;
}
