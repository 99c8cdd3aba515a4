// Holds a section for History.md against the list of commits: every change that users notice must be mentioned by its
// number, every number must be that of a commit, and the form must be that of the file.
//
//   node scripts/check_history.mjs outputs/commits.txt outputs/history_section.md [number …]
//
// The numbers after the two files are those of changes that are left out on purpose.
import { readFileSync } from 'node:fs';

// What users do not notice needs no entry. A commit of any other type, or of none, does.
// The type may be in brackets: `fix(docs): …`.
const INTERNAL = /^(?:\w+ ?\()?(?:ci|tests?|docs?|devdeps|chore|lint|build|examples)\b[^:]*:/i;
const RELEASE = /^\d+\.\d+\.\d+\S*$/;
const NUMBER = /#(\d+)/g;

const [commitsFile, sectionFile, ...leftOut] = process.argv.slice(2);
const subjects = readFileSync(commitsFile, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('* '))
  .map((line) => line.slice(2).replace(/ \([^()]*\)$/, ''));
const section = readFileSync(sectionFile, 'utf8');
const numbersIn = (text) => [...text.matchAll(NUMBER)].map(([, number]) => number);
const mentioned = new Set(numbersIn(section));
const settled = new Set([...mentioned, ...leftOut]);
const known = new Set(subjects.flatMap(numbersIn));

const complaints = [];
for (const subject of subjects) {
  if (INTERNAL.test(subject) || RELEASE.test(subject)) continue;
  const number = numbersIn(subject).at(-1);
  if (number === undefined) console.log(`no number, so look for it yourself: ${subject}`);
  else if (!settled.has(number)) complaints.push(`not mentioned: ${subject}`);
}
for (const number of mentioned) {
  if (!known.has(number)) complaints.push(`no commit has the number #${number}`);
}
const [first = ''] = section.split('\n');
if (!first.startsWith('* ')) complaints.push(`it must begin with an entry ("* …"), not with: ${first}`);
for (const line of section.split('\n')) {
  if (/^(?:#|=+$|unreleased|```)/i.test(line)) complaints.push(`no heading and no fence belongs here: ${line}`);
}

for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);
console.log(`${mentioned.size} changes are mentioned, ${subjects.length} commits were looked at`);
