// Prompt templates: Nunjucks, strict. Each name must be known, each mistake has its place, and nothing leaves the project.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { type Place, RunbookError } from '../errors.ts';
import { insideProject, shownPath } from '../paths.ts';
import { readText } from '../runbook/source.ts';
import { holdsKeys, requireNoKeys } from '../secretFiles.ts';
import { didYouMean } from '../suggest.ts';
import { invalid, misfitError, placeAt, type Text, unparsable, worded } from './mistakes.ts';
import { type Lookup, type Name, type Node, namesIn } from './names.ts';
import { KNOWN, parse, render as renderText } from './runtime.ts';
import { misfit } from './tags.ts';

export interface Compiled {
  /** The variables that it asks for, found without running it: what is costly need not be fetched for nothing. */
  readonly uses: ReadonlySet<string>;
  /** Throws TEMPLATE_UNDEFINED for a member that is not there, except in a condition and before `default`. */
  readonly render: (variables: Readonly<Record<string, unknown>>) => Rendered;
}

export interface Rendered {
  readonly text: string;
  /** The files whose text went into it, each as often as it was asked for. The rest is the template's own. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly source: string;
  readonly text: string;
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

interface Source extends Text {
  readonly found: ReturnType<typeof namesIn>;
}

const GLOBALS = ['range', 'cycler', 'joiner', 'loop', 'caller', 'super', 'true', 'false', 'none', 'null', 'not'];

/** Reads a template, and the ones it includes, extends or imports by name, each once. */
function read(root: string, file: string, askedAt: Place | undefined, sources: Map<string, Source>): void {
  if (sources.has(file)) return;
  const real = insideProject(root, file, askedAt);
  requireNoKeys(real, file, askedAt);
  const text = readText(real, file, askedAt).replace(/^\uFEFF/, '');
  const source: Source = { file, text, found: namesIn(parsed(file, text)) };
  const [outlandish] = source.found.outlandish;
  if (outlandish) {
    const { value, lineno, colno } = outlandish;
    throw invalid(source, { message: `\`${value}\` can't be a name`, at: placeAt(source, lineno, colno, value) });
  }
  sources.set(file, source);
  for (const other of source.found.templates) {
    if (other.mayBeMissing && !existsSync(join(root, other.value))) continue;
    read(root, other.value, placeAt(source, other.lineno, other.colno, other.value), sources);
  }
}

function parsed(file: string, text: string): Node {
  try {
    const root = parse(text);
    // What is behind a `{% raw %}` that nothing ends, Nunjucks drops without a word.
    const lost = /\{%-?\s*(?:raw|verbatim)\b/.test(text) ? misfit(text) : undefined;
    if (lost) throw misfitError({ file, text }, lost);
    return root;
  } catch (error) {
    throw error instanceof RunbookError ? error : unparsable({ file, text }, error);
  }
}

/** Filters and tests by their names, in Nunjucks' own tables. */
function requireKnown(source: Source, name: Name, kind: 'filter' | 'test'): void {
  const known = KNOWN[kind]();
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
  const parts: Part[] = [];
  const context = { ...provided(root, parts), ...variables };
  for (const source of sources.values())
    for (const lookup of source.found.lookups) requireMember(source, lookup, context);
  try {
    return { text: renderText(file, context, (name) => loaded(root, sources, name)), parts };
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

/** A template that another one names by a variable is read when it is asked for; null if it is not there. */
function loaded(root: string, sources: Map<string, Source>, name: string): string | null {
  if (!sources.has(name) && existsSync(insideProject(root, name))) read(root, name, undefined, sources);
  return sources.get(name)?.text ?? null;
}

const PROVIDED = { file: true, glob: true };
const LEFT_OUT = ['**/node_modules/**', '**/.git/**', '**/.runbook/**'];

/** `file("path")` is a text; `glob("src/**")` is a list of `{path, text}`, sorted. */
function provided(root: string, parts: Part[]) {
  const open = (path: string) => {
    const real = insideProject(root, path);
    requireNoKeys(real, path);
    const text = readText(real, path);
    parts.push({ source: path, text });
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
      return paths.filter((path) => !holdsKeys(path)).map((path) => ({ path, text: open(path) }));
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
