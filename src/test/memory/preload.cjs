// Loaded into the real binary before anything else (NODE_OPTIONS=--require): when it ends, it says into a file what memory it has
// held at most, in KB.
const { writeFileSync } = require('node:fs');

process.on('exit', () => writeFileSync(process.env.RUNBOOK_PEAK, String(process.resourceUsage().maxRSS)));
