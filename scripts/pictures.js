// Makes the pictures in docs/pictures/: runs the real program in a pseudo-terminal, presses the keys, and writes down as SVG
// what is on the screen. Nothing in them is drawn by hand. `npm run docs:pictures` makes them anew.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pty from '@lydell/node-pty';
import xterm from '@xterm/headless';

const COLUMNS = 80;
const CELL = { width: 8.4, height: 18 };
const COLOURS = ['#3b4252', '#e5707a', '#8fce7e', '#e3c27a', '#7ab0f5', '#c59bdc', '#74c7d4', '#d8dee9'];
const INK = '#d8dee9';
const PAPER = '#20242c';

const folder = mkdtempSync(join(tmpdir(), 'runbook-pictures-'));
try {
  cpSync('docs/pictures/demo', folder, { recursive: true });
  const answers = [
    ['What now?', 'r'],
    ['What should change?', 'say what is breaking\r'],
    ['Accept?', 'y', 'review'],
    ['Done?', 'y'],
  ];
  await inTerminal('run --until read_notes', answers);
  await inTerminal(['error', 'publish', '--reason', 'the registry can’t be reached'], []);
  save('status', await inTerminal('status', []));
  save('why', await inTerminal('why announce', []));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs `runbook ARGS`, which are words, or a line of words without spaces, to its end, answering each question when it stands on the screen; returns the rows of styled cells. */
async function inTerminal(args, answers) {
  const words = Array.isArray(args) ? args : args.split(' ');
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: 200, allowProposedApi: true });
  const env = { PATH: process.env.PATH, HOME: folder, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  terminal.write(`\x1b[2m$\x1b[0m \x1b[1mrunbook ${args}\x1b[0m\r\n`);
  const child = pty.spawn(process.execPath, [resolve('dist/cli.cjs'), ...words], {
    cols: COLUMNS,
    rows: 200,
    cwd: folder,
    env,
  });
  const waiting = [...answers];
  const answer = ([, keys, picture]) => {
    if (picture) save(picture, rowsOf(terminal));
    child.write(keys);
  };
  child.onData((data) =>
    terminal.write(data, () => {
      const [next] = waiting;
      const rows = rowsOf(terminal).map((row) => row.map(({ text }) => text).join(''));
      if (next && rows.slice(-3).join('\n').includes(next[0])) answer(waiting.shift());
    }),
  );
  await new Promise((done) => child.onExit(() => setTimeout(done, 100)));
  await new Promise((done) => terminal.write('', done));
  if (waiting.length > 0) throw new Error(`nobody asked: ${waiting[0][0]}`);
  return rowsOf(terminal);
}

/** Each row as runs of cells that look the same; blank rows at the end are left out. */
function rowsOf(terminal) {
  const buffer = terminal.buffer.active;
  const rows = Array.from({ length: buffer.length }, (_, y) => runsOf(buffer.getLine(y), buffer.getNullCell()));
  while (rows.at(-1)?.length === 0) rows.pop();
  return rows;
}

function runsOf(line, cell) {
  const runs = [];
  const end = line.translateToString(true).length;
  for (let x = 0; x < end; x++) {
    line.getCell(x, cell);
    const style = `${cell.isBold() ? 'b' : ''}${cell.isDim() ? 'd' : ''}${cell.isFgPalette() ? cell.getFgColor() : ''}`;
    const last = runs.at(-1);
    if (last?.style === style) last.text += cell.getChars() || ' ';
    else runs.push({ x, style, text: cell.getChars() || ' ' });
  }
  return runs;
}

function save(name, rows) {
  const [width, height] = [COLUMNS * CELL.width + 32, rows.length * CELL.height + 32];
  const lines = rows.flatMap((runs, y) => runs.map((run) => svgText(run, y)));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="runbook ${name}, in a terminal">
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="${INK}">
${lines.join('\n')}
</g>
</svg>
`;
  writeFileSync(`docs/pictures/${name}.svg`, svg);
  console.log(`docs/pictures/${name}.svg  ${rows.length} rows`);
}

function svgText({ x, style, text }, y) {
  const colour = /\d+/.exec(style)?.[0];
  const attributes = [
    `x="${(16 + x * CELL.width).toFixed(1)}"`,
    `y="${16 + (y + 0.8) * CELL.height}"`,
    `textLength="${(text.length * CELL.width).toFixed(1)}"`,
    colour === undefined ? '' : `fill="${COLOURS[Number(colour) % 8]}"`,
    style.includes('b') ? 'font-weight="bold"' : '',
    style.includes('d') ? 'opacity="0.6"' : '',
  ];
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text style="white-space:pre" ${attributes.filter(Boolean).join(' ')}>${escaped}</text>`;
}
