// From a model's reply to what it proposes. What it meant is never guessed: several blocks where one was asked for are a choice
// for the person, and a reply that does not have what was asked for says so in a sentence that can be sent back to the model.
import { posix } from 'node:path';
import type { Ajv, ErrorObject, ValidateFunction } from 'ajv';
import { RunbookError } from '../errors.ts';
import { nearest } from '../suggest.ts';
import { type Fence, fencesIn, trimLineEnds } from './fences.ts';
import { canonical, LANGUAGE_NAMES, mayBeLanguage } from './languages.ts';
import { withoutThinking } from './thinking.ts';

export interface ProposedFile {
  /** Relative to the project's root; undefined for what goes to the task's `output_artifact`. */
  readonly path: string | undefined;
  /** With LF line ends, and one at its end unless it is empty. */
  readonly text: string;
  /** It is to be deleted; `text` is empty then. */
  readonly removes?: boolean | undefined;
}

export type Parsed =
  | { readonly kind: 'files'; readonly files: readonly ProposedFile[] }
  /** Several blocks where one was asked for. Without a person this is a refusal. */
  | { readonly kind: 'choice'; readonly blocks: readonly { readonly label: string; readonly text: string }[] }
  /** `detail` says what is wrong, in one sentence that the model can be told. */
  | { readonly kind: 'unusable'; readonly detail: string };

export interface ReplyOptions {
  /** The JSON Schema of a `json` reply. */
  readonly outputSchema?: unknown;
  /** Where the text is to go: of several blocks, the only one that names this path is the one. */
  readonly artifact?: string;
}

/** What `parser` (by default `text`) finds in a reply. Throws RUNBOOK_INVALID if there is no such parser, or the schema is none. */
export async function parseReply(
  parser: string | undefined,
  reply: string,
  options: ReplyOptions = {},
): Promise<Parsed> {
  const problem = parser === undefined ? undefined : parserProblem(parser);
  if (problem !== undefined) throw new RunbookError({ code: 'RUNBOOK_INVALID', message: problem });
  const text = withoutThinking(reply.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'));
  if (text === undefined) return unusable('the reply is nothing but thinking, and seems to be cut off');
  if (text.trim() === '') return unusable('the reply is empty');
  if (parser === undefined || parser === 'text') return single(text.endsWith('\n') ? text : `${text}\n`);
  try {
    if (parser === 'json') return await parseJson(text, options.outputSchema);
    const fences = fencesIn(text);
    if (fences.some(({ closed }) => !closed)) return unusable(NEVER_CLOSED);
    if (parser === 'files') return parseFiles(fences);
    return chosen(parser === 'code_block' ? fences : ofLanguage(fences, languageIn(parser)), parser, fences, options);
  } catch (error) {
    // A regular expression of `marked` gives up on a paragraph of many megabytes.
    if (error instanceof RangeError) return unusable('the reply is too large for code blocks to be found in it');
    throw error;
  }
}

/** What is wrong with the name of a parser, in one sentence, or undefined if it is known. */
export function parserProblem(parser: string): string | undefined {
  if (PARSERS.includes(parser)) return undefined;
  const language = languageIn(parser);
  if (language !== undefined && mayBeLanguage(language)) return undefined;
  const lower = parser.toLowerCase();
  const blocks = LANGUAGE_NAMES.map((name) => `${name}_code_block`);
  const meant = LANGUAGE_NAMES.includes(lower) ? `${lower}_code_block` : nearest(lower, [...PARSERS, ...blocks]);
  const advice =
    meant === undefined
      ? `It is one of ${PARSERS.join(', ')} and <language>_code_block.`
      : `Did you mean \`${meant}\`?`;
  return `\`${parser}\` is not a parser. ${advice}`;
}

/** What is wrong with a JSON Schema, or undefined if it can be used. */
export async function schemaProblem(schema: unknown): Promise<string | undefined> {
  try {
    await validatorOf(schema);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const PARSERS: readonly string[] = ['text', 'code_block', 'json', 'files'];
const LONGER = 'a block with fences in it must itself be in a longer fence (````)';
const NEVER_CLOSED = 'a code block is never closed by its fence, so the reply seems to be cut off';

/** The language of a `<language>_code_block`. */
function languageIn(parser: string): string | undefined {
  return /^([a-z0-9+#-]+)_code_block$/.exec(parser)?.[1];
}

function ofLanguage(fences: readonly Fence[], language: string | undefined): Fence[] {
  const wanted = canonical(language ?? '');
  const labelled = fences.filter((fence) => canonical(fence.language) === wanted);
  const unlabelled = fences.filter((fence) => fence.language === '');
  // Blocks without a label beside one of Markdown may be pieces of it: what its own fences have cut off.
  if (wanted === 'markdown' && labelled.length > 0) return [...labelled, ...unlabelled];
  return labelled.length > 0 ? labelled : unlabelled;
}

/** One of the blocks that fit, if that is clear. */
function chosen(fitting: readonly Fence[], parser: string, all: readonly Fence[], { artifact }: ReplyOptions): Parsed {
  const ours = fitting.filter(
    ({ path }) => artifact !== undefined && path !== undefined && posix.normalize(path) === posix.normalize(artifact),
  );
  const [only, ...others] = ours.length === 1 ? ours : fitting;
  if (!only) return unusable(nothingFits(parser, all));
  if (others.length > 0) return choice([only, ...others]);
  if (only.text.trim() === '') return unusable('the code block is empty');
  if (only.mayGoOn) return unusable(`the code block seems to have fences in it; ${LONGER}`);
  return single(codeText(only.text));
}

function nothingFits(parser: string, all: readonly Fence[]): string {
  const language = languageIn(parser);
  const wanted = language === undefined ? 'a fenced code block' : `a fenced ${language} code block`;
  if (all.length === 0) return `${wanted} was asked for, and the reply has no fenced block`;
  return `${wanted} was asked for, and the reply has only ${[...new Set(all.map((fence) => fence.language))].join(', ')}`;
}

function choice(fences: readonly Fence[]): Parsed {
  const full = fences.filter(({ text }) => text.trim() !== '');
  if (full.length > 1)
    return { kind: 'choice', blocks: full.map((fence) => ({ label: labelOf(fence), text: codeText(fence.text) })) };
  // What an inner fence cuts off from its block leaves an empty one behind: the full one may not be whole.
  return unusable(`the reply has an empty code block; ${LONGER}`);
}

/** `src/a.ts · 12 lines · import { x } from …` */
function labelOf({ language, path, text }: Fence): string {
  const lines = text.split('\n');
  const first = lines.find((line) => line.trim() !== '')?.trim() ?? '';
  const beginning = first.length > 60 ? `${first.slice(0, 59)}…` : first;
  return [path ?? language, `${lines.length} ${lines.length === 1 ? 'line' : 'lines'}`, beginning]
    .filter((part) => part !== '')
    .join(' · ');
}

function parseFiles(fences: readonly Fence[]): Parsed {
  if (fences.length === 0)
    return unusable('fenced code blocks, each with the path of its file, were asked for, and the reply has none');
  const files = fences.map(({ path, text }) => ({ path: path && posix.normalize(path), text: codeText(text) }));
  const nameless = files.findIndex(({ path }) => path === undefined);
  if (nameless >= 0) {
    const begin = fences[nameless]?.text.trim().split('\n')[0]?.slice(0, 60);
    const which = `code block ${nameless + 1}${begin ? ` (it begins with \`${begin.replaceAll('`', "'")}\`)` : ''}`;
    return unusable(`${which} names no file; write the path after the language, as in \`\`\`python path/to/file.py`);
  }
  const paths = files.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  return twice === undefined ? { kind: 'files', files } : unusable(`the reply has \`${twice}\` more than once`);
}

/** Written as the model wrote it: numbers and the order of keys would not survive being parsed and printed again. */
async function parseJson(text: string, schema: unknown): Promise<Parsed> {
  const judge = await jsonJudge(schema);
  const whole = judge(text);
  if (whole.kind !== 'syntax') return whole.kind === 'none' ? single(codeText(text.trim())) : unusable(whole.detail);
  const fences = fencesIn(text);
  if (fences.some(({ closed }) => !closed)) return unusable(NEVER_CLOSED);
  const blocks = ofLanguage(fences, 'json');
  if (blocks.length === 0)
    return unusable(`JSON was asked for, and the reply is none (${whole.detail}), nor has it a fenced json block`);
  const judged = blocks.map((block) => ({ block, problem: judge(block.text) }));
  const right = judged.filter(({ problem }) => problem.kind === 'none').map(({ block }) => block);
  const [only, ...others] = right;
  if (only) return others.length === 0 ? single(codeText(only.text)) : choice(right);
  const [first] = judged;
  const detail = first && first.problem.kind !== 'none' ? first.problem.detail : '';
  return unusable(first?.problem.kind === 'syntax' ? `the json block is not JSON: ${detail}` : detail);
}

type JsonProblem = { readonly kind: 'none' } | { readonly kind: 'syntax' | 'schema'; readonly detail: string };
type JsonJudge = (text: string) => JsonProblem;

/** Judges texts by a JSON Schema, if there is one. Throws RUNBOOK_INVALID if it is none. */
async function jsonJudge(schema: unknown): Promise<JsonJudge> {
  if (schema === undefined) return (text) => jsonProblem(text, undefined);
  const problem = await schemaProblem(schema);
  if (problem !== undefined) {
    throw new RunbookError({ code: 'RUNBOOK_INVALID', message: `\`output_schema\` is not a JSON Schema: ${problem}` });
  }
  const validate = await validatorOf(schema);
  return (text) => jsonProblem(text, validate);
}

function jsonProblem(text: string, validate: ValidateFunction | undefined): JsonProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'syntax', detail: (error as SyntaxError).message.replaceAll(/\s+/g, ' ') };
  }
  if (!validate || validate(value)) return { kind: 'none' };
  const errors = validate.errors ?? [];
  const most = 20;
  const more = errors.length > most ? `; and ${errors.length - most} more` : '';
  return {
    kind: 'schema',
    detail: `the JSON does not fit its schema: ${errors.slice(0, most).map(worded).join('; ')}${more}`,
  };
}

function worded({ instancePath, message = 'is wrong', params, keyword }: ErrorObject): string {
  const where = instancePath === '' ? 'the whole' : `\`${instancePath}\``;
  const details: Readonly<Record<string, unknown>> = params;
  if (keyword === 'enum') return `${where} must be one of ${JSON.stringify(details.allowedValues)}`;
  if (keyword === 'const') return `${where} must be ${JSON.stringify(details.allowedValue)}`;
  const extra = details.additionalProperty ?? details.unevaluatedProperty;
  return extra === undefined ? `${where} ${message}` : `${where} must not have \`${extra}\``;
}

/** Throws an Error for what is no JSON Schema. */
async function validatorOf(schema: unknown): Promise<ValidateFunction> {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema))) {
    throw new Error('it must be a map');
  }
  const draft = typeof schema === 'object' && '$schema' in schema ? String(schema.$schema) : '';
  // Formats are annotations, as the newer drafts have it: what an e-mail address is, is not ours to judge.
  const options = { allErrors: true, strict: false, validateFormats: false, logger: false } as const;
  return (await validatorFor(draft, options)).compile(schema);
}

async function validatorFor(
  draft: string,
  options: ConstructorParameters<typeof Ajv>[0],
): Promise<Pick<Ajv, 'compile'>> {
  // Through `default`: a bundled CommonJS package has no other export.
  if (draft.includes('2020-12')) return new (await import('ajv/dist/2020.js')).default.Ajv2020(options);
  if (draft.includes('2019-09')) return new (await import('ajv/dist/2019.js')).default.Ajv2019(options);
  return new (await import('ajv')).default.Ajv(options);
}

function single(text: string): Parsed {
  return { kind: 'files', files: [{ path: undefined, text }] };
}

function unusable(detail: string): Parsed {
  return { kind: 'unusable', detail };
}

function codeText(text: string): string {
  const trimmed = trimLineEnds(text);
  return trimmed === '' ? '' : `${trimmed}\n`;
}
