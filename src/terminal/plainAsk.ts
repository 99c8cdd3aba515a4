// The person at a terminal that is read aloud, or that can't move its cursor: a question is a line, and so is its answer.
import { createInterface } from 'node:readline';
import { RunbookError } from '../errors.ts';
import type { Answer, Ask, Question } from '../world.ts';
import type { Palette } from './colour.ts';
import { editText, openInEditor } from './editor.ts';
import { readPasted } from './paste.ts';
import { write } from './streams.ts';
import { forgetTypedAhead } from './typedAhead.ts';
import { oneLine } from './words.ts';

export function plainAsk(palette: Palette, signal: AbortSignal): Ask {
  return {
    lacks: () => undefined,
    getReady: () => {},
    choose: async (question) => {
      await forgetTypedAhead();
      return { answer: await chosen(question, signal), by: 'person' };
    },
    line: async (message) => (await answered(`${message} `, signal)).trim(),
    edit: async (name, text) => editText(name, text),
    // All of it is told, line by line: to go back in it is the reader's.
    page: async () => false,
    open: async (path, line) => openInEditor(path, line),
    paste: (offer) => readPasted(offer, palette, signal, { plain: true }),
  };
}

/** Asks until the answer is one of the choices: its key, or its words. */
async function chosen<A extends Answer>({ topic, message, choices }: Question<A>, signal: AbortSignal): Promise<A> {
  const named = choices.map(({ key, label }) => `${key} ${oneLine(label)}`);
  const isListed = topic === 'block' || topic === 'model';
  if (isListed) write('stderr', `${oneLine(message)}\n${named.map((choice) => `${choice}\n`).join('')}`);
  const keys = `${choices
    .map(({ key }) => key)
    .slice(0, -1)
    .join(', ')} or ${choices.at(-1)?.key}`;
  let prompt = isListed ? `Type ${keys}: ` : `${oneLine(message)} Type ${named.join(', ')}: `;
  for (;;) {
    const given = (await answered(prompt, signal)).trim().toLowerCase();
    const wanted = choices.find(({ key, label }) => [key, oneLine(label).toLowerCase()].includes(given));
    if (wanted) return wanted.answer;
    prompt = `That is none of them. Type ${keys}: `;
  }
}

/** Throws INTERRUPTED on Ctrl-C, and at the end of what is typed (Ctrl-D). */
function answered(prompt: string, signal: AbortSignal): Promise<string> {
  const interrupted = new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  if (signal.aborted) return Promise.reject(interrupted);
  write('stderr', prompt);
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: process.stdin, terminal: false });
    const interrupt = () => lines.close();
    signal.addEventListener('abort', interrupt);
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      signal.removeEventListener('abort', interrupt);
      reject(interrupted);
    });
  });
}
