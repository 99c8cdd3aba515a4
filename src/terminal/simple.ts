// Most texts that reach the screen are short and of letters that do nothing but stand there. That is found by looking at each: V8
// takes a tenth of a millisecond to make an expression that is used twice, and a command would use a dozen.

/** In longer ones, an expression is sooner done with it. */
const SHORT = 300;

/** Signs that we use ourselves, each one column wide. */
const SIGNS = '–—‘’“”•…→▶✔✘○◌│─';

/**
 * Whether each character is a letter, a digit or a sign of ASCII or of Europe, one column wide, without line breaks or what acts on
 * a terminal. False does not say that it is not so.
 */
export function isSimple(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code <= 0x7e) continue;
    if (code >= 0xa1 && code <= 0x2ff && code !== 0xad) continue;
    if (!SIGNS.includes(text.charAt(at))) return false;
  }
  return true;
}

/**
 * A text of simple lines in lines of at most so many columns, broken between words as `wrap-ansi` breaks it, which takes milliseconds
 * to load. Undefined for any other text, and where a word does not fit.
 */
export function brokenSimply(text: string, columns: number): string[] | undefined {
  const lines = text.split('\n');
  if (!lines.every(isSimple)) return undefined;
  const broken: string[] = [];
  for (const line of lines) {
    let row: string | undefined;
    for (const word of line.split(' ')) {
      if (word.length > columns) return undefined;
      // A row that is full ends before the blank, which then stands at the beginning of the next.
      if (row !== undefined && row.length >= columns) {
        broken.push(row);
        row = '';
      }
      row = row === undefined ? '' : `${row} `;
      if (row !== '' && word !== '' && row.length + word.length > columns) {
        broken.push(row);
        row = '';
      }
      row += word;
    }
    broken.push(row ?? '');
  }
  return broken;
}
