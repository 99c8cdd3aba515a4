// The form of the release notes: the version as the heading, sections with entries, no commit hashes, nothing left to fill in.
import { readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');

const problems = [
  lines[0] === `# ${version}` ? '' : `line 1 must be \`# ${version}\`, not \`${lines[0]}\``,
  lines.some((line) => /^## (Breaking|New|Mended)$/.test(line))
    ? ''
    : 'there is no section ## Breaking, ## New or ## Mended',
  lines.some((line) => line.startsWith('- ')) ? '' : 'there is no entry',
  ...lines.flatMap((line, i) =>
    /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b/.test(line) ? [`line ${i + 1} holds a commit hash`] : [],
  ),
  ...lines.flatMap((line, i) => (/TODO|TBD|XXX/.test(line) ? [`line ${i + 1} is not finished`] : [])),
].filter(Boolean);

for (const problem of problems) console.error(`${file}: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
