// The page on stderr that a run is written on: how lines get there beside the one that moves, as wide as the terminal, and
// without what acts on it or is secret.
import type { Event } from '../events.ts';
import type { Task } from '../runbook/task.ts';
import type { Palette } from './colour.ts';
import { type Footer, footer } from './footer.ts';
import { columnsOf, keepBack, letGo, say, sayWhole, write } from './streams.ts';
import { flow, harmless, oneLine, WIDEST, wrap } from './words.ts';

export interface Screen {
  readonly palette: Palette;
  /** Whether stderr is a terminal: only there does anything move. */
  readonly live: boolean;
  readonly quiet: boolean;
  /** Whether several scripts may be at work at once: each line then says whose it is. */
  readonly sideBySide: boolean;
  readonly now: () => Date;
  /** Takes the values of secrets out of a text. */
  readonly redact: (text: string) => string;
}

export class Page {
  readonly screen: Screen;
  readonly palette: Palette;
  readonly footer: Footer;
  readonly running = new Set<string>();
  hasText = false;

  constructor(screen: Screen) {
    this.screen = screen;
    this.palette = screen.palette;
    this.footer = footer(screen.live);
  }

  get columns(): number {
    return Math.min(columnsOf('stderr') ?? 80, WIDEST);
  }

  redact(text: string): string {
    return this.screen.redact(text);
  }

  /** A text from elsewhere, before it is broken into lines or cut: half a secret would not be known for one. */
  text(text: string): string {
    return harmless(this.redact(text));
  }

  line(text: string): string {
    return oneLine(this.redact(text));
  }

  /** A task's name, to stand behind its id; nothing if it would only say the id again. */
  named({ id, name }: Task): string {
    return name === id ? '' : `  ${this.line(name)}`;
  }

  say(...lines: readonly string[]): void {
    this.#sayBy(say, lines);
  }

  /** Lines that are shown as they are, such as those of a diff. */
  sayWhole(...lines: readonly string[]): void {
    this.#sayBy(sayWhole, lines);
  }

  sentence(text: string): void {
    this.say(...wrap(text, this.columns, '  '));
  }

  /** Below the line that it belongs to. */
  sayBelow(text: string): void {
    this.say(...wrap(`  ${text}`, this.columns, '    '));
  }

  /** Lines of a script, of which more may follow at once: what moves goes on. */
  passOn(lines: readonly string[]): void {
    this.footer.pause(() => write('stderr', lines.map((line) => `${line}\n`).join('')));
    this.hasText = true;
  }

  /** The moving line tells of one task, or of how many are at work. */
  atWork(taskId: string, what: string): void {
    if (!this.screen.sideBySide) this.footer.run(what);
    else if (this.running.size === 1) this.footer.run(`${oneLine(taskId)} ${what}`);
    else this.footer.say(`${this.running.size} at work, the last to start is ${oneLine(taskId)}`);
  }

  #sayBy(all: (...lines: readonly string[]) => void, lines: readonly string[]): void {
    this.hasText = true;
    const write = () => all(...lines);
    if (this.screen.sideBySide && this.running.size > 0) {
      this.footer.pause(write);
      return;
    }
    this.footer.stop();
    write();
  }
}

/** While one script follows another, what is shown is one write where it would be many. */
export function inOneWrite(show: (event: Event) => void): (event: Event) => void {
  let isFirst = true;
  return (event) => {
    if (!isFirst && isBetween(event)) keepBack(() => show(event));
    else {
      letGo();
      show(event);
    }
    isFirst = false;
  };
}

/** Whether the event stands between two scripts, or is one of a script's. */
function isBetween(event: Event): boolean {
  if (event.kind === 'announced') return event.plan.kind === 'script';
  return ['started', 'output', 'scriptEnded', 'ended', 'readied'].includes(event.kind);
}

/** With points between them, and broken only there. */
export function inRows(items: readonly string[], columns: number): string[] {
  return flow(items.filter(Boolean), ' · ', columns - 2).map((row) => `  ${row}`);
}

export function indented(text: string): string[] {
  return harmless(text)
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
}

/** An error begins in lower case, behind its label; without one, its words are a sentence. */
export function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
