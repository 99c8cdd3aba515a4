// Lines of a text: where they end, how they break, and how others are put behind them.

/** Where the line around `offset` ends, before its line break. */
export function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline < 0) return text.length;
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline;
}

/** The line break that the file uses at `offset`. */
export function lineBreak(text: string, offset: number): '\n' | '\r\n' {
  const next = text.indexOf('\n', offset);
  const newline = next < 0 ? text.lastIndexOf('\n') : next;
  return newline > 0 && text[newline - 1] === '\r' ? '\r\n' : '\n';
}

/** Lines to be put behind the one that ends at `offset`. */
export function below(text: string, offset: number, lines: readonly string[]): string {
  const eol = lineBreak(text, offset);
  return lines.map((line) => eol + line).join('');
}

/** An empty line stays empty. */
export function indented(lines: readonly string[], pad: string): string[] {
  return lines.map((line) => (line === '' ? '' : pad + line));
}
