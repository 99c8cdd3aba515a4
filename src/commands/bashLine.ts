// The line in which bash completes, as bash itself takes it apart: its words, and what of the last one is to be replaced.

export interface BashLine {
  /** Those behind the program's name, without their quotes; the last one is being typed. */
  readonly words: readonly string[];
  /** How that one is to stand in the line. Undefined if bash would put it there in another way. */
  readonly insert: (word: string) => string | undefined;
}

type Quote = '"' | "'" | undefined;

export function bashLine(line: string): BashLine {
  const words: string[] = [];
  let [word, quote, isWord] = ['', undefined as Quote, false];
  /** Where the quotes began, and where readline lets a new word begin, in the word without quotes. */
  let [quotedAt, breaksAt] = [0, 0];
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (quote === undefined && /\s/.test(character)) {
      if (isWord) words.push(word);
      [word, isWord, quotedAt, breaksAt] = ['', false, 0, 0];
      continue;
    }
    isWord = true;
    if (character === quote) quote = undefined;
    else if (quote === undefined && (character === '"' || character === "'"))
      [quote, quotedAt] = [character, word.length];
    else if (character === '\\' && quote !== "'") word += line.charAt(++i);
    else {
      word += character;
      if (quote === undefined && BREAKS.includes(character)) breaksAt = word.length;
    }
  }
  const typedQuote = quote;
  const from = typedQuote === undefined ? breaksAt : quotedAt;
  return {
    words: [...words.slice(1), word],
    insert: (candidate) => (candidate.startsWith(word) ? quoted(candidate.slice(from), typedQuote) : undefined),
  };
}

/** Of COMP_WORDBREAKS, those that may stand in a word. */
const BREAKS = '@=:';

function quoted(text: string, quote: Quote): string | undefined {
  if (quote === "'") return text.includes("'") ? undefined : text;
  if (quote === '"') return text.replaceAll(/[\\"$`]/g, '\\$&');
  return text.replaceAll(/[^\w@%+=:,./^\u0080-\u{10ffff}-]|^~/gu, '\\$&');
}
