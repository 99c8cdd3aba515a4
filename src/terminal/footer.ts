// The one moving line: what is going on and for how long. Only in a terminal, and gone when it is over.
import type { WriteStream } from 'node:tty';
import { duration, fit, oneLine } from './words.ts';

export interface Footer {
  /** Starts to count the time of something. */
  readonly run: (what: string) => void;
  /** Says something beside the time, and goes on counting. */
  readonly say: (what: string) => void;
  /** Lets `write` write whole lines above it. */
  readonly pause: (write: () => void) => void;
  readonly stop: () => void;
}

const CLEAR_LINE = '\r\u001b[K';
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const EVERY_MS = 100;
/** What is over sooner never shows: a line that only flickers is noise. */
const AFTER_MS = 400;

export function footer(stream: Pick<WriteStream, 'write' | 'columns'>, live: boolean): Footer {
  let what: string | undefined;
  let started = 0;
  let timer: NodeJS.Timeout | undefined;
  let visible = false;
  const clear = () => {
    if (visible) stream.write(CLEAR_LINE);
    visible = false;
  };
  const draw = () => {
    const ms = performance.now() - started;
    if (what === undefined || ms < AFTER_MS) return;
    const frame = FRAMES[Math.floor(ms / EVERY_MS) % FRAMES.length] ?? '';
    stream.write(`${CLEAR_LINE}${fit(`  ${frame} ${duration(ms)} · ${oneLine(what)}`, (stream.columns || 80) - 1)}`);
    visible = true;
  };
  return {
    run(now) {
      if (!live) return;
      clear();
      what = now;
      started = performance.now();
      timer ??= setInterval(draw, EVERY_MS).unref();
    },
    say(now) {
      if (what !== undefined) what = now;
    },
    pause(write) {
      clear();
      write();
      draw();
    },
    stop() {
      clear();
      clearInterval(timer);
      timer = undefined;
      what = undefined;
    },
  };
}
