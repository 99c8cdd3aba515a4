// The real world: this terminal (or nobody), real processes, real models, the clock.
import type { Event } from '../events.ts';
import { makeModel } from '../models/index.ts';
import { makeRedactor, readDotEnv } from '../secrets.ts';
import { makeShell } from '../shell.ts';
import { endSurvivors, survivorsOf } from '../survivors.ts';
import type { Ask, World } from '../world.ts';
import { type Palette, paletteFor } from './colour.ts';
import { makeShow } from './show.ts';
import { isTerminal, letGo } from './streams.ts';
import { type AnswerFlags, flagsFirst, nobody } from './unattended.ts';

export interface RealWorldOptions {
  /** Made at the first call: a command that starts and asks nothing needs none. */
  readonly signal: () => AbortSignal;
  readonly answers: AnswerFlags;
  /** Whether there is a person at a terminal. */
  readonly attended: boolean;
  readonly noColor: boolean;
  /** Whether it is to be read aloud: see plainShow.ts. */
  readonly plain: boolean;
  /** Shows nothing: a program reads the result. */
  readonly silent: boolean;
  readonly quiet: boolean;
  /** Whether several scripts may be at work at once. */
  readonly sideBySide: boolean;
  /** In the place of what stands in .env, where that can't be read. */
  readonly dotEnv?: Record<string, string> | undefined;
}

export async function realWorld(root: string, options: RealWorldOptions): Promise<World> {
  const { signal, dotEnv = readDotEnv(root) } = options;
  const env = { ...dotEnv, ...process.env };
  const redactor = makeRedactor(env, dotEnv);
  const palette = paletteFor('stderr', options);
  const now = () => new Date();
  const ask: Ask = flagsFirst(
    options.answers,
    options.attended ? askedLater(() => personAsk(palette, options, redactor.text)) : nobody,
  );
  const show = options.silent
    ? () => {}
    : (options.plain ? (await import('./plainShow.ts')).makePlainShow : makeShow)({
        palette,
        live: isTerminal('stderr') && !cannotMove(),
        quiet: options.quiet,
        sideBySide: options.sideBySide,
        now,
        redact: redactor.text,
      });
  const { shell, getShellReady } = makeShell(signal, redactor, env);
  return {
    ask,
    now,
    get signal() {
      return signal();
    },
    env,
    redact: redactor.text,
    emit: (event: Event) => show(event),
    shell,
    getShellReady,
    survivors: { of: survivorsOf, end: endSurvivors },
    model: (choice) => makeModel(choice, { ask, env, signal: signal(), shell }),
  };
}

/** What draws a question takes longer to load than a short command has, and most have none. */
function askedLater(load: () => Promise<Ask>): Ask {
  let loaded: Promise<Ask> | undefined;
  const person = () => {
    letGo();
    loaded ??= load();
    return loaded;
  };
  return {
    lacks: () => undefined,
    getReady: () => void person().then((ask) => ask.getReady()),
    choose: async (question) => (await person()).choose(question),
    line: async (message) => (await person()).line(message),
    edit: async (name, text) => (await person()).edit(name, text),
    page: async (files) => (await person()).page(files),
    open: async (path, line) => (await person()).open(path, line),
    paste: async (offer) => (await person()).paste(offer),
  };
}

async function personAsk(
  palette: Palette,
  { plain, signal }: RealWorldOptions,
  redact: (text: string) => string,
): Promise<Ask> {
  return plain || cannotMove()
    ? (await import('./plainAsk.ts')).plainAsk(palette, signal())
    : (await import('./ask.ts')).personAsk(palette, signal(), redact);
}

/** A terminal that only writes on: of an editor, of a log. */
function cannotMove(): boolean {
  return process.env['TERM'] === 'dumb';
}
