// Installs a real grammar of PowerShell into a temporary folder, and reads with it what `completion powershell` prints: no mistake in it,
// and one where something is taken out of it. `npm run test:powershell`. It is not run: there is no PowerShell on our machines.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'runbook-powershell-')));
try {
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  // The grammar is there as WebAssembly; what it would build or look for besides is for others.
  const flags = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps'];
  const packages = ['tree-sitter-powershell@0.26', 'web-tree-sitter@0.26'];
  execFileSync('npm', ['install', ...flags, ...packages], { cwd: folder, stdio: 'inherit' });
  await look();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function look() {
  const installed = (path) => join(folder, 'node_modules', path);
  const { Parser, Language } = await import(pathToFileURL(installed('web-tree-sitter/web-tree-sitter.js')).href);
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(installed('tree-sitter-powershell/tree-sitter-powershell.wasm')));
  const mistakesIn = (text) => mistakes(parser.parse(text).rootNode);
  const script = execFileSync(process.execPath, ['dist/cli.cjs', 'completion', 'powershell'], { encoding: 'utf8' });
  const found = mistakesIn(script);
  if (found.length > 0) throw new Error(`PowerShell would not read the script:\n${found.join('\n')}`);
  for (const part of ['param(', '{ $_.Value }', 'Replace("\'"'])
    if (mistakesIn(script.replace(part, part.slice(0, -1))).length === 0)
      throw new Error(`the grammar does not miss the end of ${part}`);
  process.stdout.write(`tree-sitter-powershell: ${script.split('\n').length - 1} lines are PowerShell\n`);
}

/** Where the text is none, or something is missing. */
function mistakes(node) {
  const { row, column } = node.startPosition;
  const own = node.isError || node.isMissing ? [`${row + 1}:${column + 1}  ${node.text || node.type}`] : [];
  return [...own, ...node.children.flatMap(mistakes)];
}
