// Bundles src/cli.ts and src/main.ts into dist/, with the packages inside: one small file to start, which loads the others (src/chunks.ts),
// a chunk for each thing loaded later. They are CommonJS, which Node starts sooner than ES modules.
// The licences of the packages travel with them, in dist/licenses.txt.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { withValues } from './exports.js';
import { lazily, withLoads } from './lazy.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const reader = createHash('sha256');
for (const name of ['plainYaml', 'plainForm', 'plainReadings', 'entries', 'outline', 'keptReading', 'keepReading'])
  reader.update(readFileSync(`src/runbook/${name}.ts`));
const RUNBOOK_READER = JSON.stringify(reader.digest('hex').slice(0, 16));

/** The commands that are typed most, and what they are done with. */
const WORKING = ['commands/next', 'commands/skip', 'commands/reset', 'commands/done', 'terminal/world'].map(
  (name) => `src/${name}.ts`,
);

/** What is done with a task, and said of it. */
const DOING = [
  'run',
  'survivors',
  'handlers/manual',
  'handlers/modelChoice',
  'terminal/changes',
  'terminal/endings',
].map((name) => `src/${name}.ts`);

/** What each module imports when it is loaded. */
const imports = new Map();
const { output: chunks } = await bundled('src/main.ts', {
  entryFileNames: '[name]-[hash].js',
  chunkFileNames: '[name]-[hash].js',
  // One file for what every command needs, with `status`, one for those that work or change a status: to find and open a file costs
  // half a millisecond.
  codeSplitting: {
    groups: [
      { name: 'core', priority: 2, test: (id) => isReached(id, ['src/main.ts']) },
      { name: 'work', priority: 1, test: (id) => isReached(id, WORKING) },
      { name: 'run', test: (id) => isReached(id, DOING) },
    ],
  },
});
// The entry itself only says where in the core its one function is.
const main = chunks.find(({ isEntry }) => isEntry);
const [, core, start] = /require\("(\.\/core-[^"]+)"\);exports\.start=require_core\.(\w+);/.exec(main.code) ?? [];
if (!core || !start) throw new Error('the entry was written in another way than was foreseen');
// By its ending, Node knows what it is. Of a `.js`, it would look for a package.json that says so, at each start.
const entryNames = { entryFileNames: '[name].cjs' };
const { output: entry } = await bundled('src/cli.ts', entryNames, {
  RUNBOOK_CORE: `"${core}"`,
  RUNBOOK_START: `"${start}"`,
});
const output = [...chunks.filter((chunk) => chunk !== main), ...entry];
if (process.argv.includes('--modules'))
  for (const { fileName, modules } of output)
    for (const [id, { code }] of Object.entries(modules))
      process.stdout.write(`${fileName}\t${code?.length ?? 0}\t${id}\n`);
// A runner that is at work may still load a chunk (`npm test` is a step of our own playbook), so that no file is ever missing:
// each is renamed into its place, and what is left over goes last.
mkdirSync('dist/schemas/json', { recursive: true });
for (const { fileName, code } of output) {
  const text = inAscii(withValues(withLoads(code)));
  replace(join('dist', fileName), fileName === 'cli.cjs' ? text : asFunction(text));
}
replace('dist/spawner.py', readFileSync('src/spawner.py', 'utf8'));
replace('dist/licenses.txt', licencesOf([...imports.keys()].filter((id) => !id.startsWith('\0'))));
const schemas = JSON.parse(execFileSync(process.execPath, ['dist/cli.cjs', 'schema', 'all']));
for (const [which, schema] of Object.entries(schemas))
  replace(`dist/schemas/${which}.json`, `${JSON.stringify(schema, null, 2)}\n`);
const kept = [...output.map(({ fileName }) => fileName), 'licenses.txt', 'schemas', 'spawner.py'];
for (const entry of readdirSync('dist')) if (!kept.includes(entry)) rmSync(join('dist', entry), { recursive: true });

async function bundled(input, options, define = {}) {
  const bundle = await rolldown({
    input,
    platform: 'node',
    // For Node, it would be taken in its other form, which can't be loaded later (see lazy.js).
    resolve: { alias: { 'fastest-levenshtein': resolve('node_modules/fastest-levenshtein/esm/mod.js') } },
    // nunjucks asks for these two to watch templates, which we never do.
    external: ['chokidar', 'fsevents'],
    transform: { target: 'node20.19', define: { RUNBOOK_VERSION: JSON.stringify(version), RUNBOOK_READER, ...define } },
    plugins: [lazily, { name: 'imports', moduleParsed: ({ id, importedIds }) => imports.set(id, importedIds) }],
  });
  const generated = await bundle.generate({
    format: 'cjs',
    // Names of functions and classes stay, so that the stack of a bug still says where it was.
    minify: { compress: true, mangle: { keepNames: true, toplevel: false }, codegen: { removeWhitespace: true } },
    comments: { legal: false },
    ...options,
  });
  await bundle.close();
  return generated;
}

/** As `loadChunk` calls it: to put it into another text would hold it twice. On one line with it, for the lines of a stack. */
function asFunction(code) {
  return `(function (exports, require, module, __filename, __dirname) { 'use strict'; ${code}\n})`;
}

/** V8 keeps two bytes for each letter of a text that has one letter beyond the first 256, and reading it takes twice as long. */
function inAscii(code) {
  if (/String\.raw`[^`]*[^\0-\x7f]/.test(code)) throw new Error('a raw text can not be written in ASCII');
  return code.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whether one of the entries imports the module when it is loaded, itself or through others; so do the entries. */
function isReached(id, entries) {
  const reached = new Set(entries.map((entry) => resolve(entry)));
  for (const module of reached) for (const imported of imports.get(module) ?? []) reached.add(imported);
  return reached.has(id);
}

function replace(path, contents) {
  writeFileSync(`${path}.new`, contents, { mode: path.endsWith('cli.cjs') ? 0o755 : 0o644 });
  renameSync(`${path}.new`, path);
}

/** The licence text of every package that has a file in the bundle. */
function licencesOf(inputs) {
  const folders = new Set(
    inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean),
  );
  return [...folders]
    .sort()
    .map(licenceOf)
    .join(`\n${'-'.repeat(80)}\n`);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = existsSync(folder) && readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8') : ''}`;
}
