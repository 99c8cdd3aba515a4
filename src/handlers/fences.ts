// The fenced code blocks in a reply: what CommonMark finds (through `marked`), with the language and the path that each names.
import { Lexer, type Token } from 'marked';

export interface Fence {
  /** In small letters; empty if none is named. */
  readonly language: string;
  /** As it was written, in the info string or in the line before the fence. */
  readonly path: string | undefined;
  /** Without a line end at its end. */
  readonly text: string;
  /** False if the reply ends before the fence is closed. */
  readonly closed: boolean;
  /** True if what is taken for its end may be a bare fence within it, as in a docstring. */
  readonly mayGoOn: boolean;
}

/** `text` has LF line ends. Throws a RangeError for a reply that is a single paragraph of many megabytes. */
export function fencesIn(text: string): Fence[] {
  const tokens = tokensOf(text);
  return nestedReading(text, tokens) ?? blocksIn(tokens);
}

/** Without the line ends at its end. Not by a regular expression: that takes for ever on a model that only writes line ends. */
export function trimLineEnds(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n') end--;
  return text.slice(0, end);
}

/** A token of the reply, and where in the text it begins. */
type Placed = Token & { readonly start: number };

/**
 * The tokens of the outermost level. An HTML block would swallow a fence that follows a tag without an empty line, as in
 * `<answer>` or `</think>`; models write that, and mean the fence. So a tag ends with its line here.
 */
function tokensOf(text: string): Placed[] {
  const result: Placed[] = [];
  let start = 0;
  while (start < text.length) {
    const before = start;
    for (const token of new Lexer().blockTokens(text.slice(start), [])) {
      const raw = swallowsFence(token) ? token.raw.slice(0, token.raw.indexOf('\n') + 1) : token.raw;
      result.push({ ...token, raw, start });
      start += raw.length;
      if (raw !== token.raw) break;
    }
    if (start === before) break;
  }
  return result;
}

function swallowsFence({ type, raw }: Token): boolean {
  // In some tags, and in comments, nothing is Markdown until they are closed.
  if (type !== 'html' || !/^ {0,3}<\/?(?!(?:pre|script|style|textarea)\b)[a-z]/i.test(raw)) return false;
  return /\n {0,3}(?:```|~~~)/.test(raw);
}

function blocksIn(tokens: readonly Token[]): Fence[] {
  return tokens.flatMap((token, i) => {
    if (token.type === 'code' && token.codeBlockStyle !== 'indented') {
      return [{ ...fenceOf(token, lineBefore(tokens, i)), mayGoOn: mayGoOn(tokens, i) }];
    }
    if (token.type === 'list') return token.items.flatMap((item: { tokens: Token[] }) => blocksIn(item.tokens));
    return token.type === 'blockquote' ? blocksIn(token.tokens ?? []) : [];
  });
}

function fenceOf(token: Token & { lang?: string; text?: string }, before: string): Fence {
  const info = token.lang ?? '';
  const { opening, last } = outerLines(token.raw);
  const fence = /`{3,}|~{3,}/.exec(opening)?.[0] ?? '';
  return {
    language: languageOf(info),
    path: pathInInfo(info) ?? pathInLine(before),
    text: token.text ?? '',
    closed: last.startsWith(fence) && /^[`~]+$/.test(last),
    mayGoOn: false,
  };
}

/** Text stands right behind its end, and right before a fence that names nothing; and it is no label such as `Output:`. */
function mayGoOn(tokens: readonly Token[], index: number): boolean {
  let next = index + 1;
  while (next < tokens.length && tokens[next]?.type !== 'code') next++;
  const [behind, before, bare] = [tokens[index + 1], tokens[next - 1], tokens[next]];
  if (next < index + 2 || bare?.type !== 'code' || behind?.type === 'space' || before?.type === 'space') return false;
  return bare.codeBlockStyle !== 'indented' && !bare.lang && !before?.raw.trimEnd().endsWith(':');
}

/** The first line of a block, and the last if it is another. The block is not taken apart: it may be large. */
function outerLines(raw: string): { opening: string; last: string } {
  const block = trimLineEnds(raw);
  const end = block.indexOf('\n');
  if (end < 0) return { opening: block, last: '' };
  return { opening: block.slice(0, end), last: block.slice(block.lastIndexOf('\n') + 1).trim() };
}

/** The last line of what stands right before the token. */
function lineBefore(tokens: readonly Token[], index: number): string {
  let before = index - 1;
  while (tokens[before]?.type === 'space') before--;
  const token = tokens[before];
  if (token?.type === 'list') {
    const inner: readonly Token[] = token.items.at(-1)?.tokens ?? [];
    return lineBefore(inner, inner.length);
  }
  const isText = token && ['heading', 'paragraph', 'text', 'html'].includes(token.type);
  const line = isText ? (token.raw.trimEnd().split('\n').at(-1) ?? '') : '';
  return line.length > 500 ? '' : line;
}

function languageOf(info: string): string {
  const word = info.split(/\s/)[0] ?? '';
  // `{.python #id}` is how Pandoc writes it.
  const plain = word.startsWith('{') ? (/^\{[^}]*?\.([^\s.}]+)/.exec(info)?.[1] ?? '') : word;
  if (plain.includes('=')) return '';
  const [name = ''] = plain.split(/[,{:(]/);
  const isPath = /[./]/.test(name.slice(1));
  return (isPath ? (/\.([^./]+)$/.exec(name)?.[1] ?? '') : name).toLowerCase().replace(/^(?:language-|lang-|\.)/, '');
}

const ATTRIBUTE = /(?:^|[\s{,])(?:path|file|filename|title|name)\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^\s},]+))/i;

function pathInInfo(info: string): string | undefined {
  const [, ...values] = ATTRIBUTE.exec(info) ?? [];
  const named = values.find((value) => value !== undefined);
  // In quotes, a path may have blanks.
  if (named !== undefined) return looksLikePath(named.replaceAll(' ', '_')) ? named : undefined;
  const [first = '', ...rest] = info.split(/\s+/);
  const afterColon = first.slice(first.indexOf(':') + 1);
  return onlyOne(
    [...(/[:./]/.test(first) ? [afterColon] : []), ...rest].filter(
      (word) => /^[^\s{}=]+$/.test(word) && looksLikePath(word),
    ),
  );
}

/** The path in `### src/a.ts`, `**File: src/a.ts**`, `` 1. `src/a.ts` (new): `` and their like. */
function pathInLine(line: string): string | undefined {
  const [, ...values] = ATTRIBUTE.exec(line) ?? [];
  const attribute = values.find((value) => value !== undefined && looksLikePath(value));
  if (line.trimStart().startsWith('<') && attribute !== undefined) return attribute;
  const spans = Array.from(line.matchAll(/`+([^`]+)`+/g), ([, span = '']) => span.trim());
  if (spans.length > 0) return onlyOne(spans.filter(looksLikePath));
  const bold = Array.from(line.matchAll(/(?:\*\*|__)(.+?)(?:\*\*|__)/g), ([, span = '']) => withoutLabel(span)).filter(
    looksLikePath,
  );
  if (bold.length > 0) return onlyOne(bold);
  const unmarked = line
    .replaceAll('**', '')
    .replace(/^\s*(?:#+\s+|[-*+]\s+)*/, '')
    .replace(/\s*#+\s*$/, '');
  const plain = withoutLabel(unmarked);
  const [path = '', ...remark] = plain.split(' ');
  const isRemark = remark.length === 0 || /^\(.*\)$/.test(remark.join(' '));
  return isRemark && looksLikePath(path) ? path : undefined;
}

/** `src/a.ts` of `1. File: src/a.ts:`. */
function withoutLabel(text: string): string {
  return text
    .trim()
    .replace(/^(?:\d+[.)]\s+)?(?:(?:new |updated |modified )?(?:file|path|filename)(?:\s?name)?\s*:\s*)?/i, '')
    .replace(/\s*:$/, '');
}

const NAMES_WITHOUT_ENDING =
  /^(?:Makefile|Dockerfile|Containerfile|Procfile|Gemfile|Rakefile|Justfile|LICENSE|README|CODEOWNERS)$/i;

function looksLikePath(text: string): boolean {
  if (text === '' || /["'<>|*?`\n]|:\/\/|\/$|^\/\/|\.$/.test(text)) return false;
  return text.includes('/') || /^\.?[^\s.][^\s]*\.\w+$|^\.\w[\w.-]*$/.test(text) || NAMES_WITHOUT_ENDING.test(text);
}

function onlyOne(paths: readonly string[]): string | undefined {
  return paths.length === 1 ? paths[0] : undefined;
}

/**
 * Models like to put Markdown with code blocks in it into a fence that is no longer than those inside. By CommonMark the first
 * inner fence that ends would end it all. Where an inner fence names its language (and so can only be a beginning), the fences
 * are matched as brackets are. Undefined if there is no such block, or if not all fences find a partner that way either.
 */
function nestedReading(text: string, tokens: readonly Placed[]): Fence[] | undefined {
  const index = tokens.findIndex((token) => token.type === 'code' && opensWithin(token));
  const token = tokens[index];
  if (!token) return undefined;
  const nested = nestedBlock(text.slice(token.start));
  if (!nested) return undefined;
  const fence = { ...fenceOf(token, lineBefore(tokens, index)), text: nested.text, closed: true };
  const after = fencesIn(text.slice(token.start + nested.length));
  return after.every(({ closed }) => closed) ? [...blocksIn(tokens.slice(0, index)), fence, ...after] : undefined;
}

/** True for a Markdown block in which a fence of the same kind begins. */
function opensWithin(token: Token): boolean {
  const language = languageOf(String('lang' in token ? token.lang : ''));
  const fence = /`{3,}|~{3,}/.exec(outerLines(token.raw).opening)?.[0];
  if (!fence || !['md', 'markdown', 'mdx'].includes(language)) return false;
  const [, ...lines] = token.raw.split('\n');
  return lines.some((line) => line.trimStart().startsWith(fence) && /^\s*[`~]+\s*[^\s`~]/.test(line));
}

/** The block that a text begins with, if its fences are matched as brackets are, and how much of the text it takes. */
function nestedBlock(text: string): { text: string; length: number } | undefined {
  const open: string[] = [];
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const [, fence, info = ''] = /^ {0,3}(`{3,}|~{3,})([^`]*)$/.exec(line) ?? [];
    if (fence === undefined) continue;
    const innermost = open.at(-1);
    if (innermost === undefined || info.trim() !== '') open.push(fence);
    else if (fence.startsWith(innermost)) open.pop();
    if (open.length > 0) continue;
    return { text: lines.slice(1, i).join('\n'), length: lines.slice(0, i + 1).join('\n').length };
  }
  return undefined;
}
