// Says what of the machine a release needs, and fails if something is missing or too old.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { version, engines } = JSON.parse(readFileSync('package.json', 'utf8'));
const [major, minor] = engines.node.match(/\d+/g).map(Number);
const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
const nodeIsFit = haveMajor > major || (haveMajor === major && haveMinor >= minor);

const found = [
  ['runbook', version, true],
  ['node', `${process.versions.node} (${engines.node} is needed)`, nodeIsFit],
  ...['npm', 'git'].map((program) => [program, ...versionOf(program)]),
];

for (const [name, what, fit] of found) console.log(`${fit ? 'ok     ' : 'NOT OK '} ${name.padEnd(8)} ${what}`);
process.exitCode = found.every(([, , fit]) => fit) ? 0 : 1;

function versionOf(program) {
  const { status, stdout } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return status === 0 ? [stdout.trim(), true] : ['was not found', false];
}
