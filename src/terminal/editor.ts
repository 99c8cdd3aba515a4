// The person's own editor, which has the terminal to itself while it is open.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { RunbookError } from '../errors.ts';

/** The text as it comes back from the editor; the file has the name's ending, so that the editor knows the language. */
export function editText(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-'));
  const file = join(folder, basename(name));
  try {
    writeFileSync(file, text);
    launch(editorCommand(), [file]);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns when the person is done: of editors that come back at once, it is asked to wait. */
export function openInEditor(path: string, line: number): void {
  const editor = editorCommand();
  launch(editor, argumentsFor(editor, path, line));
}

/** Whether an editor is named, so that it can be started also where nobody is asked. */
export function editorIsSet(): boolean {
  return Boolean(process.env['VISUAL'] || process.env['EDITOR']);
}

function editorCommand(): string {
  return process.env['VISUAL'] || process.env['EDITOR'] || (process.platform === 'win32' ? 'notepad' : 'vi');
}

function argumentsFor(editor: string, path: string, line: number): string[] {
  const [program = ''] = editor.trim().split(/\s+/);
  const name = basename(program).replace(/\.(?:exe|cmd)$/i, '');
  const wait = /\s(?:-w|--wait)\b/.test(editor) ? [] : ['--wait'];
  if (/^(?:code|code-insiders|codium|vscodium|cursor|windsurf)$/.test(name))
    return [...wait, '--goto', `${path}:${line}`];
  if (/^(?:subl|zed|zeditor|atom)$/.test(name)) return [...wait, `${path}:${line}`];
  return name === 'notepad' ? [path] : [`+${line}`, path];
}

/** `EDITOR` may hold arguments (`code --wait`), so the shell takes it apart; the file's path comes in from outside. */
function launch(editor: string, args: readonly string[]): void {
  const result =
    process.platform === 'win32'
      ? spawnSync(`${editor} ${args.map((arg) => `"${arg}"`).join(' ')}`, { stdio: 'inherit', shell: true })
      : spawnSync('/bin/sh', ['-c', `${editor} "$@"`, editor, ...args], { stdio: ['inherit', 2, 'inherit'] });
  if (result.status === 0) return;
  const how = result.error ? result.error.message : `exit ${result.status ?? result.signal}`;
  throw new RunbookError({
    code: 'EDITOR_FAILED',
    message: `the editor \`${editor}\` failed: ${how}`,
    hint: 'Set EDITOR to the one you want; nothing was changed.',
  });
}
