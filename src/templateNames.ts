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
  /** Members that must be there: not those in a condition, nor those before `default`. */
  readonly lookups: readonly Lookup[];
  /** Names that the template sets itself, anywhere: loops, `set`, macros and their arguments, imports. */
  readonly declared: ReadonlySet<string>;
  /** Other templates that it names. */
  readonly templates: readonly Name[];
  /** Names that no language would allow: Nunjucks copies names into the JavaScript that it makes. */
  readonly outlandish: readonly Name[];
}

export function namesIn(root: Node): Found {
  const names: Name[] = [];
  const lookups: Lookup[] = [];
  const declared = new Set<string>();
  const templates: Name[] = [];
  const outlandish = [...symbols(root)].filter(({ value }) => !/^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(value));
  const walk = (node: Node, optional: boolean): void => {
    for (const name of declaredBy(node)) declared.add(name);
    if (TEMPLATE_NAMERS.has(node.typename) && isNode(node['template'])) templates.push(...literal(node['template']));
    if (node.typename === 'Symbol' && typeof node.value === 'string')
      names.push({ value: node.value, lineno: node.lineno, colno: node.colno });
    const lookup = node.typename === 'LookupVal' && !optional ? toLookup(node) : undefined;
    if (lookup) lookups.push(lookup);
    for (const { child, lenient } of valuesOf(node)) walk(child, (optional && node.typename !== 'Output') || lenient);
  };
  walk(root, false);
  return { names: names.filter((name) => !declared.has(name.value)), lookups, declared, templates, outlandish };
}

const TEMPLATE_NAMERS = new Set(['Include', 'Extends', 'Import', 'FromImport']);

/** The parts of a node that are evaluated; `lenient` where something that is not there is not a mistake. */
function* valuesOf(node: Node): Generator<{ child: Node; lenient: boolean }> {
  if (node.typename === 'Filter' || node.typename === 'FilterAsync') {
    const filter = (node['name'] as Node | undefined)?.value;
    yield* all(node['args'], filter === 'default' || filter === 'd');
    return;
  }
  if (node.typename === 'Is') {
    yield* all(node['left'], true);
    return;
  }
  if (node.typename === 'LookupVal') {
    // Of `a.b.c` the whole counts, not `a.b` once more.
    yield* all(node['target'], toLookup(node) !== undefined);
    yield* all(node['val'], false);
    return;
  }
  if (node.typename === 'Pair') {
    yield* all(node['value'], false);
    return;
  }
  const skipped = NOT_EVALUATED[node.typename] ?? [];
  for (const field of node.fields) if (!skipped.includes(field)) yield* all(node[field], field === 'cond');
  for (const child of node.children ?? []) yield { child, lenient: false };
}

/** Fields that hold new names, or names of other things than variables. */
const NOT_EVALUATED: Partial<Record<string, readonly string[]>> = {
  For: ['name'],
  AsyncEach: ['name'],
  AsyncAll: ['name'],
  Set: ['targets'],
  Macro: ['name', 'args'],
  Caller: ['name', 'args'],
  Block: ['name'],
  Import: ['target'],
  FromImport: ['names'],
};

function declaredBy(node: Node): string[] {
  switch (node.typename) {
    case 'For':
    case 'AsyncEach':
    case 'AsyncAll':
      return symbolsIn(node['name']);
    case 'Set':
      return (node['targets'] as readonly Node[]).flatMap(symbolsIn);
    case 'Macro':
    case 'Caller':
      return [...symbolsIn(node['name']), ...symbolsIn(node['args'])];
    case 'Import':
      return symbolsIn(node['target']);
    case 'FromImport':
      return symbolsIn(node['names']);
    default:
      return [];
  }
}

/** All symbols of a pattern: `x`, `[key, value]`, `a, b = 1`, `one as other`. */
function symbolsIn(value: unknown): string[] {
  if (!isNode(value)) return [];
  if (value.typename === 'Symbol') return [String(value.value)];
  if (value.typename === 'Pair') return [...symbolsIn(value['key']), ...symbolsIn(value['value'])];
  return (value.children ?? []).flatMap(symbolsIn);
}

function toLookup(node: Node): Lookup | undefined {
  const steps: string[] = [];
  let at: Node = node;
  while (at.typename === 'LookupVal') {
    const [step] = isNode(at['val']) ? literal(at['val']) : [];
    if (!step || !isNode(at['target'])) return undefined;
    steps.unshift(step.value);
    at = at['target'];
  }
  if (at.typename !== 'Symbol') return undefined;
  return { root: String(at.value), steps, lineno: at.lineno, colno: at.colno };
}

function literal(node: Node): Name[] {
  return node.typename === 'Literal' && typeof node.value === 'string'
    ? [{ value: node.value, lineno: node.lineno, colno: node.colno }]
    : [];
}

function* all(value: unknown, lenient: boolean): Generator<{ child: Node; lenient: boolean }> {
  if (isNode(value)) yield { child: value, lenient };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'typename' in value;
}

/** Every symbol of the tree, wherever it stands. */
function* symbols(node: Node): Generator<Name> {
  if (node.typename === 'Symbol') yield { value: String(node.value), lineno: node.lineno, colno: node.colno };
  for (const field of node.fields) {
    const value = node[field];
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) yield* symbols(child);
  }
  for (const child of node.children ?? []) yield* symbols(child);
}
