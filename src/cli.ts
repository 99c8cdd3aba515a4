#!/usr/bin/env node
// Where the program begins. The version is told before anything is loaded, also none of Node's own modules.
import { loadChunk } from './chunks.ts';

declare const RUNBOOK_VERSION: string;
/** The file beside this one in which src/main.ts is, and the name by which it gives its `start`. */
declare const RUNBOOK_CORE: string;
declare const RUNBOOK_START: string;

const argv = process.argv.slice(2);
if (argv[0] === '--version' || argv[0] === '-V')
  process.getBuiltinModule('node:fs').writeSync(1, `${RUNBOOK_VERSION}\n`);
else {
  const core = loadChunk(RUNBOOK_CORE) as Record<string, typeof import('./main.ts')['start']>;
  void core[RUNBOOK_START]?.(argv).then(() => {
    // Left to itself, Node would take its heap down piece by piece, which takes as long as a short command. Where nothing is under
    // way, it ends before V8 tidies up for what will not come.
    if (process.getActiveResourcesInfo().length === 0) process.exit();
    else process.on('beforeExit', () => process.exit());
  });
}
