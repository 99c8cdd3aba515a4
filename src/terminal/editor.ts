// The person's own editor, which has the terminal to itself while it is open.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunbookError } from '../errors.ts';
import { makeOwnFolder } from '../ownFolder.ts';
import { ended } from './theirs.ts';

/** The text as it comes back from the editor; the file has the name's ending, so that the editor knows the language. */
export async function editText(name: string, text: string): Promise<string> {
  const folder = makeOwnFolder();
  const file = join(folder, basename(name));
  try {
    writeFileSync(file, text);
    await launch(editorCommand(), [file]);
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns when the person is done: of editors that come back at once, it is asked to wait. */
export async function openInEditor(path: string, line: number): Promise<void> {
  const editor = editorCommand();
  await launch(editor, argumentsFor(editor, path, line));
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
async function launch(editor: string, args: readonly string[]): Promise<void> {
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} ${args.map((arg) => `"${arg}"`).join(' ')}`, { stdio: 'inherit', shell: true })
      : spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, ...args], { stdio: ['inherit', 2, 'inherit'] });
  const { code, signal, problem } = await ended(child);
  if (code === 0) return;
  // Whoever ends the editor by a signal wants out: of most, Ctrl-C is a key like others.
  if (['SIGINT', 'SIGTERM', 'SIGHUP'].includes(signal ?? '') || [129, 130, 143].includes(code ?? 0))
    throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
  throw new RunbookError({
    code: 'EDITOR_FAILED',
    message: `the editor \`${editor}\` failed: ${problem ?? `exit ${code}`}`,
    hint: 'Set EDITOR to the one you want; nothing was changed.',
  });
}
