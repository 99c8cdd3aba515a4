// Takes a text of many lines from the terminal: pasted, or saved to a file meanwhile. The prompt goes to the clipboard first.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { RunbookError } from '../errors.ts';
import type { Ask } from '../world.ts';
import type { Palette } from './colour.ts';

type Offer = Parameters<Ask['paste']>[0];

const PASTE_MODE = ['\u001b[?2004h', '\u001b[?2004l'] as const;
const PASTE_BEGIN = '\u001b[200~';
const PASTE_END = '\u001b[201~';

/**
 * Reads until Ctrl-D; `plain`: without what only a terminal understands. If nothing was pasted, the reply file counts. Throws
 * INTERRUPTED on Ctrl-C.
 */
export async function readPasted(
  offer: Offer,
  palette: Palette,
  signal: AbortSignal,
  { plain }: { readonly plain: boolean },
): Promise<string> {
  const { stderr } = process;
  const clipboard = await copy(offer.prompt, plain);
  const shown = (path: string) => relative(process.cwd(), path) || path;
  // Before anything is said: what is pasted while the terminal still reads lines would be echoed twice, and its end be lost.
  process.stdin.setRawMode(true);
  stderr.write(
    `  The prompt is ${clipboard ? 'on your clipboard, and ' : ''}in ${palette.bold(shown(offer.promptFile))}.\n` +
      `  Paste the reply here, or save it as ${palette.bold(shown(offer.replyFile))}; then press ${palette.accent('Ctrl-D')}.\n\n`,
  );
  const pasted = await readUntilEnd(signal, plain ? ['', ''] : PASTE_MODE);
  const text = pasted.trim() === '' ? readFileSync(offer.replyFile, 'utf8') : pasted;
  if (text.trim() === '') {
    throw new RunbookError({
      code: 'MODEL_FAILED',
      message: 'nothing was pasted, and the reply file is empty',
      hint: 'Retry, and paste the reply before Ctrl-D.',
    });
  }
  return text;
}

/** Whether the text reached the clipboard of this machine. Over ssh the terminal is asked to take it, and may ignore that. */
async function copy(text: string, plain: boolean): Promise<boolean> {
  try {
    const { default: clipboard } = await import('clipboardy');
    await clipboard.write(text);
    return true;
  } catch {
    if (!plain) process.stderr.write(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);
    return false;
  }
}

/** The terminal is raw: in line mode it would cut lines at 4,096 characters. */
function readUntilEnd(signal: AbortSignal, [on, off]: readonly [string, string]): Promise<string> {
  const { stdin, stderr } = process;
  let text = '';
  stdin.setEncoding('utf8');
  stderr.write(on);
  return new Promise<string>((resolve, reject) => {
    const finish = (settle: () => void) => {
      stdin.off('data', onData);
      signal.removeEventListener('abort', interrupt);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write(`${off}\n`);
      settle();
    };
    const interrupt = () => finish(() => reject(new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' })));
    const onData = (chunk: string) => {
      for (const key of chunk.replaceAll(PASTE_BEGIN, '').replaceAll(PASTE_END, '').replaceAll(/\r\n?/g, '\n')) {
        if (key === '\u0003') return interrupt();
        if (key === '\u0004') return finish(() => resolve(text));
        text = key === '\u007f' ? text.slice(0, -1) : text + key;
        stderr.write(
          key === '\u007f' ? '\b \b' : key >= ' ' || key === '\n' || key === '\t' ? key.replace('\n', '\r\n') : '',
        );
      }
    };
    // While the clipboard took its time.
    if (signal.aborted) return interrupt();
    stdin.on('data', onData);
    signal.addEventListener('abort', interrupt);
    stdin.resume();
  });
}
