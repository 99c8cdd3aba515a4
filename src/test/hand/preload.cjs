// Loaded into the real binary before anything else (NODE_OPTIONS=--require): counts its calls to the file system, and lets a
// hand edit a file right before one of them, as an editor in another window may. RUNBOOK_HAND says which, as JSON:
// { root, trace, edits: [{ at, file, how, pattern, replacement }] }. `how` is `write` (into the file) or `rename` (a new file
// takes its place). Without edits it only counts. `trace` gets a line for each edit that was made, and at the end the count and
// what each call was.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');
const { join, resolve, sep } = require('node:path');

const { root, trace, edits } = JSON.parse(process.env.RUNBOOK_HAND ?? '{}');
const real = { ...fs };
let count = 0;
const names = [];
let waiting = edits ?? [];

if (root) {
  for (const name of Object.keys(fs).filter((key) => /^[a-z]+[A-Za-z]*Sync$/.test(key))) {
    fs[name] = watched(name, real[name]);
    // `realpathSync` has a second form.
    if (real[name]?.native) fs[name].native = watched(name, real[name].native);
  }
  syncBuiltinESMExports();
  process.on('exit', () => note({ calls: count, names }));
}

function watched(name, call) {
  return (...args) => {
    if (concernsUs(args)) beforeCall(name, args);
    return call(...args);
  };
}

/** A descriptor may be that of any file. */
function concernsUs([first]) {
  return typeof first === 'number' || resolve(String(first)).startsWith(root + sep);
}

function beforeCall(name, [from, to]) {
  count++;
  names.push([name, from, to].filter((word) => typeof word === 'string').join(' '));
  for (const edit of waiting.filter(({ at }) => at <= count)) {
    const path = join(root, edit.file);
    // The one moment that is known to be open, and that no system call closes: an editor's rename between the last look at the
    // file and ours. The hand waits for the next call.
    if (edit.how === 'rename' && name === 'renameSync' && resolve(String(to)) === path) continue;
    waiting = waiting.filter((other) => other !== edit);
    make(edit, path);
  }
}

function make(edit, path) {
  const before = real.readFileSync(path, 'utf8');
  const after = before.replace(new RegExp(edit.pattern, 'm'), edit.replacement);
  if (after === before) return;
  if (edit.how === 'write') real.writeFileSync(path, after);
  else {
    real.writeFileSync(`${path}.hand`, after);
    real.renameSync(`${path}.hand`, path);
  }
  note({ made: edit });
}

function note(line) {
  real.appendFileSync(trace, `${JSON.stringify(line)}\n`);
}
