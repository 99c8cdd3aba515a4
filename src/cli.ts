#!/usr/bin/env node
// Where the program begins. The version is told before anything is loaded, also none of Node's own modules.

declare const RUNBOOK_VERSION: string;

const argv = process.argv.slice(2);
if (argv[0] === '--version' || argv[0] === '-V')
  process.getBuiltinModule('node:fs').writeSync(1, `${RUNBOOK_VERSION}\n`);
else await import('./main.ts').then(({ start }) => start(argv));
