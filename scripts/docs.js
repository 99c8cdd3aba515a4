// Writes docs/commands.md and a page for each command, from what the program says of itself: `npm run docs`. A folder other than docs
// may be named, which the test does to see whether they are up to date.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? 'docs';
const cli = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));
const said = (...args) => execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
const BY = '<!-- Written by `npm run docs` from the program’s own help. -->';

/** The commands, as completion tells them. */
const commands = said('completion', '--words', 'fish', '')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t'))
  .map(([name, summary]) => ({ name, summary }))
  .filter(({ name }) => name !== 'help')
  .map((command) => ({ ...command, help: sections(said(command.name, '--help')) }));
const program = sections(said('--help'));

mkdirSync(join(folder, 'commands'), { recursive: true });
const pages = new Map(commands.map((command) => [`${command.name}.md`, pageOf(command)]));
for (const [name, text] of pages) writeFileSync(join(folder, 'commands', name), text);
for (const name of readdirSync(join(folder, 'commands'))) if (!pages.has(name)) rmSync(join(folder, 'commands', name));
writeFileSync(join(folder, 'commands.md'), overview());

/** The help by the titles of its parts; what has none is under ''. */
function sections(help) {
  const found = {};
  let title = '';
  for (const line of help.split('\n')) {
    const [, inLine, rest, alone] = /^(?:(Usage|Exit status): (.*)|([A-Z][\w ]*):)$/.exec(line) ?? [];
    const next = inLine ?? alone;
    if (next !== undefined) title = next;
    if (next === undefined || rest) found[title] = [...(found[title] ?? []), rest ?? line];
    // What has a title ends with an empty line.
    if (line === '' && title !== '' && title !== 'Examples') title = '';
  }
  return found;
}

/** `term  what it does`, also over several lines, as pairs. */
function rows(lines = []) {
  const found = [];
  for (const line of lines) {
    const [, term, about] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    if (term !== undefined) found.push([term, about ?? '']);
    else if (line.trim() !== '') found.at(-1)[1] = `${found.at(-1)[1]} ${line.trim()}`.trim();
  }
  return found;
}

function pageOf({ name, help }) {
  // What an example is for becomes a comment, so that each line can be tried as it stands.
  const examples = (help.Examples ?? [])
    .map((line) => line.replace(/^ {2}/, '').replace(/(\S)( {2,})(?=\S)/, '$1$2# '))
    .join('\n')
    .trimEnd();
  const about = help[''].join(' ').replaceAll(/\s+/g, ' ').trim();
  const flags = rows(help.Options).filter(([term]) => !term.includes('--help'));
  return [
    BY,
    `# runbook ${name}`,
    about,
    `\`\`\`sh\n${examples}\n\`\`\``,
    `Usage: \`${help.Usage.join('').trim()}\``,
    help.Arguments ? table(['argument', 'meaning'], rows(help.Arguments)) : '',
    flags.length > 0 ? table(['flag', 'meaning'], flags) : '',
    'And [the flags of all commands](../commands.md#flags-of-all-commands).',
  ]
    .filter(Boolean)
    .join('\n\n')
    .concat('\n');
}

function overview() {
  // A flag that means the same in several commands is told once.
  const flags = new Map();
  for (const { name, help } of commands)
    for (const [term, about] of rows(help.Options).filter(([term]) => !term.includes('--help'))) {
      const key = `${term}\t${about}`;
      flags.set(key, [...(flags.get(key) ?? []), name]);
    }
  return [
    BY,
    '# The commands',
    table(
      ['command', 'what it does'],
      commands.map(({ name, summary }) => [`[${name}](commands/${name}.md)`, summary]),
      ['', ''],
    ),
    '## Flags of all commands',
    table(['flag', 'meaning'], rows(program.Options)),
    '## Flags of one command or some',
    table(
      ['flag', 'meaning', 'of'],
      [...flags].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, names]) => [...key.split('\t'), names.join(', ')]),
    ),
    '## Exit status',
    table(['', 'meaning'], exits()),
  ]
    .join('\n\n')
    .concat('\n');
}

function exits() {
  const text = program['Exit status'].join(' ').replaceAll(/\s+/g, ' ');
  return [...text.matchAll(/(?:^| )(\d+) ([^·\d]+?)(?= ·| \d|$)/g)].map(([, code, meaning]) => [code, meaning.trim()]);
}

/** In the first column stands what is typed, as it is typed. */
function table(head, lines, quotes = ['`', '`']) {
  const cell = (text) => text.replaceAll('|', '\\|');
  const first = (text) => quotes[0] + cell(text) + quotes[1];
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...lines.map(([term, ...rest]) => `| ${[first(term), ...rest.map(cell)].join(' | ')} |`),
  ].join('\n');
}
