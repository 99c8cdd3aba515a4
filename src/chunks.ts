// The program's own files, loaded with the code that V8 has made of them before (keptCode.ts).
import type { Script } from 'node:vm';
import { isDue, keepCode, keptCode } from './keptCode.ts';

interface Module {
  exports: unknown;
}

const loaded = new Map<string, Module>();

/** Loads a file that the build has put beside this one, or a module of Node's. `file` is as in `require`. */
export function loadChunk(file: string): unknown {
  if (!file.startsWith('./')) return require(file);
  const known = loaded.get(file);
  if (known) return known.exports;
  // A plain object becomes another kind of object with each of two hundred exports, until it has too many: 2 µs for each.
  const module: Module = { exports: Object.create(null) };
  loaded.set(file, module);
  const name = file.slice(2);
  const body = compile(name).runInThisContext() as (...parts: unknown[]) => void;
  body(module.exports, loadChunk, module, `${__dirname}/${name}`, __dirname);
  return module.exports;
}

function compile(name: string): Script {
  const { Script } = process.getBuiltinModule('node:vm');
  // The build has put a function around it. Node has just read this program in the same way, so that it has that compiled.
  const source = process.getBuiltinModule('node:fs').readFileSync(`${__dirname}/${name}`, 'utf8');
  const kept = keptCode(name);
  // By its bare name: the code is the same wherever the program is installed.
  const script = new Script(source, kept ? { filename: name, cachedData: kept.code } : { filename: name });
  const taken = kept && !script.cachedDataRejected ? kept : undefined;
  if (!kept || (taken ? isDue(taken) : isPlainNode())) keepCode(name, script, taken);
  return script;
}

/** V8 takes no code that was made under other flags. */
function isPlainNode(): boolean {
  return process.execArgv.length === 0 && !process.env['NODE_OPTIONS'];
}
