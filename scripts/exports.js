// What a chunk exports is told by the bundler as one getter for each, since a module may change its exports later. To define two
// hundred of them takes as long as half of all else that is done when the core is loaded, and each use is a call. What can't change
// is given as it is; and the bundler's own functions are loaded where they are still used.
import { parseAst } from 'rolldown/parseAst';

const GETTER = /Object\.defineProperty\(exports,"([^"]+)",\{enumerable:!0,get:function\(\)\{return ([\w$]+)\}\}\)/g;
const NAMESPACE = /\/\* @__PURE__ \*\/ require_rolldown_runtime\.n\(\{([^{}]*)\}\)/g;
const RUNTIME = /\bconst require_rolldown_runtime=(require\("\.\/rolldown-runtime-[^"]+"\))([,;])/;

/** A chunk's text with its exports given by value. */
export function withValues(code) {
  const { functions, constants } = outermost(code);
  const byValue = code
    .replaceAll(GETTER, (getter, key, name) =>
      functions.has(name) || constants.has(name) ? `exports[${JSON.stringify(key)}]=${name}` : getter,
    )
    // These stand before all that is no function.
    .replaceAll(NAMESPACE, (namespace, getters) => {
      const all = getters.split(',').map((getter) => getter.split(':()=>'));
      return all.every(([, name]) => functions.has(name))
        ? `{${all.map((one) => one.join(':')).join(',')}}`
        : namespace;
    });
  const [declared, runtime, end] = RUNTIME.exec(byValue) ?? [];
  if (!runtime) return byValue;
  return byValue.replace(declared, end === ',' ? 'const ' : '').replaceAll('require_rolldown_runtime.', `${runtime}.`);
}

/** The names that are declared on the outermost level and stand for the same thing ever after. */
function outermost(code) {
  const [functions, constants] = [new Set(), new Set()];
  for (const node of parseAst(code).body) {
    if (node.type === 'FunctionDeclaration') functions.add(node.id.name);
    if (node.type === 'VariableDeclaration')
      for (const { id } of node.declarations)
        if (id.type === 'Identifier' && (node.kind === 'const' || isSetOnce(code, id.name))) constants.add(id.name);
  }
  return { functions, constants };
}

function isSetOnce(code, name) {
  const settings = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?:=(?![=>])|\\+\\+|--|[-+*/|&?]+=)`, 'g');
  return code.match(settings)?.length === 1;
}
