// The real world: this terminal (or nobody), real processes, real models, the clock.
import type { Event } from '../events.ts';
import { makeModel } from '../models/index.ts';
import { makeRedactor, readDotEnv } from '../secrets.ts';
import { makeShell } from '../shell.ts';
import { endSurvivors, survivorsOf } from '../survivors.ts';
import type { Ask, World } from '../world.ts';
import { paletteFor } from './colour.ts';
import { makeShow } from './show.ts';
import { isTerminal } from './streams.ts';
import { type AnswerFlags, flagsFirst, nobody } from './unattended.ts';

export interface RealWorldOptions {
  readonly signal: AbortSignal;
  readonly answers: AnswerFlags;
  /** Whether there is a person at a terminal. */
  readonly attended: boolean;
  readonly noColor: boolean;
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
    options.attended ? (await import('./ask.ts')).personAsk(palette, signal, redactor.text) : nobody,
  );
  const show = options.silent
    ? () => {}
    : makeShow({
        palette,
        live: isTerminal('stderr'),
        quiet: options.quiet,
        sideBySide: options.sideBySide,
        now,
        redact: redactor.text,
      });
  const shell = makeShell(signal, redactor, env);
  return {
    ask,
    now,
    signal,
    env,
    redact: redactor.text,
    emit: (event: Event) => show(event),
    shell,
    survivors: { of: survivorsOf, end: endSurvivors },
    model: (choice) => makeModel(choice, { ask, env, signal, shell }),
  };
}
