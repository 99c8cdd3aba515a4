// Prompt templates: Nunjucks, strict. Each name must be known, each mistake has its place, and nothing leaves the project.
// The only importer of `nunjucks`.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import nunjucks from 'nunjucks';
import { globSync } from 'tinyglobby';
import { type Place, RunbookError } from './errors.ts';
import { insideProject, shownPath } from './paths.ts';
import { readText } from './runbook/source.ts';
import { didYouMean } from './suggest.ts';
import { type Lookup, type Name, type Node, namesIn } from './templateNames.ts';

export interface Compiled {
  /** The variables that it asks for, found without running it: what is costly need not be fetched for nothing. */
  readonly uses: ReadonlySet<string>;
  /** Throws TEMPLATE_UNDEFINED for a member that is not there, except in a condition and before `default`. */
  readonly render: (variables: Readonly<Record<string, unknown>>) => Rendered;
}

export interface Rendered {
  readonly text: string;
  /** The files whose text went into it, with their sizes. */
  readonly parts: readonly { readonly source: string; readonly chars: number }[];
}

/**
 * Reads the template `file` and those that it names, and checks them. `knownNames` are the variables that `render` will
 * get; `file` and `glob` are always there. `askedAt` is who named the file. Throws the first mistake: FILE_NOT_FOUND,
 * PATH_OUTSIDE, TEMPLATE_INVALID or TEMPLATE_UNDEFINED.
 */
export function compile(root: string, file: string, knownNames: readonly string[], askedAt?: Place): Compiled {
  const sources = new Map<string, Source>();
  const uses = new Set<string>();
  read(root, file, askedAt, sources);
  const known = [...knownNames, ...Object.keys(PROVIDED), ...GLOBALS];
  for (const source of sources.values()) {
    for (const name of source.found.names) {
      if (!known.includes(name.value) && !declaredAnywhere(sources, name.value))
        throw undefinedName(source, name, known);
      uses.add(name.value);
    }
    for (const name of source.found.filters) requireKnown(source, name, 'filter');
    for (const name of source.found.tests) requireKnown(source, name, 'test');
  }
  return { uses, render: (variables) => render(root, file, sources, variables) };
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly found: ReturnType<typeof namesIn>;
}

const GLOBALS = ['range', 'cycler', 'joiner', 'loop', 'caller', 'super', 'true', 'false', 'none', 'null', 'not'];

/** Reads a template, and the ones it includes, extends or imports by name, each once. */
function read(root: string, file: string, askedAt: Place | undefined, sources: Map<string, Source>): void {
  if (sources.has(file)) return;
  const text = readText(insideProject(root, file, askedAt), file, askedAt).replace(/^\uFEFF/, '');
  const source: Source = { file, text, found: namesIn(parse(file, text)) };
  const [outlandish] = source.found.outlandish;
  if (outlandish) throw invalid(source, { ...outlandish, message: `\`${outlandish.value}\` can't be a name` });
  sources.set(file, source);
  for (const other of source.found.templates) {
    if (other.mayBeMissing && !existsSync(join(root, other.value))) continue;
    read(root, other.value, placeAt(source, other.lineno, other.colno, other.value), sources);
  }
}

function parse(file: string, text: string): Node {
  try {
    const { parser } = nunjucks as unknown as {
      parser: { parse: (text: string, extensions: unknown[], options: object) => Node };
    };
    return parser.parse(text, [], {});
  } catch (error) {
    throw invalid({ file, text }, error);
  }
}

/** Filters and tests by their names, in Nunjucks' own tables. */
function requireKnown(source: Source, name: Name, kind: 'filter' | 'test'): void {
  const { filters, tests } = new nunjucks.Environment(null) as unknown as Record<'filters' | 'tests', object>;
  const known = Object.keys(kind === 'filter' ? filters : tests);
  if (known.includes(name.value)) return;
  throw new RunbookError({
    code: 'TEMPLATE_INVALID',
    message: `there is no ${kind} \`${name.value}\`.${didYouMean(name.value, known)}`,
    at: placeAt(source, name.lineno, name.colno, name.value),
  });
}

/** A name that a template sets, loops over or takes as an argument may be used in those that it includes. */
function declaredAnywhere(sources: ReadonlyMap<string, Source>, name: string): boolean {
  return [...sources.values()].some((source) => source.found.declared.has(name));
}

function undefinedName(source: Source, name: Name, known: readonly string[]): RunbookError {
  const ours = known.filter((candidate) => !GLOBALS.includes(candidate));
  return new RunbookError({
    code: 'TEMPLATE_UNDEFINED',
    message: `\`${name.value}\` is not defined.${didYouMean(name.value, ours)}`,
    at: placeAt(source, name.lineno, name.colno, name.value),
    hint: `The template may use ${ours.map((candidate) => `\`${candidate}\``).join(', ')}.`,
  });
}

function render(
  root: string,
  file: string,
  sources: Map<string, Source>,
  variables: Readonly<Record<string, unknown>>,
): Rendered {
  const parts: { source: string; chars: number }[] = [];
  const context = { ...provided(root, parts), ...variables };
  for (const source of sources.values())
    for (const lookup of source.found.lookups) requireMember(source, lookup, context);
  try {
    const text = environment(root, sources).render(file, context);
    const fromFiles = parts.reduce((sum, { chars }) => sum + chars, 0);
    return { text, parts: [{ source: file, chars: Math.max(0, text.length - fromFiles) }, ...parts] };
  } catch (error) {
    throw worded(sources, file, error);
  }
}

/** `a.b.c` that starts at a variable of ours is looked up beforehand: Nunjucks would print nothing where `b` is misspelt. */
function requireMember(source: Source, lookup: Lookup, context: Readonly<Record<string, unknown>>): void {
  let value: unknown = context[lookup.root];
  let path = lookup.root;
  if (source.found.declared.has(lookup.root)) return;
  for (const step of lookup.steps) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    if (!Object.hasOwn(value, step)) {
      throw new RunbookError({
        code: 'TEMPLATE_UNDEFINED',
        message: `\`${path}\` has no \`${step}\`.${didYouMean(step, Object.keys(value))}`,
        at: placeAt(source, lookup.lineno, lookup.colno, `${path}.${step}`),
        hint:
          Object.keys(value).length === 0
            ? `\`${path}\` is empty.`
            : `It has ${Object.keys(value)
                .slice(0, 12)
                .map((key) => `\`${key}\``)
                .join(', ')}.`,
      });
    }
    path = `${path}.${step}`;
    // Looked at only as far as needed: the last step may be costly, such as the text of a file.
    if (step === lookup.steps.at(-1)) return;
    value = (value as Record<string, unknown>)[step];
  }
}

function environment(root: string, sources: Map<string, Source>): nunjucks.Environment {
  guardNunjucks();
  const loader = { getSource: (name: string) => loaded(root, sources, name) } as nunjucks.ILoader;
  // `dev` keeps the line, the column and the cause on the errors.
  return new nunjucks.Environment(loader, {
    autoescape: false,
    throwOnUndefined: true,
    dev: true,
  } as nunjucks.ConfigureOptions);
}

/** A template that another one names by a variable is read when it is asked for; null if it is not there. */
function loaded(root: string, sources: Map<string, Source>, name: string): nunjucks.LoaderSource | null {
  if (!sources.has(name) && existsSync(insideProject(root, name))) read(root, name, undefined, sources);
  const source = sources.get(name);
  return source ? { src: source.text, path: name, noCache: true } : null;
}

interface Internals {
  readonly runtime: { memberLookup: (target: unknown, name: unknown) => unknown };
  readonly compiler: { readonly Compiler: { readonly prototype: { _getNodeName: () => string } } };
}

/**
 * Templates are data, but Nunjucks turns them into JavaScript, in which `x.constructor.constructor("…")()` would run code.
 * So members are looked up by us: own data, and the plain methods of texts and lists, but no way to a constructor. And what
 * a template calls is not copied into that JavaScript, where an odd text would end the string it stands in.
 */
function guardNunjucks(): void {
  const { runtime, compiler } = nunjucks as unknown as Internals;
  compiler.Compiler.prototype._getNodeName = () => 'this';
  runtime.memberLookup = (target, name) => {
    if (target === undefined || target === null || typeof target === 'function') return undefined;
    const holder = Object(target) as Record<PropertyKey, unknown>;
    const key = String(name);
    const method = typeof target === 'string' || Array.isArray(target) ? holder[key] : undefined;
    if (typeof method === 'function' && key !== 'constructor' && !key.startsWith('__')) return method.bind(target);
    return Object.hasOwn(holder, key) ? holder[key] : undefined;
  };
}

const PROVIDED = { file: true, glob: true };
const LEFT_OUT = ['**/node_modules/**', '**/.git/**', '**/.runbook/**', '**/.env'];
const SECRETS = /(?:^|[\\/])\.env$/;

/** `file("path")` is a text; `glob("src/**")` is a list of `{path, text}`, sorted. */
function provided(root: string, parts: { source: string; chars: number }[]) {
  const open = (path: string) => {
    if (SECRETS.test(path))
      throw new RunbookError({ code: 'PATH_OUTSIDE', message: `\`${path}\` holds keys, which are not for a prompt` });
    const text = readText(insideProject(root, path), path);
    parts.push({ source: path, chars: text.length });
    return text;
  };
  return {
    file: (path: unknown) => {
      if (typeof path !== 'string')
        throw new RunbookError({ code: 'TEMPLATE_INVALID', message: '`file` takes the path of a file, as text' });
      if (!existsSync(insideProject(root, path))) throw missingFile(root, path);
      return open(path);
    },
    glob: (pattern: unknown) => {
      if (typeof pattern !== 'string')
        throw new RunbookError({ code: 'TEMPLATE_INVALID', message: '`glob` takes a pattern, as text' });
      // Before a folder outside is walked through; what a pattern hides is found by `open`.
      insideProject(root, pattern);
      const paths = globSync(pattern, { cwd: root, ignore: LEFT_OUT, dot: true, expandDirectories: false }).sort();
      return paths.map((path) => ({ path, text: open(path) }));
    },
  } satisfies Record<keyof typeof PROVIDED, unknown>;
}

function missingFile(root: string, path: string): RunbookError {
  const folder = join(root, path, '..');
  const beside =
    existsSync(folder) && statSync(folder).isDirectory()
      ? readdirSync(folder).map((name) => shownPath(root, join(folder, name)))
      : [];
  return new RunbookError({
    code: 'FILE_NOT_FOUND',
    message: `\`${path}\` does not exist.${didYouMean(path, beside)}`,
    hint: 'Paths are from the folder of `runbook.yaml`.',
  });
}

/** What Nunjucks throws, with the place, in the words of this house. */
function worded(sources: ReadonlyMap<string, Source>, file: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const error = deepest(thrown);
  const named = sources.get(innermost(error.message) ?? file) ?? { file, text: '' };
  const among: readonly [Text, ...Text[]] = [named, ...sources.values()];
  const { lineno, colno = 0, cause } = error as { lineno?: number; colno?: number; cause?: unknown };
  if (/null or undefined/.test(error.message)) return noValue(among, (lineno ?? 1) - 1, Math.max(0, colno - 1), error);
  // What is thrown by a call has its line counted from 0, and its column is that of the parenthesis.
  const at = lineno === undefined ? undefined : placeAt(withText(among, lineno, colno, '('), lineno, colno, '');
  if (!(cause instanceof RunbookError)) return invalid(named, at ? { message: error.message, at } : error);
  const { code, message, hint } = cause;
  return new RunbookError({ code, message, hint, at: cause.at ?? at }, { cause });
}

/** Nunjucks wraps what happens on a first line once more for each template that included it. */
function deepest(error: Error): Error {
  return error.cause instanceof Error && 'lineno' in error.cause ? deepest(error.cause) : error;
}

/** The template in which it happened stands after those that included it: `(p.md)\n (q.md) [Line 4, Column 3]`. */
function innermost(message: string): string | undefined {
  return /^(?:\s*\(([^)]*)\)(?: \[[^\]]*\])?)+/.exec(message)?.[1];
}

type Text = Pick<Source, 'file' | 'text'>;

/** Of a parent template, and of an imported macro, Nunjucks says the line but not the file: it is the one that fits. */
function withText(among: readonly [Text, ...Text[]], lineno: number, colno: number, text: string): Text {
  return among.find((source) => lineOf(source, lineno).startsWith(text, colno)) ?? among[0];
}

function lineOf({ text }: Text, lineno: number): string {
  return text.split(/\r?\n/)[lineno] ?? '';
}

/** `{{ x }}` where `x` is null, or not there. The place that Nunjucks gives is that of the braces. */
function noValue(among: readonly [Text, ...Text[]], lineno: number, colno: number, cause: Error): RunbookError {
  const source = withText(among, lineno, colno, '{{');
  const [, before = '', expression] = /^(\{\{-?\s*)(.+?)\s*-?\}\}/.exec(lineOf(source, lineno).slice(colno)) ?? [];
  return new RunbookError(
    {
      code: 'TEMPLATE_UNDEFINED',
      message: expression === undefined ? 'this has no value' : `\`${expression}\` has no value`,
      at: placeAt(source, lineno, colno + before.length, expression ?? ''),
      hint: 'If it may be missing: {{ … | default("") }}, or {% if … %}.',
    },
    { cause },
  );
}

function invalid(source: Text, error: unknown): RunbookError {
  const {
    lineno,
    colno = 0,
    message,
    at: known,
  } = error as { lineno?: number; colno?: number; message: string; at?: Place };
  // Without a line it is the end of the text that came too early.
  const line = lineno ? lineno - 1 : source.text.trimEnd().split('\n').length - 1;
  const at = known ?? placeAt(source, line, Math.max(0, colno - 1), '');
  return new RunbookError(
    { code: 'TEMPLATE_INVALID', message: `this is not a valid template: ${plainMessage(message)}`, at },
    { cause: error },
  );
}

/** Nunjucks puts the file before the message, once for each template that was on the way, and the error's name. */
function plainMessage(message: string): string {
  const prefix = /^\s*(?:(?:Template render )?Error: |\([^)]*\)(?:\s*\[Line [^\]]*\])?\s*)*/i;
  const lines = message.split('\n').map((line) => line.replace(prefix, '').trim());
  const said = lines.find((line) => line !== '') ?? message;
  if (/call stack/i.test(said)) return 'it includes or calls itself without end';
  return said
    .replace(/^(?:Template render )?error: /i, '')
    .replace('Unable to call `this`, which is', 'it calls something that is');
}

function placeAt(source: Text, lineno: number, colno: number, name: string): Place {
  const text = lineOf(source, lineno);
  // Nunjucks' columns stand at the end of some nodes; where the name itself is on the line, that is the place.
  const exact = text.startsWith(name, colno) ? colno : Math.max(0, name === '' ? colno : text.lastIndexOf(name, colno));
  return { file: source.file, line: lineno + 1, column: exact + 1, length: Math.max(1, name.length), text };
}
