// The person at the terminal: one key answers a question, lines and replies are typed or pasted. Draws on stderr.
// The only importer of the prompt packages.
import { PassThrough } from 'node:stream';
import { createPrompt, isEnterKey, useKeypress, useState } from '@inquirer/core';
import { input } from '@inquirer/prompts';
import { RunbookError } from '../errors.ts';
import type { Answer, Ask, Question } from '../world.ts';
import type { Palette } from './colour.ts';
import { redacted, showProposal } from './diff.ts';
import { editText, openInEditor } from './editor.ts';
import { page } from './pager.ts';
import { readPasted } from './paste.ts';
import { forgetTypedAhead } from './typedAhead.ts';
import { flow, oneLine, onlyColours, WIDEST, width, wrap } from './words.ts';

export function personAsk(palette: Palette, signal: AbortSignal, redact: (text: string) => string): Ask {
  const context = { output: process.stderr, signal };
  return {
    lacks: () => undefined,
    getReady: () => rehearse(palette),
    choose: async (question) => {
      await forgetTypedAhead();
      const answer = await orInterrupted(() => keyMenu(toMenu(question, palette), context), signal);
      return { answer: answer as (typeof question.choices)[number]['answer'], by: 'person' };
    },
    line: (message) => orInterrupted(() => input({ message, theme: { prefix: palette.accent('?') } }, context), signal),
    edit: async (name, text) => editText(name, text),
    page: async (files) => {
      const columns = Math.min(process.stderr.columns || 80, WIDEST) - 2;
      const whole = Number.POSITIVE_INFINITY;
      const lines = files.flatMap((file) => [...showProposal(redacted(file, redact), palette, columns, whole), '']);
      return lines.length >= (process.stderr.rows || 24) && page(`${lines.map(onlyColours).join('\n')}\n`);
    },
    open: async (path, line) => openInEditor(path, line),
    paste: (offer) => readPasted(offer, palette, signal, { plain: false }),
  };
}

interface Menu {
  readonly message: string;
  readonly choices: Question<Answer>['choices'];
  /** Whether each choice has a row of its own: where they are things to pick from, and not the same words as always. */
  readonly listed: boolean;
  readonly palette: Palette;
}

function toMenu<A extends Answer>({ topic, message, choices }: Question<A>, palette: Palette): Menu {
  const shown = choices.map((choice) => ({ ...choice, label: oneLine(choice.label) }));
  return { message: oneLine(message), choices: shown, listed: topic === 'block' || topic === 'model', palette };
}

/** `? Done?  y done · e error · s skip · q leave  ›` and then a single key. */
const keyMenu = createPrompt<string, Menu>(({ message, choices, listed, palette }, done) => {
  const [chosen, choose] = useState<string | undefined>(undefined);
  useKeypress((key) => {
    const wanted = choices.find((choice) => choice.key === key.name?.toLowerCase());
    if (!wanted || isEnterKey(key) || key.ctrl) return;
    choose(wanted.label);
    done(wanted.answer);
  });
  const columns = (process.stderr.columns || 80) - 1;
  const question = wrap(`${palette.accent('?')} ${palette.bold(message)}`, columns, '  ');
  if (chosen !== undefined) return `${question.join('\n')} ${palette.accent(chosen)}`;
  const keys = choices.map(({ key, label }) => `${palette.accent(key)} ${label}`);
  const inOne = `${question.join('\n')}  ${keys.join(palette.dim(' · '))}`;
  if (!listed && question.length === 1 && width(inOne) + 4 <= columns) return `${inOne}  ${palette.dim('›')} `;
  const rows = (listed ? keys : flow(keys, palette.dim(' · '), columns - 6)).map((row) => `  ${row}`);
  return `${[...question, ...rows].join('\n')}  ${palette.dim('›')} `;
});

/** What a question about a reply is drawn with is loaded by drawing one that nobody sees. */
function rehearse(palette: Palette): void {
  wrap('漢字 '.repeat(40), 80);
  showProposal({ path: 'a', before: 'a\n', after: 'b\n', binaryBytes: undefined }, palette, 80, 1);
  const [unseen, nobody] = [new PassThrough(), new PassThrough()];
  unseen.resume();
  const over = new AbortController();
  const message = 'Accept?';
  const choices = [{ key: 'y', answer: 'accept', label: 'accept' }] as const;
  const context = { input: nobody, output: unseen, signal: over.signal };
  keyMenu(toMenu({ topic: 'review', message, choices }, palette), context).catch(() => {});
  over.abort();
}

/** Where the person wants out already, nothing is asked: the prompt package would then leave the terminal open, and hang. */
async function orInterrupted<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'].includes(error.name)) {
      throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' }, { cause: error });
    }
    throw error;
  }
}
