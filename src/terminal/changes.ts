// What a hand, a crash or another program has changed, in the sentences that the screen says it in.
import { unreachable } from '../errors.ts';
import type { Event } from '../events.ts';
import type { PlanEdit } from '../runbook/plan.ts';
import type { Palette } from './colour.ts';
import { fit, oneLine } from './words.ts';

/** The events of which a person is told that something is no longer as it was left. */
export type ChangeEvent = Extract<
  Event,
  {
    kind:
      | 'handEdit'
      | 'planEdited'
      | 'templateEdited'
      | 'recovered'
      | 'handWon'
      | 'artifactChanged'
      | 'artifactRestored';
  }
>;

const MOST_COLUMNS = 60;

/** One sentence a line; `line` makes a text of others harmless and takes secrets out of it. */
export function sentencesOf(
  event: ChangeEvent,
  palette: Palette,
  line: (text: string) => string,
  arrow = ' → ',
): string[] {
  switch (event.kind) {
    case 'handEdit': {
      const { taskId, from, to, at, mended } = event;
      const agrees = mended.length === 0 ? '' : ` ${mended.map(oneLine).join(' and ')} now agrees.`;
      return [
        `You changed ${oneLine(taskId)}: ${palette.status(from)}${arrow}${palette.status(to)} (${oneLine(at)}).${agrees} Journaled.`,
      ];
    }
    case 'planEdited':
      return [
        `You ${deed(event.edit, palette, line, arrow)}${event.at === undefined ? '' : ` (${oneLine(event.at)})`}. Journaled.`,
      ];
    case 'templateEdited': {
      const whose = event.taskId === undefined ? '' : `, the template of ${oneLine(event.taskId)}`;
      return [`You changed ${line(event.path)}${whose}. Journaled.`];
    }
    case 'recovered':
      return [
        `${oneLine(event.taskId)} is ${palette.status(event.to)} (${oneLine(event.at)}): that was not written yet when its runner ended. Journaled.`,
      ];
    case 'handWon':
      return [
        `You changed ${oneLine(event.taskId)} to ${palette.status(event.theirs)} meanwhile (${oneLine(event.at)}); that stays. The run came to ${palette.status(event.ours)}.`,
      ];
    case 'artifactChanged':
      return [
        `${event.paths.map(line).join(' and ')} changed since the first comparison; nothing was written. Look at what it would replace now.`,
      ];
    case 'artifactRestored':
      return [
        event.cutShort
          ? `${line(event.path)} was on trial for ${oneLine(event.taskId)} when the runner ended; it is as it was before.`
          : `${line(event.path)} was changed by something else while the checks tried it; it is as it was before.`,
        ...(event.kept === undefined ? [] : [`What was made of it meanwhile is kept in ${line(event.kept)}.`]),
      ];
    default:
      return unreachable(event);
  }
}

function deed(edit: PlanEdit, palette: Palette, line: (text: string) => string, arrow: string): string {
  switch (edit.kind) {
    case 'field': {
      const whose = edit.taskId === undefined ? 'the runbook' : oneLine(edit.taskId);
      const name = line(edit.field);
      if (edit.from === undefined) return `gave ${whose} \`${name}\`: ${shown(edit.to, palette, line)}`;
      if (edit.to === undefined) return `took \`${name}\` from ${whose}; it was ${shown(edit.from, palette, line)}`;
      return `changed \`${name}\` of ${whose}: ${shown(edit.from, palette, line)}${arrow}${shown(edit.to, palette, line)}`;
    }
    case 'added':
      return `added ${oneLine(edit.taskId)}, ${position(edit.after)}`;
    case 'removed':
      return `took ${oneLine(edit.taskId)} out of the runbook`;
    case 'renamed':
      return `renamed ${oneLine(edit.from)} to ${oneLine(edit.taskId)}`;
    case 'moved':
      return `moved ${oneLine(edit.taskId)}, ${position(edit.after)}`;
    default:
      return unreachable(edit);
  }
}

function position(after: string | undefined): string {
  return after === undefined ? 'to the beginning' : `behind ${oneLine(after)}`;
}

/** On one line; of what is long, its beginning. */
function shown(value: unknown, palette: Palette, line: (text: string) => string): string {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  const text = isList ? `[${value.join(', ')}]` : typeof value === 'string' ? value : JSON.stringify(value);
  return palette.bold(fit(line(text), MOST_COLUMNS));
}
