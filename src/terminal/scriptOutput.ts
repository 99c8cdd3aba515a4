// What a script prints while it runs, line by line.
import type { Page } from './page.ts';

/** In characters. A longer one is shown in several: to wait for its end would be to keep all of it. */
const LONGEST_LINE = 1 << 16;

export class ScriptOutput {
  readonly #page: Page;
  readonly #mark: (taskId: string) => string;
  /** The beginnings of lines whose end has not come yet, by task. */
  readonly #partial = new Map<string, string>();

  /** `mark` stands before each line of a task, so that it is known whose it is. */
  constructor(page: Page, mark: (taskId: string) => string) {
    this.#page = page;
    this.#mark = mark;
  }

  add(taskId: string, text: string): void {
    const lines = ((this.#partial.get(taskId) ?? '') + text).split(/\r?\n/);
    let rest = asItIsSoFar(lines.pop() ?? '');
    if (rest.length > LONGEST_LINE) {
      lines.push(rest);
      rest = '';
    }
    this.#partial.set(taskId, rest);
    if (lines.length === 0) return;
    const mark = this.#mark(taskId);
    // All lines at once: to look for secrets in each by itself takes ten times as long.
    const shown = this.#page.text(lines.map(asItEnded).join('\n'));
    this.#page.passOn(shown.split('\n').map((line) => mark + line));
  }

  /** What a task has printed so far, also where its last line has no end. */
  flush(taskId: string): void {
    if (this.#partial.get(taskId)) this.add(taskId, '\n');
    this.#partial.delete(taskId);
    if (this.#page.running.size <= 1) this.#page.footer.stop();
  }
}

/** A line of output that was written over again and again, as a progress bar is, as it stands in the end. */
function asItEnded(line: string): string {
  if (!line.includes('\r')) return line;
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}

/** The same of one whose end has not come: a return at its end may belong to that. */
function asItIsSoFar(line: string): string {
  return line.slice(line.lastIndexOf('\r', line.length - 2) + 1);
}
