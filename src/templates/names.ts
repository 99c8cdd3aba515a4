// Which names a template uses, which it makes itself, and which other templates it names: read off Nunjucks' own syntax tree.

/** A node as Nunjucks' parser makes it. Lines and columns count from 0. */
export interface Node {
  readonly typename: string;
  readonly lineno: number;
  readonly colno: number;
  readonly value?: unknown;
  readonly fields: readonly string[];
  readonly children?: readonly Node[];
  readonly [field: string]: unknown;
}

export interface Name {
  readonly value: string;
  readonly lineno: number;
  readonly colno: number;
}

/** `root.step.step`, where each step is written out. */
export interface Lookup {
  readonly root: string;
  readonly steps: readonly string[];
  readonly lineno: number;
  readonly colno: number;
}

export interface Found {
  /** Names that must come from outside. */
  readonly names: readonly Name[];
  /** Members that must be there: not those in a condition or a branch, nor those before `default`. */
  readonly lookups: readonly Lookup[];
  /** Names that the template sets itself, anywhere: loops, `set`, macros and their arguments, imports. */
  readonly declared: ReadonlySet<string>;
  /** Other templates that it names in so many words. */
  readonly templates: readonly (Name & { readonly mayBeMissing: boolean })[];
  readonly filters: readonly Name[];
  readonly tests: readonly Name[];
  /** Names that no language would allow: Nunjucks copies names into the JavaScript that it makes. */
  readonly outlandish: readonly Name[];
}

export function namesIn(root: Node): Found {
  const names: Name[] = [];
  const lookups: Lookup[] = [];
  const found = { templates: [] as Found['templates'][number][], filters: [] as Name[], tests: [] as Name[] };
  const declared = new Set<string>();
  const walk = (node: Node, lenient: boolean): void => {
    for (const name of declaredBy(node)) declared.add(name);
    if (node.typename === 'Symbol') names.push(nameOf(node));
    const lookup = node.typename === 'LookupVal' && !lenient ? toLookup(node) : undefined;
    if (lookup) lookups.push(lookup);
    note(node, found);
    for (const part of partsOf(node)) walk(part.node, lenient || part.lenient);
  };
  walk(root, false);
  const outlandish = [...symbols(root)].filter(({ value }) => !/^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(value));
  return { names: names.filter((name) => !declared.has(name.value)), lookups, declared, outlandish, ...found };
}

function note(node: Node, found: { templates: Found['templates'][number][]; filters: Name[]; tests: Name[] }): void {
  const { template, name, right } = node;
  if (TEMPLATE_NAMERS.has(node.typename) && isNode(template)) {
    const mayBeMissing = node['ignoreMissing'] === true;
    found.templates.push(...literal(template).map((literalName) => ({ ...literalName, mayBeMissing })));
  }
  if (FILTERS.has(node.typename) && isNode(name)) found.filters.push(nameOf(name));
  const test =
    node.typename === 'Is' && isNode(right) ? (right.typename === 'FunCall' ? right['name'] : right) : undefined;
  if (isNode(test) && test.typename === 'Symbol') found.tests.push(nameOf(test));
}

const TEMPLATE_NAMERS = new Set(['Include', 'Extends', 'Import', 'FromImport']);
const FILTERS = new Set(['Filter', 'FilterAsync']);

interface Part {
  readonly node: Node;
  /** Whether a member that is not there is no mistake in this part. */
  readonly lenient: boolean;
}

/** The parts of a node that are evaluated: not names of filters and tests, nor names that it makes. */
function partsOf(node: Node): Part[] {
  const of = (field: string, lenient = false) => nodesIn(node[field]).map((part) => ({ node: part, lenient }));
  switch (node.typename) {
    case 'Filter':
    case 'FilterAsync': {
      const filter = isNode(node['name']) ? node['name'].value : '';
      return of('args', filter === 'default' || filter === 'd');
    }
    case 'Is':
      return [
        ...of('left', true),
        ...nodesIn(node['right']).flatMap((test) =>
          nodesIn(test['args']).map((part) => ({ node: part, lenient: true })),
        ),
      ];
    case 'LookupVal':
      // Of `a.b.c` the whole counts, not `a.b` once more.
      return [...of('target', toLookup(node) !== undefined), ...of('val')];
    case 'Pair':
      return of('value');
    // What stands in a branch may be there only when the branch is taken.
    case 'If':
    case 'IfAsync':
    case 'InlineIf':
      return [...of('cond', true), ...of('body', true), ...of('else_', true)];
    case 'Or':
    case 'And':
      return [...of('left', true), ...of('right', true)];
    case 'For':
    case 'AsyncEach':
    case 'AsyncAll':
      return [...of('arr'), ...of('body'), ...of('else_')];
    case 'Set':
      return [...of('value'), ...of('body')];
    case 'Macro':
    case 'Caller':
      return [
        ...nodesIn(node['args'])
          .flatMap(defaultsOf)
          .map((part) => ({ node: part, lenient: false })),
        ...of('body'),
      ];
    case 'Block':
      return of('body');
    case 'Import':
    case 'FromImport':
      return of('template');
    default:
      return [...node.fields, 'children'].flatMap((field) => of(field));
  }
}

/** The default values of a macro's arguments. */
function defaultsOf(args: Node): Node[] {
  return nodesIn(args.children).filter((child) => child.typename === 'KeywordArgs');
}

function declaredBy(node: Node): string[] {
  switch (node.typename) {
    case 'For':
    case 'AsyncEach':
    case 'AsyncAll':
      return symbolsIn(node['name']);
    case 'Set':
      return nodesIn(node['targets']).flatMap(symbolsIn);
    case 'Macro':
    case 'Caller':
      return [...symbolsIn(node['name']), ...nodesIn(node['args']).flatMap(argumentNames)];
    case 'Import':
      return symbolsIn(node['target']);
    case 'FromImport':
      return symbolsIn(node['names']);
    default:
      return [];
  }
}

/** Of `a, b=c`: `a` and `b`. */
function argumentNames(args: Node): string[] {
  const named = defaultsOf(args).flatMap((defaults) => nodesIn(defaults.children));
  return [
    ...nodesIn(args.children).flatMap((child) => (child.typename === 'Symbol' ? symbolsIn(child) : [])),
    ...named.flatMap((pair) => symbolsIn(pair['key'])),
  ];
}

/** All names of a pattern: `x`, `[key, value]`, `one as other`. */
function symbolsIn(value: unknown): string[] {
  if (!isNode(value)) return [];
  if (value.typename === 'Symbol') return [nameOf(value).value];
  if (value.typename === 'Pair') return [...symbolsIn(value['key']), ...symbolsIn(value['value'])];
  return nodesIn(value.children).flatMap(symbolsIn);
}

function toLookup(node: Node): Lookup | undefined {
  const steps: string[] = [];
  let at: Node = node;
  while (at.typename === 'LookupVal') {
    const { val, target } = at;
    const [step] = isNode(val) ? literal(val) : [];
    if (!step || !isNode(target)) return undefined;
    steps.unshift(step.value);
    at = target;
  }
  if (at.typename !== 'Symbol') return undefined;
  return { root: nameOf(at).value, steps, lineno: at.lineno, colno: at.colno };
}

function literal(node: Node): Name[] {
  return node.typename === 'Literal' && typeof node.value === 'string' ? [nameOf(node)] : [];
}

function nameOf({ value, lineno, colno }: Node): Name {
  return { value: String(value), lineno, colno };
}

/** Every symbol of the tree, wherever it stands. */
function* symbols(node: Node): Generator<Name> {
  if (node.typename === 'Symbol') yield nameOf(node);
  for (const field of [...node.fields, 'children', 'body'])
    for (const child of nodesIn(node[field])) yield* symbols(child);
}

function nodesIn(value: unknown): Node[] {
  return (Array.isArray(value) ? value : [value]).filter(isNode);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'typename' in value;
}
