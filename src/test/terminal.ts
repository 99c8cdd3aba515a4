// A person at a terminal: a real pseudo-terminal (node-pty) with a real screen behind it (xterm, without a window).
// The test presses keys and reads the screen.
import { readSync } from 'node:fs';
import { constants } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm, { type IBufferCell } from '@xterm/headless';
import { vi } from 'vitest';
import { codeOf, codeOfPaste } from './keys.ts';
import { makeWaiting, type Wanted } from './waiting.ts';

export interface TerminalOptions {
  cols?: number;
  rows?: number;
  cwd: string;
  env: Record<string, string>;
}

/** `fg` is a name such as `green` or `brightBlack`, a palette number, `#rrggbb`, or `default`. */
export interface Style {
  fg: string;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
  underline: boolean;
}

export type Terminal = ReturnType<typeof openTerminal>;

export function openTerminal(command: string, args: string[], { cols = 80, rows = 24, cwd, env }: TerminalOptions) {
  const screen = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const child = spawn(command, args, { name: env['TERM'] ?? 'xterm-256color', cols, rows, cwd, env, encoding: null });
  const waiting = makeWaiting(() => frame(visibleRows(), screen.cols));
  const written: Buffer[] = [];
  let ended = false;
  let rowsAtLastInput: string[] = [];

  // The types say string; without an encoding it is bytes.
  const receive = (data: string | Buffer) => {
    const bytes = Buffer.from(data as Buffer);
    written.push(bytes);
    screen.write(bytes, waiting.look);
  };
  child.onData(receive);
  onEndOfStream(child, receive);
  // A terminal answers questions, such as where its cursor is.
  screen.onData((answer) => !ended && child.write(answer));
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      ended = true;
      screen.write('', () => {
        waiting.end();
        resolve(signal ? { code: null, signal: nameOfSignal(signal) } : { code: exitCode, signal: null });
      });
    });
  });

  const rowsFrom = (first: number, end: number): string[] =>
    Array.from(
      { length: end - first },
      (_, row) => screen.buffer.active.getLine(first + row)?.translateToString(true) ?? '',
    );
  const visibleRows = () => rowsFrom(screen.buffer.active.baseY, screen.buffer.active.baseY + screen.rows);
  const allRows = () => rowsFrom(0, screen.buffer.active.length);
  const changedRows = () => allRows().filter((row, index) => row !== rowsAtLastInput[index]);

  const send = (keys: string) => {
    if (ended)
      throw new Error(
        `nobody reads ${JSON.stringify(keys)}: the process has ended\n${frame(visibleRows(), screen.cols)}`,
      );
    rowsAtLastInput = allRows();
    child.write(keys);
  };

  return {
    pid: child.pid,
    exit,
    /** Until it is on the screen; at once, if it is there already. */
    waitFor: vi.defineHelper((wanted: Wanted) => waiting.until(wanted, 'on the screen', () => textOf(visibleRows()))),
    /** Until it stands in a row that was written since the last key: for a question that is asked a second time. */
    waitForNew: vi.defineHelper((wanted: Wanted) =>
      waiting.until(wanted, 'in a row written since the last key', () => textOf(changedRows())),
    ),
    /** See keys.ts. */
    press: (key: string) => send(codeOf(key, screen.modes.applicationCursorKeysMode)),
    type: send,
    paste: (text: string) => send(codeOfPaste(text, screen.modes.bracketedPasteMode)),
    /** The visible rows, without blanks at their right and without blank rows at the bottom. */
    screen: () => textOf(visibleRows()),
    /** The rows that have scrolled away, and the visible ones. */
    scrollback: () => textOf(allRows()),
    /** All that the process wrote, with its escape sequences. */
    raw: () => Buffer.concat(written).toString(),
    /** How `text` looks where it first stands on the screen, in a row that contains `inRow`. */
    styleOf(text: string, inRow = ''): Style {
      const row = visibleRows().findIndex((line) => line.includes(text) && line.includes(inRow));
      const line = row < 0 ? undefined : screen.buffer.active.getLine(screen.buffer.active.baseY + row);
      const [style, ...others] = cellsOf(text, line).map(styleOfCell);
      if (!style) throw new Error(`no \`${text}\` on the screen\n${frame(visibleRows(), screen.cols)}`);
      if (!others.every((other) => isDeepStrictEqual(other, style)))
        throw new Error(`\`${text}\` has more than one style`);
      return style;
    },
    resize(newCols: number, newRows: number) {
      screen.resize(newCols, newRows);
      child.resize(newCols, newRows);
    },
    kill(signal: NodeJS.Signals = 'SIGKILL') {
      if (!ended) child.kill(signal);
    },
  };
}

/**
 * When the last writer is gone, libuv takes the first short read for the end of the stream, while there may be more in the
 * kernel: a test would miss the last lines, once in a hundred runs. So the rest is read here, until there is none (EIO).
 */
function onEndOfStream(child: IPty, receive: (bytes: Buffer) => void): void {
  // Both are there, and missing in the types.
  const { fd } = child as IPty & { fd: number };
  const stream = child as IPty & { on(event: 'end', listener: () => void): void };
  stream.on('end', () => {
    const bytes = Buffer.alloc(65_536);
    try {
      for (let length = readSync(fd, bytes); length > 0; length = readSync(fd, bytes))
        receive(bytes.subarray(0, length));
    } catch {
      // EIO.
    }
  });
}

const textOf = (rows: string[]) => rows.join('\n').trimEnd();

function frame(rows: string[], cols: number): string {
  const line = '─'.repeat(cols);
  return `┌${line}┐\n${rows.map((row) => `│${row}`).join('\n')}\n└${line}┘`;
}

interface Line {
  length: number;
  getCell(x: number): IBufferCell | undefined;
}

/** A character may take two cells, and a cell may hold several characters, so an index in the text is no column. */
function cellsOf(text: string, line: Line | undefined): IBufferCell[] {
  const cells = Array.from({ length: line?.length ?? 0 }, (_, x) => line?.getCell(x)).filter(
    (cell) => cell !== undefined,
  );
  const characters = cells.flatMap((cell) => charactersOf(cell).map((c) => ({ c, cell })));
  const start = characters
    .map(({ c }) => c)
    .join('')
    .indexOf(text);
  return start < 0 ? [] : characters.slice(start, start + text.length).map(({ cell }) => cell);
}

/** Nothing in the second half of a wide character, a blank where nothing was written. */
function charactersOf(cell: IBufferCell): string[] {
  return cell.getWidth() === 0 ? [] : (cell.getChars() || ' ').split('');
}

const colours = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

function styleOfCell(cell: IBufferCell): Style {
  const [bold, dim, inverse, underline] = [cell.isBold(), cell.isDim(), cell.isInverse(), cell.isUnderline()];
  return { fg: colourOf(cell), bold: bold !== 0, dim: dim !== 0, inverse: inverse !== 0, underline: underline !== 0 };
}

function colourOf(cell: IBufferCell): string {
  const fg = cell.getFgColor();
  if (cell.isFgDefault()) return 'default';
  if (cell.isFgRGB()) return `#${fg.toString(16).padStart(6, '0')}`;
  const bright = colours[fg - 8];
  return colours[fg] ?? (bright ? `bright${bright.charAt(0).toUpperCase()}${bright.slice(1)}` : String(fg));
}

function nameOfSignal(number: number): NodeJS.Signals | null {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return (entry?.[0] as NodeJS.Signals | undefined) ?? null;
}
