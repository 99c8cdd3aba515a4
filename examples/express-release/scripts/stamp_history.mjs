// Turns the unreleased section on top of History.md into that of a release: heading, date, entries. If the section of
// that release is on top already, it is written anew.
//
//   cd workspace/express && node ../../scripts/stamp_history.mjs 5.3.0 ../../outputs/history_section.md
import { readFileSync, writeFileSync } from 'node:fs';

const RELEASE_HEADING = /^(\d+\.\d+\.\d+\S*) \/ \d{4}-\d{2}-\d{2}$/;
const UNRELEASED_HEADING = /^(?:# )?unreleased(?: changes)?$/i;

const [version, sectionFile] = process.argv.slice(2);
const lines = readFileSync('History.md', 'utf8').split('\n');
const top = lines[0] ?? '';
if (!UNRELEASED_HEADING.test(top) && RELEASE_HEADING.exec(top)?.[1] !== version) {
  console.error(
    `History.md must begin with the unreleased section, or with that of ${version}. It begins with: ${top}`,
  );
  process.exit(1);
}

const end = lines.findIndex((line, index) => index > 0 && RELEASE_HEADING.test(line));
const heading = `${version} / ${new Date().toISOString().slice(0, 10)}`;
const section = readFileSync(sectionFile, 'utf8').trim();
const older = end < 0 ? [] : ['', ...lines.slice(end)];
writeFileSync('History.md', [heading, '='.repeat(heading.length), '', section, ...older].join('\n'));
console.log(heading);
