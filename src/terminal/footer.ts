// The one moving line: what is going on and for how long. Only in a terminal, and gone when it is over.
import { columnsOf, write } from './streams.ts';
import { duration, fit, oneLine } from './words.ts';

export interface Footer {
  /** Starts to count the time of something. */
  readonly run: (what: string) => void;
  /** Says something beside the time, and goes on counting. */
  readonly say: (what: string) => void;
  /** Lets `work` write whole lines above it. */
  readonly pause: (work: () => void) => void;
  readonly stop: () => void;
}

const CLEAR_LINE = '\r\u001b[K';
const FRAMES = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const EVERY_MS = 100;
/** What is over sooner never shows: a line that only flickers is noise. */
const AFTER_MS = 400;

export function footer(live: boolean): Footer {
  let what: string | undefined;
  let started = 0;
  let timer: NodeJS.Timeout | undefined;
  let visible = false;
  const clear = () => {
    if (visible) write('stderr', CLEAR_LINE);
    visible = false;
  };
  const draw = () => {
    const ms = performance.now() - started;
    if (what === undefined || ms < AFTER_MS) return;
    const frame = FRAMES[Math.floor(ms / EVERY_MS) % FRAMES.length] ?? '';
    write(
      'stderr',
      `${CLEAR_LINE}${fit(`  ${frame} ${duration(ms)} · ${oneLine(what)}`, (columnsOf('stderr') ?? 80) - 1)}`,
    );
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
    pause(work) {
      clear();
      work();
      draw();
    },
    stop() {
      clear();
      if (timer) clearInterval(timer);
      timer = undefined;
      what = undefined;
    },
  };
}
