import { readFileSync } from 'node:fs';

const notes = readFileSync(process.argv[2], 'utf8');
const missing = ['timeouts', 'by itself'].filter((word) => !notes.includes(word));
if (missing.length > 0) {
  console.error(`not mentioned: ${missing.join(', ')}`);
  process.exitCode = 1;
}
