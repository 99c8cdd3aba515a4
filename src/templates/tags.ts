// Tags that don't fit together. Nunjucks says of an unclosed `{% if %}` that the text has come to its end; a person wants to
// know which `{% if %}`. Asked only of a text that Nunjucks has refused, or whose `{% raw %}` it has let run to the end.

export interface Misfit {
  readonly message: string;
  /** Where it starts in the text, in UTF-16 units, and how much of it is shown. */
  readonly offset: number;
  readonly length: number;
}

/** The first tag, brace or quote that lacks its other half; undefined if all have theirs. */
export function misfit(text: string): Misfit | undefined {
  const open: Tag[] = [];
  for (const tag of tagsOf(text)) {
    if ('message' in tag) return tag;
    const closes = Object.keys(END_TAGS).filter((opener) => END_TAGS[opener] === tag.name);
    if (opens(tag)) open.push(tag);
    else if (closes.length > 0) {
      const last = open.pop();
      if (!last || !closes.includes(last.name)) return unexpected(text, tag, closes, last);
    } else if (BRANCHES.has(tag.name) && !BRANCHES.get(tag.name)?.includes(open.at(-1)?.name ?? '')) {
      return { ...shown(tag), message: `\`{% ${tag.name} %}\` stands in no ${wordsFor(tag.name)}` };
    }
  }
  const last = open.at(-1);
  return last && { ...shown(last), message: `\`{% ${last.name} %}\` has no \`{% ${END_TAGS[last.name]} %}\`` };
}

/** Every word that may begin a tag. */
export function tagNames(): string[] {
  const other = ['include', 'extends', 'import', 'from'];
  return [...Object.keys(END_TAGS), ...Object.values(END_TAGS), ...BRANCHES.keys(), ...other];
}

interface Tag {
  readonly name: string;
  readonly offset: number;
  readonly text: string;
}

const END_TAGS: Readonly<Record<string, string>> = {
  if: 'endif',
  ifAsync: 'endif',
  for: 'endfor',
  asyncEach: 'endeach',
  asyncAll: 'endall',
  macro: 'endmacro',
  call: 'endcall',
  filter: 'endfilter',
  block: 'endblock',
  set: 'endset',
  switch: 'endswitch',
  raw: 'endraw',
  verbatim: 'endverbatim',
};

const BRANCHES: ReadonlyMap<string, readonly string[]> = new Map([
  ['else', ['if', 'ifAsync', 'for', 'asyncEach', 'asyncAll']],
  ['elif', ['if', 'ifAsync']],
  ['elseif', ['if', 'ifAsync']],
  ['case', ['switch']],
  ['default', ['switch']],
]);

/** Of `{% set x = 1 %}` the value is there; `{% set x %}` takes what follows. */
function opens({ name, text }: Tag): boolean {
  return name === 'set' ? !text.replace(STRINGS, '').includes('=') : name in END_TAGS;
}

const STRINGS = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/gs;
const OPENING = /\{[{%#]/g;
const CLOSINGS: Readonly<Record<string, string>> = { '{{': '}}', '{%': '%}', '{#': '#}' };

function* tagsOf(text: string): Generator<Tag | Misfit> {
  OPENING.lastIndex = 0;
  for (let found = OPENING.exec(text); found; found = OPENING.exec(text)) {
    const offset = found.index;
    const end = endOf(text, found[0], offset);
    if (typeof end !== 'number') {
      yield end;
      return;
    }
    OPENING.lastIndex = end;
    const tag = text.slice(offset, end);
    const [, name] = /^\{%-?\s*(\w+)/.exec(tag) ?? [];
    if (name === undefined) continue;
    yield { name, offset, text: tag };
    if (name !== 'raw' && name !== 'verbatim') continue;
    const rest = new RegExp(`\\{%-?\\s*end${name}\\s*-?%\\}`, 'g');
    rest.lastIndex = end;
    OPENING.lastIndex = rest.exec(text)?.index ?? text.length;
  }
}

/** The offset behind the tag that begins at `offset`, or what keeps it from having an end. */
function endOf(text: string, opening: string, offset: number): number | Misfit {
  const closing = CLOSINGS[opening] ?? '';
  const unclosed = {
    message: `\`${opening}\` has no \`${closing}\``,
    offset,
    length: lineLength(text, offset),
  };
  if (opening === '{#') {
    const end = text.indexOf(closing, offset + 2);
    return end < 0 ? unclosed : end + 2;
  }
  for (let at = offset + 2; at < text.length; at++) {
    if (text.startsWith(closing, at)) return at + 2;
    const character = text[at] ?? '';
    // No tag can stand in another one; the text of the first one goes on because nothing has closed it.
    if (character === '{' && /[{%#]/.test(text[at + 1] ?? '')) return unclosed;
    if (character !== '"' && character !== "'") continue;
    STRINGS.lastIndex = at;
    const string = STRINGS.exec(text);
    if (string?.index !== at || (string[0].includes('\n') && string[0].includes(closing)))
      return { message: `\`${character}\` is never closed`, offset: at, length: lineLength(text, at) };
    at += string[0].length - 1;
  }
  return unclosed;
}

function lineLength(text: string, offset: number): number {
  return Math.max(1, (/[^\r\n]*/.exec(text.slice(offset))?.[0] ?? '').trimEnd().length);
}

function unexpected(text: string, tag: Tag, closes: readonly string[], last: Tag | undefined): Misfit {
  if (last) {
    const line = text.slice(0, last.offset).split('\n').length;
    const message = `\`{% ${tag.name} %}\` stands where the \`{% ${last.name} %}\` of line ${line} wants its \`{% ${END_TAGS[last.name]} %}\``;
    return { ...shown(tag), message };
  }
  return { ...shown(tag), message: `\`{% ${tag.name} %}\` closes no \`{% ${closes[0]} %}\`` };
}

function wordsFor(branch: string): string {
  const [first, , second] = BRANCHES.get(branch) ?? [];
  return branch === 'else' ? `\`{% ${first} %}\` or \`{% ${second} %}\`` : `\`{% ${first} %}\``;
}

function shown({ offset, text }: Tag): { offset: number; length: number } {
  return { offset, length: lineLength(text, 0) };
}
