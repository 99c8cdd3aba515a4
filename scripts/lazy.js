// What most calls of the program don't need is not loaded by them: each export of the files named here is put behind a function
// that loads the file at its first call. The source says nothing of it, and imports them as usual.
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';

/** Files of which each export is a function. */
const LAZY = [
  // Tables of Unicode, for texts that are not plain.
  'node_modules/string-width/index.js',
  'node_modules/wrap-ansi/index.js',
  'node_modules/fastest-levenshtein/esm/mod.js',
  // YAML of unusual form.
  'src/runbook/libraryYaml.ts',
  'src/runbook/formBySchema.ts',
  'src/runbook/patch/byLibrary.ts',
  // Why a task has its status: `status` says it of one whose runner was killed.
  'src/reasons.ts',
  // What a dry run leaves out, and a status that is written: they are in one file (see build.js).
  'src/run.ts',
  'src/survivors.ts',
  'src/handlers/manual.ts',
  'src/handlers/modelChoice.ts',
  'src/terminal/changes.ts',
  'src/terminal/editor.ts',
  'src/terminal/endings.ts',
  // Where there are secrets.
  'src/readings.ts',
  // Programs, models and what is shown of them.
  'node_modules/execa/index.js',
  'src/spawner.ts',
  'src/handlers/ai.ts',
  'src/models/cost.ts',
  'src/terminal/lineDiff.ts',
  'src/terminal/markdown.ts',
  // For who wants it so.
  'src/terminal/plainTrouble.ts',
];

const BEHIND = '\0behind:';
const BUILTIN = '\0builtin:';
const REQUIRED = '\0required:';

/** Modules of Node's that are not there from the start, and take milliseconds to load. */
const SLOW = ['node:child_process', 'node:crypto', 'node:os', 'node:timers/promises', 'node:v8', 'node:vm'];

/** The plugin for the bundler. */
export const lazily = {
  name: 'lazily',
  async resolveId(source, importer, options) {
    const builtin = isBuiltin(source) ? `node:${source.replace('node:', '')}` : undefined;
    if (builtin && options.kind === 'require-call') return REQUIRED + builtin;
    if (builtin && (builtin === 'node:process' || !importer.includes('node_modules'))) return BUILTIN + builtin;
    if (builtin || options.kind === 'dynamic-import' || importer?.startsWith(BEHIND)) return null;
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    return found && LAZY.includes(relative('.', found.id)) ? BEHIND + found.id : found;
  },
  async load(id) {
    if (id.startsWith(REQUIRED)) return required(id.slice(REQUIRED.length));
    if (id.startsWith(BUILTIN)) return imported(id.slice(BUILTIN.length));
    if (!id.startsWith(BEHIND)) return null;
    const file = id.slice(BEHIND.length);
    const { exports } = await this.load({ id: file });
    return exports.map((name) => behind(file, name)).join('\n');
  },
};

function required(name) {
  const module = `process.getBuiltinModule('${name}')`;
  return `module.exports = ${SLOW.includes(name) ? `new Proxy({}, { get: (_, name) => ${module}[name] })` : module};`;
}

/** To import a module of Node's calls all its getters, and so loads what they stand for: streams, promises, the standard streams. */
function imported(name) {
  const module = `globalThis.process.getBuiltinModule('${name}')`;
  const all = process.getBuiltinModule(name);
  if (name === 'node:process') return required(name);
  // For the bundler's own `require`, which few chunks ever call.
  if (name === 'node:module')
    return `export const createRequire = (file) => (id) => ${module}.createRequire(file)(id);`;
  const names = Object.keys(all).filter((key) => 'value' in Object.getOwnPropertyDescriptor(all, key));
  const functions = names.filter((key) => typeof all[key] === 'function');
  return SLOW.includes(name)
    ? functions.map((key) => `export const ${key} = (...args) => ${module}.${key}(...args);`).join('\n')
    : `const all = ${module};\nconst get = (key) => all[key];\n${names.map((key) => `export const ${key} = /* @__PURE__ */ get('${key}');`).join('\n')}`;
}

function behind(file, name) {
  const call = `(...args) => LOADED(import(${JSON.stringify(file)})).${name}(...args)`;
  return name === 'default' ? `export default ${call};` : `export const ${name} = ${call};`;
}

/** A chunk's text with its files loaded at once where they are needed, and not some time later. */
export function withLoads(text) {
  const loaded = text
    // A chunk of its own, or what the bundler has put into one with others, in another chunk or in this one.
    .replaceAll(
      /\bLOADED\(Promise\.resolve\(\)\.then\(\(\)=>(require\([`"'][^`"']+[`"']\))\)(?:\.then\((\w+)=>\2(\.[\w$]+)\))?\)/g,
      (_, file, __, name = '') => file + name,
    )
    .replaceAll(/\bLOADED\(Promise\.resolve\(\)\.then\(\(\)=>([\w$]+)\)\)/g, '$1');
  if (/\bLOADED\(/.test(loaded)) throw new Error('a lazy import was written in another way than was foreseen');
  return loaded;
}
