// Installs the real yaml-language-server, which is behind YAML in most editors, into a temporary folder, and looks at the files that
// `init` and `add` write as an editor does: what it completes, says and underlines. `npm run test:editor`.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.env.RUNBOOK_EDITOR ?? realpathSync(mkdtempSync(join(tmpdir(), 'runbook-editor-')));
const plan = join(folder, 'a plan');
let server;
let [tried, version] = [0, 0];
const opened = new Set();
try {
  if (!process.env.RUNBOOK_EDITOR) {
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    const args = ['install', '--silent', '--no-audit', '--no-fund', 'yaml-language-server'];
    execFileSync('npm', args, { cwd: folder, stdio: 'inherit' });
  }
  rmSync(plan, { recursive: true, force: true });
  mkdirSync(plan);
  runbook('init');
  runbook('add', 'Pack it', '--script', 'npm pack', '--detail');
  server = await connected();
  await look();
  process.stdout.write(`yaml-language-server: ${tried} things are as they should be\n`);
} finally {
  server?.kill();
  if (!process.env.RUNBOOK_EDITOR) rmSync(folder, { recursive: true, force: true });
}

async function look() {
  for (const [file, keys] of [
    ['runbook.yaml', ['depends_on', 'type', 'script_details', 'ai_details', 'checks']],
    ['tasks/say_what_it_is.yaml', ['ai_details', 'depends_on', 'timeout', 'status']],
    ['tasks/pack_it.yaml', ['output_artifact', 'type', 'commit', 'status']],
  ]) {
    const text = readFileSync(join(plan, file), 'utf8');
    const indent = file === 'runbook.yaml' ? '    ' : '';
    const added = (line) => `${text.trimEnd()}\n${indent}${line}\n`;
    const base = text.replace(/^ *(?:type|status|depends_on): .*\n(?![\s\S]*^ *- id:)/gm, '');
    const end = (line) => `${base.trimEnd()}\n${indent}${line}`;
    same(file, await squiggles(file, text), []);
    within(`${file}: its keys`, await completed(file, end('')), keys);
    same(`${file}: the types`, (await completed(file, end('type: '))).sort(), [
      'AI_ASSISTED',
      'AUTOMATED_SCRIPT',
      'MANUAL',
    ]);
    within(`${file}: the statuses`, await completed(file, end('status: ')), ['DONE', 'PENDING', 'READY', 'SKIPPED']);
    within(
      `${file}: what a key means`,
      [await hovered(file, end('depends_on: []'), 'depends_on')],
      ['The ids of the tasks'],
    );
    same(`${file}: a wrong status`, await squiggles(file, end('status: DOEN')), ['DOEN']);
    same(`${file}: an unknown key`, await squiggles(file, added('dependson: []')), ['dependson']);
    same(`${file}: a key of the person's own`, await squiggles(file, added('x-owner: Ada')), []);
    within(`${file}: what a model is asked`, await completed(file, end(`ai_details:\n${indent}  `)), [
      'prompt_template',
      'review_points',
    ]);
  }
}

function within(what, found, wanted) {
  for (const word of wanted)
    if (!found.some((text) => text.includes(word)))
      throw new Error(`${what}: ${word} is not in ${JSON.stringify(found)}`);
  tried += wanted.length;
}

function same(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(found)}, and not ${JSON.stringify(wanted)}`);
  tried += 1;
}

/** What is offered at the end of the text. */
async function completed(file, text) {
  const { uri } = await open(file, text);
  const lines = text.split('\n');
  const position = { line: lines.length - 1, character: lines.at(-1).length };
  const { items } = await server.ask('textDocument/completion', { textDocument: { uri }, position });
  return items.map(({ label }) => label);
}

/** What is said where the word stands last. */
async function hovered(file, text, word) {
  const { uri } = await open(file, text);
  const lines = text.split('\n');
  const line = lines.findLastIndex((found) => found.includes(word));
  const position = { line, character: lines[line].indexOf(word) + 1 };
  return (await server.ask('textDocument/hover', { textDocument: { uri }, position }))?.contents.value ?? '';
}

/** The words that are underlined. */
async function squiggles(file, text) {
  const { diagnostics } = await open(file, text);
  const lines = text.split('\n');
  return diagnostics.map(({ range: { start, end } }) =>
    lines[start.line].slice(start.character, end.line === start.line ? end.character : undefined),
  );
}

/** The file with this text, as somebody types it; nothing is saved. Its marks are awaited, so that those of the next text are not these. */
async function open(file, text) {
  const uri = pathToFileURL(join(plan, file)).href;
  const marked = server.marks(uri);
  version += 1;
  const isOpen = opened.has(uri);
  if (isOpen) server.tell('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] });
  else server.tell('textDocument/didOpen', { textDocument: { uri, version, languageId: 'yaml', text } });
  opened.add(uri);
  return { uri, diagnostics: (await marked).diagnostics };
}

async function connected() {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = createRequire(join(folder, 'x.js'))(
    'vscode-jsonrpc/node',
  );
  const child = spawn(process.execPath, [
    join(folder, 'node_modules/yaml-language-server/bin/yaml-language-server'),
    '--stdio',
  ]);
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const waiting = new Map();
  connection.onNotification('textDocument/publishDiagnostics', (found) => waiting.get(found.uri)?.(found));
  const settings = { yaml: { schemaStore: { enable: false }, completion: true, hover: true, validate: true } };
  connection.onRequest('workspace/configuration', ({ items }) => items.map(({ section }) => settings[section] ?? null));
  connection.onRequest('client/registerCapability', () => null);
  connection.listen();
  const rootUri = pathToFileURL(plan).href;
  const capabilities = {
    workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
    textDocument: {
      completion: { completionItem: { snippetSupport: true } },
      hover: { contentFormat: ['markdown'] },
      publishDiagnostics: {},
    },
  };
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri,
    capabilities,
    workspaceFolders: [{ uri: rootUri, name: 'plan' }],
  });
  connection.sendNotification('initialized', {});
  return {
    ask: (method, params) => connection.sendRequest(method, params),
    tell: (method, params) => connection.sendNotification(method, params),
    marks: (uri) => new Promise((resolve) => waiting.set(uri, resolve)),
    kill: () => child.kill(),
  };
}

function runbook(...args) {
  execFileSync(process.execPath, [resolve('dist/cli.cjs'), '-C', plan, ...args], { stdio: 'pipe' });
}
