// Every `name` in backticks of the first file must be in the second.
//
//   node scripts/check_names.mjs outputs/history_section.md outputs/release_notes.md
import { readFileSync } from 'node:fs';

const [from, to] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const names = new Set([...from.matchAll(/`([^`\n]+)`/g)].map(([, name]) => name));
const missing = [...names].filter((name) => !to.includes(name));

for (const name of missing) console.error(`not mentioned: ${name}`);
if (missing.length > 0) process.exit(1);
console.log(`${names.size} names are mentioned`);
