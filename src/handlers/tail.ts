// The last lines of a stream, to be quoted where something failed: in the YAML, too, which is read without a terminal, and so
// without colours. Of a line that was written over, only its end.
import { stripVTControlCharacters } from 'node:util';

const LINES = 12;
const LONGEST_LINE = 500;

export function tailOf(): { push(text: string): void; text(): string } {
  let kept = '';
  return {
    push(text) {
      kept = (kept + text).slice(-LINES * LONGEST_LINE);
    },
    text() {
      const lines = stripVTControlCharacters(kept)
        .split(/\r?\n/)
        .map((line) => line.trimEnd().replace(/^[\s\S]*\r/, ''));
      while (lines.at(-1) === '') lines.pop();
      return lines
        .slice(-LINES)
        .map((line) => line.slice(0, LONGEST_LINE))
        .join('\n');
    },
  };
}
