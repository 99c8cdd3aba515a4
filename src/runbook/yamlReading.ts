// What is read from a YAML text, whoever reads it.
import type { Outline } from './outline.ts';

export type YamlPath = readonly (string | number)[];

/** As offsets in the text, in UTF-16 units. */
export type Range = readonly [start: number, end: number];

export interface YamlReading {
  /** Plain maps, lists and scalars. An empty file is null. */
  readonly value: unknown;
  /** The same as in `tasks` of the value, and sooner there. Undefined if there is none. */
  readonly entry?: (index: number) => unknown;
  /** Of `tasks`, where it is known without them. */
  readonly outline?: Outline | undefined;
  /** Where the value at `path` stands, or its key, or the nearest thing around it that is written. */
  readonly rangeOf: (path: YamlPath, part: 'key' | 'value') => Range;
}

/** `start` and `end` are offsets in the text. */
export interface SyntaxMistake {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** Why a text can't be read, and where. */
export class SyntaxRefusal extends Error {
  readonly mistake: SyntaxMistake;

  constructor(mistake: SyntaxMistake) {
    super(mistake.message);
    this.mistake = mistake;
  }
}
