// The edits that a run makes most, without the library: in the lines of one task, a status in place of another one or the first one,
// and a first `last_run` behind all else. Whoever calls it reads the result again. Everything unusual is for the general way.
import type { Habits } from '../plainYaml.ts';
import type { Edit } from './edit.ts';

/** The lines with the edits, whose paths begin at the task's place in a list of it alone; undefined if it can't be had this way. */
export function withRecord(lines: string, edits: readonly Edit[], habits: Habits): string | undefined {
  const column = /^ *- +(?=[a-z_]+:)/.exec(lines)?.[0].length;
  if (column === undefined || !lines.endsWith('\n') || UNUSUAL.test(lines)) return undefined;
  const pad = ' '.repeat(column);
  let text = lines;
  for (const { op, path, value } of edits) {
    const [, key, ...deeper] = path;
    if (op !== 'set' || deeper.length > 0) return undefined;
    const edited =
      key === 'status' ? withStatus(text, pad, value) : key === 'last_run' && withLastRun(text, pad, value, habits);
    if (!edited) return undefined;
    text = edited;
  }
  return text;
}

/** Comments and empty lines, whose place is a question; texts over lines; other line breaks. */
const UNUSUAL = /[#\r\t]|\n *\n|[|>][-+\d]*\n/;
const WORD = /^[A-Z]{2,}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function withStatus(text: string, pad: string, status: unknown): string | undefined {
  if (typeof status !== 'string' || !WORD.test(status)) return undefined;
  if (!text.includes('status')) return withFirstStatus(text, pad, status);
  const lines = text.split('\n');
  const found = lines.flatMap((line, at) => {
    const [, before = '', key = ''] = /^( *(?:- +)?)(status: )[A-Z]{2,}$/.exec(line) ?? [];
    return key !== '' && before.length === pad.length ? [{ at, line: before + key + status }] : [];
  });
  const [one, ...others] = found;
  return one && others.length === 0 ? lines.with(one.at, one.line).join('\n') : undefined;
}

/** Behind the name, or else the id, if that ends in its line. */
function withFirstStatus(text: string, pad: string, status: string): string | undefined {
  const lines = text.split('\n');
  const [name = -1, id = -1] = ['name', 'id'].map((key) =>
    lines.findIndex((line, i) => line.startsWith(`${key}: `, pad.length) && (i === 0 || line.startsWith(pad))),
  );
  const at = name === -1 ? id : name;
  const next = lines[at + 1];
  if (at === -1 || next === undefined || next.charAt(pad.length) === ' ') return undefined;
  return lines.toSpliced(at + 1, 0, `${pad}status: ${status}`).join('\n');
}

function withLastRun(text: string, pad: string, record: unknown, habits: Habits): string | undefined {
  if (typeof record !== 'object' || record === null) return undefined;
  const [[one, timestamp] = [], [other, outcome] = [], ...more] = Object.entries(record);
  if (one !== 'timestamp' || other !== 'outcome' || more.length > 0) return undefined;
  if (typeof timestamp !== 'string' || !TIME.test(timestamp) || typeof outcome !== 'string' || !WORD.test(outcome))
    return undefined;
  if (text.includes('last_run')) return withNextRun(text, pad, timestamp, outcome);
  const inner = pad + ' '.repeat(habits.step || habits.dash || 2);
  const quote = habits.quote === 'single' ? "'" : '"';
  return `${text}${pad}last_run:\n${inner}timestamp: ${quote}${timestamp}${quote}\n${inner}outcome: ${outcome}\n`;
}

const LAST_RUN = /^( *)(last_run:\n( +)timestamp: (["']))[\w:.-]+(\4\n\3outcome: )[A-Z]{2,}$/gm;

/** In place of the words of the one before, if it has no others. */
function withNextRun(text: string, pad: string, timestamp: string, outcome: string): string | undefined {
  const [found, ...others] = text.matchAll(LAST_RUN);
  if (!found || others.length > 0 || found[1] !== pad) return undefined;
  const [all, , before = '', inner = '', , between = ''] = found;
  const end = found.index + all.length;
  // A further field.
  if (inner.length <= pad.length || text.startsWith(inner, end + 1)) return undefined;
  return text.slice(0, found.index) + pad + before + timestamp + between + outcome + text.slice(end);
}
