// Markdown for the terminal. The only importer of marked-terminal; loaded when there are instructions to show.
import { stripVTControlCharacters } from 'node:util';
import { Marked, type MarkedExtension } from 'marked';
import { markedTerminal, type TerminalRendererOptions } from 'marked-terminal';
import { harmless } from './words.ts';

// The types of marked-terminal are those of an older marked; what it returns is an extension of today's.
const terminal = markedTerminal as unknown as (options: TerminalRendererOptions) => MarkedExtension;

/** Renders Markdown to lines of at most `columns`, indented by two. Without colour it is plain text. */
export function renderMarkdown(markdown: string, columns: number, colour: boolean): string {
  const marked = new Marked(
    terminal({ reflowText: true, width: Math.max(20, columns - 2), showSectionPrefix: false, tab: 2 }),
  );
  // marked-terminal writes the box of a checkbox itself, and would write it twice.
  marked.use({ renderer: { checkbox: () => '' } });
  const rendered = marked.parse(harmless(markdown), { async: false });
  const text = (colour ? rendered : stripVTControlCharacters(rendered)).trim();
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}
