// From the last token of a reply to the question on the screen: `npm run bench:reply`. A server on the loopback streams the reply
// to the program in a real terminal, both clocked by this process. Medians, and how long an empty Node took at that time: in tens of
// milliseconds it says how busy the machine was. `RUNBOOK_BENCH_ROUNDS=3` is quicker.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';

const ROUNDS = Number(process.env.RUNBOOK_BENCH_ROUNDS ?? 25);
const CLI = join(import.meta.dirname, '../dist/cli.cjs');
/** Lines of the file that is proposed, and whether git has an older one of it. */
const CASES = [
  { name: 'a new file of 30 lines', lines: 30 },
  { name: 'a changed file of 30 lines, in git', lines: 30, git: true },
  { name: 'a changed file of 1,000 lines, in git', lines: 1000, git: true },
  { name: 'a changed file of 5,000 lines, in git', lines: 5000, git: true },
];
/** Milliseconds between two pieces of at least 40 characters; the program has nothing to do but to wait for the next. */
const PAUSE_MS = 2;

const folder = mkdtempSync(join(tmpdir(), 'runbook-bench-'));
const server = createServer(respond);
await new Promise((done) => server.listen(0, '127.0.0.1', done));
let reply = '';
let lastToken = 0;
try {
  for (const one of CASES) {
    const times = [];
    const empty = [];
    for (let round = 0; round < ROUNDS; round++) {
      times.push(await measure(one));
      empty.push(timed(() => execFileSync(process.execPath, ['-e', ''])));
    }
    const [median, most] = [at(times, 0.5), at(times, 0.9)];
    process.stdout.write(
      `${one.name}: median ${median} ms, nine of ten below ${most} ms; an empty Node beside it ${at(empty, 0.5)} ms (${ROUNDS} rounds)\n`,
    );
  }
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}

function at(times, share) {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * share)].toFixed(1);
}

function timed(work) {
  const began = performance.now();
  work();
  return performance.now() - began;
}

async function measure({ lines, git }) {
  const cwd = mkdtempSync(join(folder, 'w'));
  const code = (word) => Array.from({ length: lines }, (_, i) => `print("${word(i)}, line ${i + 1}")\n`).join('');
  reply = `Here it is:\n\n\`\`\`python\n${code((i) => (i % 3 === 0 ? 'new' : 'old'))}\`\`\`\n`;
  const { port } = server.address();
  writeFileSync(
    join(cwd, 'runbook.yaml'),
    `models:\n  m: {provider: openai, model: x, base_url: "http://127.0.0.1:${port}/v1"}\ntasks:\n  - id: draft\n    status: READY\n    type: AI_ASSISTED\n    output_artifact: out.py\n    ai_details: {prompt_template: p.md, model: m, output_parser: python_code_block}\n`,
  );
  writeFileSync(join(cwd, 'p.md'), 'Write it.\n');
  if (git) {
    writeFileSync(
      join(cwd, 'out.py'),
      code(() => 'old'),
    );
    const me = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
    for (const args of [
      ['init', '--quiet'],
      ['add', '--all'],
      [...me, 'commit', '--quiet', '-m', 'start'],
    ])
      execFileSync('git', args, { cwd });
  }
  const child = spawn(process.execPath, [CLI, 'next'], { cwd, cols: 100, rows: 50, name: 'xterm-256color' });
  let screen = '';
  const shown = await new Promise((done) => {
    child.onData((data) => {
      screen += data;
      if (/Accept\?[\s\S]*›/.test(screen)) done(performance.now());
    });
  });
  child.write('q');
  await ended(child);
  return shown - lastToken;
}

function ended(child) {
  return new Promise((done) => child.onExit(done));
}

async function respond(_request, response) {
  const event = (delta, finish = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const size = Math.max(40, Math.ceil(reply.length / 1000));
  const pieces = reply.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
  for (const content of pieces.slice(0, -1)) {
    response.write(event({ content }));
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  lastToken = performance.now();
  response.end(`${event({ content: pieces.at(-1) })}${event({}, 'stop')}data: [DONE]\n\n`);
}
