// What a terminal sends when a key is pressed, or a text pasted.

/** `key` is one character, `ctrl-` with a letter, or a name in `named`. */
export function codeOf(key: string, applicationCursorKeys: boolean): string {
  const letter = /^ctrl-([a-z])$/.exec(key)?.[1];
  if (letter) return String.fromCharCode(letter.charCodeAt(0) & 31);
  const code = [...key].length === 1 ? key : named[key];
  if (code === undefined) throw new Error(`no such key: ${key}`);
  return applicationCursorKeys ? code.replace(/^\x1b\[([A-DFH])$/, '\x1bO$1') : code;
}

/** Line ends become Enter, and the brackets are there only if the program has asked for them. */
export function codeOfPaste(text: string, bracketed: boolean): string {
  const typed = text.replaceAll(/\r?\n/g, '\r');
  return bracketed ? `\x1b[200~${typed}\x1b[201~` : typed;
}

const named: Record<string, string> = {
  enter: '\r',
  esc: '\x1b',
  tab: '\t',
  space: ' ',
  backspace: '\x7f',
  delete: '\x1b[3~',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
};
