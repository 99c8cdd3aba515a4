// Nunjucks, tamed: a template is data, so it reaches nothing but what it is given, and it comes to an end. The only importer of
// `nunjucks`; what is patched here are its own functions, looked up by their names in its runtime and its compiler.
import nunjucks from 'nunjucks';
import { RunbookError } from '../errors.ts';
import type { Node } from './names.ts';

/** Text of a template's file by its name; null if there is none. */
export type Load = (name: string) => string | null;

/** Reads a template's text. Throws Nunjucks' own errors, most with `lineno` and `colno`, which count from 1. */
export function parse(text: string): Node {
  return internals.parser.parse(text, [], {});
}

/** The names of the filters and tests that there are. */
export const KNOWN = {
  filter: () => Object.keys(bareEnvironment().filters),
  test: () => Object.keys(bareEnvironment().tests),
};

/** Fills the template `name`. Throws Nunjucks' own errors, whose `cause` may be a RunbookError. */
export function render(name: string, context: object, load: Load): string {
  tame();
  spent = { steps: 0, chars: 0 };
  const loader = { getSource: (other: string) => source(other, load) } as nunjucks.ILoader;
  // `dev` keeps the line, the column and the cause on the errors.
  const options = { autoescape: false, throwOnUndefined: true, dev: true } as nunjucks.ConfigureOptions;
  const environment = new nunjucks.Environment(loader, options) as unknown as Environment;
  environment.globals['range'] = range;
  for (const [filter, apply] of Object.entries(environment.filters))
    environment.filters[filter] = boundedFilter(filter, apply);
  const text = environment.render(name, context);
  if (text.length > MOST_CHARS) throw tooLong();
  return text;
}

type Call = (this: unknown, ...args: unknown[]) => unknown;

interface Environment {
  readonly globals: Record<string, unknown>;
  readonly filters: Record<string, Call>;
  readonly tests: object;
  readonly render: (name: string, context: object) => string;
}

interface Emitter {
  readonly _emitLine: (code: string) => void;
}

interface Internals {
  readonly parser: { readonly parse: (text: string, extensions: unknown[], options: object) => Node };
  readonly runtime: {
    memberLookup: (target: unknown, name: unknown) => unknown;
    fromIterator: (items: unknown) => unknown;
    callWrap: Call;
    makeMacro: (names: unknown, keywords: unknown, body: Call) => Call;
    suppressValue: (value: unknown) => unknown;
  };
  readonly compiler: {
    readonly Compiler: {
      readonly prototype: {
        _getNodeName: () => string;
        compileFor: (this: Emitter, node: Node, frame: unknown) => void;
        compileOutput: (this: Emitter, node: Node, frame: unknown) => void;
      };
    };
  };
}

const internals = nunjucks as unknown as Internals;

function bareEnvironment(): Environment {
  return new nunjucks.Environment(null) as unknown as Environment;
}

function source(name: string, load: Load): nunjucks.LoaderSource | null {
  take(1);
  const text = load(name);
  return text === null ? null : { src: text, path: name, noCache: true };
}

let tamed = false;

function tame(): void {
  if (tamed) return;
  tamed = true;
  stayInside();
  countWork();
  rememberPlaces();
}

/**
 * Templates are data, but Nunjucks turns them into JavaScript, in which `x.constructor.constructor("…")()` would run code.
 * So members are looked up by us: own data, and the plain methods of texts and lists, but no way to a constructor. And what
 * a template calls is not copied into that JavaScript, where an odd text would end the string it stands in.
 */
function stayInside(): void {
  const { runtime, compiler } = internals;
  compiler.Compiler.prototype._getNodeName = () => 'this';
  runtime.memberLookup = (target, name) => {
    if (target === undefined || target === null || typeof target === 'function') return undefined;
    const holder = Object(target) as Record<PropertyKey, unknown>;
    const key = String(name);
    const method = typeof target === 'string' || Array.isArray(target) ? holder[key] : undefined;
    if (typeof method === 'function' && key !== 'constructor' && !key.startsWith('__'))
      return boundedMethod(target, key, method as Call);
    return Object.hasOwn(holder, key) ? holder[key] : undefined;
  };
}

// A loop over a loop over a loop, a macro that calls itself twice, "x".repeat(1e9): none of them is a program's bug that the
// person could see, only a tool that hangs until memory is gone. Steps and characters are counted, since a clock would decide
// differently on each machine.
const MOST_STEPS = 1_000_000;
const MOST_CHARS = 10_000_000;

let spent = { steps: 0, chars: 0 };

function countWork(): void {
  const { runtime } = internals;
  const { fromIterator, callWrap, makeMacro } = runtime;
  runtime.fromIterator = (items) => {
    const list = fromIterator(items);
    take(sizeOf(list));
    return list;
  };
  runtime.callWrap = function counted(...args) {
    take(1);
    return callWrap.apply(this, args);
  };
  runtime.makeMacro = (names, keywords, body) =>
    makeMacro(names, keywords, function counted(...args) {
      take(1);
      return body.apply(this, args);
    });
  runtime.suppressValue = (value) => {
    weigh(value);
    const text = String(value ?? '');
    spent.chars += text.length;
    if (spent.chars > MOST_CHARS) throw tooLong();
    return text;
  };
}

function take(steps: number): void {
  spent.steps += steps;
  if (spent.steps > MOST_STEPS)
    throw refusal(
      `this template takes more than ${MOST_STEPS.toLocaleString('en')} steps to fill`,
      'Each turn of a loop and each call is a step.',
    );
}

function tooLong(): RunbookError {
  return refusal(
    `the text of this template grows beyond ${MOST_CHARS.toLocaleString('en')} characters`,
    'No model reads that much.',
  );
}

function refusal(message: string, hint: string): RunbookError {
  return new RunbookError({ code: 'TEMPLATE_INVALID', message, hint });
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

/** Counts what is in a list, and in its lists: one that holds itself twice, again and again, is longer than it looks. */
function weigh(value: unknown): void {
  if (!Array.isArray(value)) return;
  take(value.length);
  for (const item of value) weigh(item);
}

function range(start: unknown, stop?: unknown, step?: unknown): number[] {
  const [from, to] = stop === undefined ? [0, Number(start)] : [Number(start), Number(stop)];
  const by = Number(step) || 1;
  const count = Math.max(0, Math.ceil((to - from) / by)) || 0;
  // A loop over it is counted when it is entered.
  if (count > MOST_STEPS) take(count);
  return Array.from({ length: count }, (_, index) => from + index * by);
}

/** These make as much as a number says. */
const SIZED_FILTERS = new Set(['batch', 'center', 'indent', 'slice']);

function boundedFilter(name: string, apply: Call): Call {
  return function bounded(...args) {
    for (const arg of args) {
      weigh(arg);
      if (SIZED_FILTERS.has(name) && typeof arg === 'number') requireShort(arg);
    }
    return requireBounded(apply.apply(this, args));
  };
}

const SIZED_METHODS = new Set(['repeat', 'padStart', 'padEnd']);

function boundedMethod(target: unknown, name: string, method: Call): Call {
  return (...args) => {
    if (SIZED_METHODS.has(name)) requireShort(Number(args[0]) * (name === 'repeat' ? sizeOf(target) : 1));
    weigh(target);
    return requireBounded(method.apply(target, args));
  };
}

function requireBounded(made: unknown): unknown {
  if (typeof made === 'string') requireShort(made.length);
  if (Array.isArray(made)) take(made.length);
  return made;
}

function requireShort(chars: number): void {
  if (chars > MOST_CHARS) throw tooLong();
}

/** The JavaScript of a template knows only the place of the last call; a loop and an output have theirs too. */
function rememberPlaces(): void {
  const { prototype } = internals.compiler.Compiler;
  for (const kind of ['compileFor', 'compileOutput'] as const) {
    const compile = prototype[kind];
    prototype[kind] = function compileWithPlace(node, frame) {
      this._emitLine(`lineno = ${node.lineno}; colno = ${node.colno};`);
      compile.call(this, node, frame);
    };
  }
}
