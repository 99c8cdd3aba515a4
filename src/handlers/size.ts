// How large a prompt is, where its parts come from, and whether a model takes it.
import { RunbookError } from '../errors.ts';
import type { Part } from '../templates/compile.ts';
import type { Model } from '../world.ts';

export interface PromptPart {
  readonly source: string;
  readonly chars: number;
  /** The first and the last of the prompt's lines that it fills; undefined if it is spread, or was changed by a filter. */
  readonly lines: readonly [first: number, last: number] | undefined;
}

/** About four characters to a token: near enough to say what is coming before it is sent. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}

/** Each part with its place in the prompt, in order; what is nobody else's is the template's. */
export function partsOf(template: string, prompt: string, parts: readonly Part[]): PromptPart[] {
  const placed: PromptPart[] = [];
  const from = new Map<string, number>();
  for (const { source, text } of parts) {
    const core = text.trim();
    const at = core === '' ? -1 : prompt.indexOf(core, from.get(core) ?? 0);
    if (at >= 0) from.set(core, at + core.length);
    if (at >= 0) placed.push({ source, chars: core.length, lines: linesOf(prompt, at, core.length) });
    // Of what git tells only one is asked for; a file that a filter has changed is there all the same.
    else if (core !== '' && !source.startsWith('git.')) placed.push({ source, chars: core.length, lines: undefined });
  }
  placed.sort((a, b) => (a.lines?.[0] ?? Number.MAX_SAFE_INTEGER) - (b.lines?.[0] ?? Number.MAX_SAFE_INTEGER));
  const others = placed.reduce((sum, { chars }) => sum + chars, 0);
  return [{ source: template, chars: Math.max(0, prompt.length - others), lines: undefined }, ...placed];
}

function linesOf(prompt: string, at: number, length: number): [number, number] {
  const first = lineEnds(prompt, 0, at) + 1;
  return [first, first + lineEnds(prompt, at, at + length)];
}

function lineEnds(text: string, from: number, until: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < until; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

type Measured = { readonly text: string; readonly context: readonly PromptPart[] };
type Taker = Pick<Model, 'label' | 'contextWindow'>;

/** What to say of a prompt that the model may not take: by the usual measure it is too large, though that is a rough one. */
export function doubtOf({ text, context }: Measured, { label, contextWindow }: Taker): string | undefined {
  const tokens = tokensIn(text);
  if (contextWindow === undefined || tokens <= contextWindow) return undefined;
  const [size, most] = [tokens.toLocaleString('en'), contextWindow.toLocaleString('en')];
  return `the prompt has about ${size} tokens, and \`${label}\` takes ${most}. The largest parts: ${largest(context)}`;
}

/** The same as an error, where the prompt is too large even if all of it were plain English. */
export function tooLarge(prompt: Measured, model: Taker): RunbookError | undefined {
  const isSure = prompt.text.length / 5 > (model.contextWindow ?? Number.POSITIVE_INFINITY);
  const message = isSure ? doubtOf(prompt, model) : undefined;
  if (message === undefined) return undefined;
  const hint =
    'Give it less, or take a larger model. If this one takes more, say so: `context_window` in `models` of the runbook.';
  return new RunbookError({ code: 'PROMPT_TOO_LARGE', message, hint });
}

function largest(parts: readonly PromptPart[]): string {
  return [...parts]
    .sort((a, b) => b.chars - a.chars)
    .slice(0, 3)
    .map(({ source, chars }) => `${source} (${Math.ceil(chars / 4).toLocaleString('en')})`)
    .join(', ');
}
