// What is wanted (an edit), where (a spot), and what it comes to (splices of the text), or why it can't be.
import type { YamlPath } from '../yamlReading.ts';
import type { Style } from './render.ts';
import type { Seat } from './seat.ts';
import type { Syntax } from './syntax.ts';

export type Edit =
  /** Replaces the value at `path`, or inserts the key if its map doesn't have it. */
  | { readonly op: 'set'; readonly path: YamlPath; readonly value: unknown }
  /** Adds an item to the list at `path`, which is made if it is missing, null or `[]`. */
  | { readonly op: 'append'; readonly path: YamlPath; readonly value: unknown };

/** Replaces the text from `start` to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /**
   * Where splices meet at one point, the deepest comes first: a value, then the lines that go behind it in its own
   * collection, then those behind that collection. Splices without a depth must meet no other.
   */
  readonly depth?: number;
}

/** Why an edit can't be carried out, and where in the text. */
export class Refusal extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Where an edit takes place. */
export interface Spot {
  readonly syntax: Syntax;
  readonly style: Style;
  readonly seat: Seat;
}
