// A YAML text seen in three ways at once: its documents (what it means), its tokens (where that stands), and its
// landmarks (comments, anchors, tags, markers: what an edit beside them must not touch). Only `yaml` reads YAML.
import { Composer, type CST, type Document, Lexer, Parser } from 'yaml';
import { type Place, RunbookError } from '../../errors.ts';
import { aliasesOf, tooFar } from '../aliases.ts';
import { doubledKey } from '../doubled.ts';
import { lineEnd } from './lines.ts';

export interface Syntax {
  readonly text: string;
  /** The file as it is shown to the person. */
  readonly file: string;
  /** The first document of the text: the one that edits are for. */
  readonly document: Document.Parsed;
  /** Its tokens; undefined if the text has nothing but comments. */
  readonly tokens: CST.Document | undefined;
  /** Every document as plain values: `Map`, array, scalar. Merge keys (`<<`) are followed. */
  readonly values: readonly unknown[];
  readonly landmarks: readonly Landmark[];
  /** How many tags don't fit their values. */
  readonly misfits: number;
}

export interface Landmark {
  readonly offset: number;
  readonly text: string;
}

/** Throws PATCH_UNSAFE at the first place that isn't valid YAML, in whichever document. */
export function parse(text: string, file: string): Syntax {
  const { tokens, landmarks } = tokenize(text);
  const documents = guarded(text, file, () => {
    const composer = new Composer({ keepSourceTokens: true, merge: true, logLevel: 'error', uniqueKeys: false });
    return [...composer.compose(tokens, true, text.length)];
  });
  const error = documents.flatMap((document) => document.errors)[0];
  if (error) throw unreadable(text, file, error, ...error.pos);
  const second = documents.map(doubledKey).find(Boolean);
  if (second) throw unreadable(text, file, new Error('Map keys must be unique'), ...(second.range ?? []));
  const bomb = documents.map((one) => tooFar(aliasesOf(one))).find(Boolean);
  if (bomb) throw unreadable(text, file, new Error('The aliases unfold into far too much'), ...(bomb.range ?? []));
  const [document] = documents;
  if (!document) throw new Error('`yaml` made no document');
  return {
    text,
    file,
    document,
    tokens: tokens.find((token) => token.type === 'document'),
    values: guarded(text, file, () => documents.map((one) => one.toJS({ mapAsMap: true, maxAliasCount: -1 }))),
    landmarks,
    misfits: documents.flatMap(({ warnings }) => warnings).length,
  };
}

/** `yaml` throws where nesting fills the stack, an alias is unknown, or a merge has no map. */
function guarded<Result>(text: string, file: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw error instanceof Error ? unreadable(text, file, error) : error;
  }
}

function unreadable(text: string, file: string, error: Error, start = 0, end = start): RunbookError {
  const why = error.message.charAt(0).toLowerCase() + error.message.slice(1);
  return new RunbookError({
    code: 'PATCH_UNSAFE',
    message: `\`${file}\` is left as it is, since it can't be read as YAML: ${why}`,
    at: placeAt(text, file, start, end),
    hint: 'Mend this line by hand, then run the command again.',
  });
}

/** Lexes the text once, for the parser and for the landmarks. */
function tokenize(text: string): { tokens: CST.Token[]; landmarks: Landmark[] } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const landmarks: Landmark[] = [];
  let offset = 0;
  let inScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // These three are the lexer's own marks; they take no room in the text.
    const isMark = !inScalar && (lexeme === DOCUMENT || lexeme === SCALAR || lexeme === FLOW_END);
    if (!inScalar && !isMark && /^(?:[#&*!%\uFEFF]|---|\.\.\.)/.test(lexeme)) landmarks.push({ offset, text: lexeme });
    inScalar = !inScalar && lexeme === SCALAR;
    if (!isMark) offset += lexeme.length;
  }
  tokens.push(...parser.end());
  return { tokens, landmarks };
}

const DOCUMENT = '\u0002';
const FLOW_END = '\u0018';
const SCALAR = '\u001F';

/** The place of a stretch of the text, shown no further than the end of its first line. */
export function placeAt(text: string, file: string, start: number, end: number): Place {
  const from = Math.min(start, text.length);
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const lineText = text.slice(lineStart, lineEnd(text, from));
  return {
    file,
    line: text.slice(0, lineStart).split('\n').length,
    column: from - lineStart + 1,
    length: Math.max(1, Math.min(end, lineStart + lineText.length) - from),
    text: lineText,
  };
}
