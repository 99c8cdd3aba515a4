// A plan in Markdown as a tree: sections with their lists of steps, each step with its text, its box, its work and what is nested
// in it. What Markdown is, `marked` says; what of it is a step is said here.
import { Lexer, type Token, type Tokens } from 'marked';
import { RunbookError } from '../errors.ts';
import { type Mark, markIn } from './mark.ts';

export interface Outline {
  /** The first heading, if nothing but text comes before it. */
  readonly title: string | undefined;
  /** The text below the title. */
  readonly about: string;
  readonly top: Section;
}

export interface Section extends Work {
  readonly title: string;
  readonly line: number;
  readonly ticked: boolean;
  readonly lists: readonly ItemList[];
  readonly sections: readonly Section[];
}

export interface ItemList {
  /** Numbered: each waits for the one before. */
  readonly numbered: boolean;
  readonly items: readonly Item[];
}

export interface Item extends Work {
  readonly text: string;
  readonly line: number;
  readonly ticked: boolean;
  readonly mark: Mark;
  readonly lists: readonly ItemList[];
}

/** What stands below a step. */
interface Work {
  /** Markdown, without the scripts. */
  readonly body: string;
  readonly scripts: readonly CodeBlock[];
}

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] };

/** Throws RUNBOOK_INVALID where it is nested deeper than can be read. */
export function readOutline(source: string, file: string): Outline {
  const text = source
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .replace(/^---\n[\s\S]*?\n---(?=\n|$)/, (front) => front.replaceAll(/[^\n]/g, ' '));
  try {
    return new Reader(text).read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RunbookError({
      code: 'RUNBOOK_INVALID',
      message: `\`${file}\` is nested deeper than can be read`,
      hint: 'Take some levels out.',
    });
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Outline {
    const top = this.#section('', 1);
    const open: { depth: number; section: Mutable<Section> }[] = [{ depth: 0, section: top }];
    let title: string | undefined;
    for (const token of Lexer.lex(this.#text, { gfm: true }) as Token[]) {
      const inner = open.at(-1)?.section ?? top;
      if (token.type !== 'heading') this.#take(token, inner);
      else if (title === undefined && open.length === 1 && top.lists.length === 0 && token['depth'] === 1)
        title = plainText(token.tokens);
      else {
        const heading = token as Tokens.Heading;
        while ((open.at(-1)?.depth ?? 0) >= heading.depth) open.pop();
        const section = this.#section(plainText(heading.tokens), this.#lineOf(heading.raw));
        (open.at(-1)?.section ?? top).sections.push(section);
        open.push({ depth: heading.depth, section });
      }
    }
    return { title, about: top.body.trim(), top: { ...top, body: '' } };
  }

  #section(written: string, line: number): Mutable<Section> {
    const [, box, title = written] = /^\[([ xX])\]\s+(.*)$/.exec(written) ?? [];
    return { title, line, ticked: box === 'x' || box === 'X', body: '', scripts: [], lists: [], sections: [] };
  }

  /** A list of steps, a script, or text. */
  #take(token: Token, into: Mutable<Work> & { lists: ItemList[] }): void {
    if (isSteps(token))
      into.lists.push({ numbered: token.ordered, items: token.items.map((item) => this.#item(item)) });
    else if (token.type === 'code' && isShell(token['lang']))
      into.scripts.push({ language: languageOf(token['lang']), text: String(token['text']) });
    else into.body += token.raw;
  }

  #item(item: Tokens.ListItem): Item {
    const line = this.#lineOf(item.raw);
    const [first, ...rest] = item.tokens.filter(({ type }) => type !== 'checkbox');
    const isText = first?.type === 'text' || first?.type === 'paragraph';
    const inline = isText ? ((first as Tokens.Text).tokens ?? []).filter(({ type }) => type !== 'checkbox') : [];
    const found: Mutable<Item> = {
      text: plainText(inline),
      line,
      ticked: item.checked === true,
      mark: markIn(inline.filter(({ type }) => type === 'html').map(({ raw }) => raw)),
      body: '',
      scripts: [],
      lists: [],
    };
    for (const token of isText ? rest : item.tokens) this.#take(token, found);
    const [only, ...others] = item.tokens.filter(({ type }) => type === 'blockquote');
    const isQuoted = only !== undefined && others.length === 0 && found.body.trim() === only.raw.trim();
    return { ...found, body: (isQuoted ? String((only as Tokens.Blockquote).text) : found.body).trim() };
  }

  /** Tokens come in the order of the text, so that each is looked for behind the one before. */
  #lineOf(raw: string): number {
    const [first = ''] = raw.split('\n');
    const at = this.#text.indexOf(first.trim(), this.#at);
    if (at < 0) return this.#line;
    this.#line += this.#text.slice(this.#at, at).split('\n').length - 1;
    this.#at = at;
    return this.#line;
  }
}

function isSteps(token: Token): token is Tokens.List {
  return token.type === 'list' && (token['ordered'] === true || (token as Tokens.List).items.some((item) => item.task));
}

/** As it reads: emphasis and links are gone, code keeps its marks. */
function plainText(tokens: readonly Token[] = []): string {
  const text = (token: Token): string => {
    if (token.type === 'html') return '';
    if (token.type === 'codespan') return token.raw;
    if (token.type === 'br') return ' ';
    if ('tokens' in token && token.tokens) return token.tokens.map(text).join('');
    return 'text' in token ? String(token['text']) : token.raw;
  };
  return tokens.map(text).join('').replaceAll(/\s+/g, ' ').trim();
}

const SHELLS = ['sh', 'shell', 'bash', 'zsh', 'console', 'shell-session'];

function languageOf(lang: unknown): string {
  return (
    String(lang ?? '')
      .trim()
      .split(/\s/)[0]
      ?.toLowerCase() ?? ''
  );
}

function isShell(lang: unknown): boolean {
  return SHELLS.includes(languageOf(lang));
}
