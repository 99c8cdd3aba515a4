#!/usr/bin/env node
// Where the program begins. The version is told before anything is loaded, also none of Node's own modules.
import { keepCompiled, loadChunk } from './chunks.ts';

declare const RUNBOOK_VERSION: string;
/** The file of src/main.ts beside this one. */
declare const RUNBOOK_MAIN: string;

const argv = process.argv.slice(2);
if (argv[0] === '--version' || argv[0] === '-V')
  process.getBuiltinModule('node:fs').writeSync(1, `${RUNBOOK_VERSION}\n`);
else {
  process.once('exit', keepCompiled);
  const { start } = loadChunk(RUNBOOK_MAIN) as typeof import('./main.ts');
  void start(argv);
}
