// What a person at the terminal does: waits until they are asked, reads what is asked, and answers it.
import type { Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

/**
 * Waits until something is asked that wants a key, and presses it. Whatever is asked counts, so that a question that was not
 * foreseen is seen at once, and not after a long wait for the foreseen one.
 */
export async function press(term: Terminal, question: string, key: string): Promise<void> {
  await term.waitForNew((text) => /^\? .*›$/ms.test(text.trimEnd()));
  const asked = lastQuestion(term);
  if (asked !== question) throw new Error(`\`${asked}\` is asked, where it was to be \`${question}\``);
  term.press(key);
}

/** Waits until a line of text is asked for, and types it. */
export async function type(term: Terminal, question: string, line: string): Promise<void> {
  await term.waitForNew(`? ${question}`);
  term.type(line);
  term.press('enter');
}

/** Without its keys, which stand behind it, or under it if they find no room there. */
function lastQuestion(term: Terminal): string | undefined {
  return [...term.scrollback().matchAll(/^\? (.*?)(?: {2}.*)?$/gm)].at(-1)?.[1];
}

/** The files of the person's: all but the journal, the logs, and what the tool keeps for itself. */
export function personsFiles(rig: Rig): Record<string, string> {
  return Object.fromEntries(Object.entries(rig.tree()).filter(([path]) => !/^(logs|\.runbook)(\/|$)/.test(path)));
}

/** The journal in short: what happened to which task, and what was decided. */
export function events(rig: Rig): string[] {
  return rig.journal().map(({ event_type, task_id, status_change, details }) => {
    const decision = details?.decision === undefined ? '' : `: ${details.decision}`;
    return [event_type + decision, task_id, status_change].filter(Boolean).join('  ');
  });
}
