// Values of secrets never reach the journal, a log, the YAML or the screen: they are replaced by `[NAME]`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { RunbookError } from './errors.ts';
import { isAbsent } from './paths.ts';
import { type Reading, readingsOf } from './readings.ts';
import { readText } from './runbook/source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter values are words such as `true` or `3000`: to hide them would make the screen unreadable and protect nothing. */
const SHORTEST = 6;
const SECRET_WORDS = ['KEY', 'TOKEN', 'SECRET', 'PASS', 'PWD', 'CREDENTIAL'];

/** The variables of the project's `.env`, which need not be there. */
export function readDotEnv(root: string): Record<string, string> {
  const text = textOf(join(root, '.env'));
  if (text === '') return {};
  // Some editors begin it with a byte order mark, which would be a part of the first name.
  const parsed = parseEnv(text.replace(/^\uFEFF/, ''));
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function textOf(path: string): string {
  // Mostly there is none, and an error takes longer to make than to look.
  if (isAbsent(path)) return '';
  try {
    return readText(path, '.env');
  } catch (error) {
    if (!(error instanceof RunbookError)) throw error;
    if (error.code === 'FILE_NOT_FOUND') return '';
    // Without the place: its line would show a secret.
    const hint = 'It is a text file in UTF-8, with lines such as `NAME=value`.';
    throw new RunbookError({ code: error.code, message: error.message, hint }, { cause: error });
  }
}

export interface Redactor {
  readonly text: (text: string) => string;
  /** For a stream: a secret that is split over pieces is found, since what might be its beginning is held back. */
  readonly stream: () => { readonly push: (piece: string) => string; readonly end: () => string };
}

const NOTHING_TO_HIDE: Redactor = {
  text: (text) => text,
  stream: () => ({ push: (piece) => piece, end: () => '' }),
};

/** Hides the values of `.env`, and of all variables that are named like keys, tokens and passwords. */
export function makeRedactor(environment: Environment, dotEnv: Environment): Redactor {
  const secrets = secretsOf(environment, dotEnv);
  if (secrets.length === 0) return NOTHING_TO_HIDE;
  const beginnings = beginningsOf(secrets);
  const mayHold = secretsSought(secrets);
  const foundIn = (readings: readonly Reading[]) =>
    foundAmong(
      readings.filter(({ text }) => mayHold(text)),
      secrets,
    );
  return {
    text: (text) => hidden(text, 0, text.length, foundIn(readingsOf(text))),
    stream() {
      let [before, held] = ['', ''];
      const pass = (text: string, until: number, found: readonly Found[]) => {
        const told = hidden(text, before.length, until, found);
        held = text.slice(until);
        before = text.slice(Math.max(0, until - CONTEXT), until);
        return told;
      };
      return {
        push(piece) {
          const text = before + held + piece;
          const readings = readingsOf(text, true);
          const found = foundIn(readings);
          const mayBegin = Math.min(text.length, ...readings.map((reading) => beginningIn(reading, beginnings)));
          // What is found already may be a part of what is still coming.
          const across = found.find(({ start, end }) => start < mayBegin && end > mayBegin);
          return pass(text, Math.max(before.length, across?.start ?? mayBegin), found);
        },
        end() {
          const text = before + held;
          const told = pass(text, text.length, foundIn(readingsOf(text)));
          before = '';
          return told;
        },
      };
    },
  };
}

/** How much of what is told already is kept to look at: whether a line is long enough to be one of several. */
const CONTEXT = 80;

interface Secret {
  readonly name: string;
  readonly value: string;
}

/** A stretch of a text that tells a secret. */
interface Found {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Of a private key, say, its beginning is enough to look more closely. */
const SOUGHT = 16;

/**
 * Tells where none of them can be, which is almost everywhere: all are looked for at once, since one after the other takes longer
 * than all else that becomes of a script's output.
 */
function secretsSought(secrets: readonly Secret[]): (text: string) => boolean {
  if (secrets.length === 0) return () => false;
  const beginnings = new Set(secrets.map(({ value }) => value.slice(0, SOUGHT)));
  const any = new RegExp([...beginnings].map((text) => text.replaceAll(/[^\w]/g, escaped)).join('|'));
  return (text) => any.test(text);
}

/** A character of a secret, whichever it is, as a regular expression has it. */
function escaped(letters: string): string {
  return `\\u${letters.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Each stretch once, in order: those that overlap are one, by the name of the first. */
function foundAmong(readings: readonly Reading[], secrets: readonly Secret[]): Found[] {
  const all: Found[] = [];
  for (const { text, from, to } of readings) {
    for (const { name, value } of secrets) {
      for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
        all.push({ name, start: from(at), end: to(at + value.length - 1) });
    }
  }
  all.sort((a, b) => a.start - b.start || b.end - a.end);
  const found: Found[] = [];
  for (const one of all) {
    const last = found.at(-1);
    if (last && one.start < last.end) found[found.length - 1] = { ...last, end: Math.max(last.end, one.end) };
    else found.push(one);
  }
  return found;
}

/** A stretch of the text with what was found in it replaced. */
function hidden(text: string, from: number, until: number, found: readonly Found[]): string {
  let told = '';
  let at = from;
  for (const { name, start, end } of found) {
    if (start < from || end > until) continue;
    told += `${text.slice(at, start)}[${name}]`;
    at = end;
  }
  return told + text.slice(at, until);
}

/** The secrets by their first character, so that few are compared. */
interface Beginnings {
  readonly longest: number;
  readonly byFirst: ReadonlyMap<string, readonly Secret[]>;
}

function beginningsOf(secrets: readonly Secret[]): Beginnings {
  const byFirst = new Map<string, Secret[]>();
  for (const secret of secrets) {
    const first = secret.value.charAt(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), secret]);
  }
  return { longest: Math.max(0, ...secrets.map(({ value }) => value.length)), byFirst };
}

/** Where in the text the last characters begin that could be the beginning of a secret. */
function beginningIn({ text, from, cut }: Reading, { longest, byFirst }: Beginnings): number {
  for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++) {
    const tail = text.slice(at);
    const begins = byFirst
      .get(text.charAt(at))
      ?.some(({ value }) => value.length > tail.length && value.startsWith(tail));
    if (begins) return Math.min(from(at), cut);
  }
  return cut;
}

function secretsOf(environment: Environment, dotEnv: Environment): Secret[] {
  const names = Object.keys(environment).filter((name) => !FOLDERS.includes(name));
  // Mostly there is none, and that is soon found out of all of them at once.
  const secretNames = isSecretName(names.join('\n')) ? names.filter(isSecretName) : [];
  const named = secretNames.map((name) => [name, environment[name]] as const);
  const passwords = Object.entries(environment).map(([name, value]) => [name, passwordIn(value)] as const);
  const found = [...Object.entries(dotEnv), ...named, ...passwords].flatMap(([name, value]) =>
    value === undefined ? [] : formsOf(name, value.trim()),
  );
  return [...new Map(found.map((secret) => [secret.value, secret])).values()];
}

function isSecretName(name: string): boolean {
  const upper = name.toUpperCase();
  if (SECRET_WORDS.some((word) => upper.includes(word))) return true;
  // Not the author of a commit, `GIT_AUTHOR_NAME`.
  return upper.includes('AUTH') && /AUTH(?!OR(?!I))/.test(upper);
}

/** What a shell says of where it is. They may be gone, and then are no path of what exists. */
const FOLDERS = ['PWD', 'OLDPWD'];

/** The password in `postgres://user:password@host/`: a program that connects to it may tell that part alone. */
function passwordIn(value: string | undefined): string | undefined {
  if (!value?.includes('://')) return undefined;
  const [, password] = /^[a-z][a-z\d+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(value) ?? [];
  return password;
}

/**
 * A secret as it is, whole and line by line, in base64 and in hexadecimal. What stands in it as an escape, in a URL or in JSON,
 * is undone in the text (`readingsOf`).
 */
function formsOf(name: string, value: string): Secret[] {
  // A path says where a secret is, such as that of an agent's socket, and is none itself.
  if (value.length < SHORTEST || (value.startsWith('/') && existsSync(value))) return [];
  const lines = value.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
  const inHex = Buffer.from(value).toString('hex');
  const decoded = [value, unescaped(value)];
  const spelt = [...decoded, ...decoded.map((text) => text.replaceAll(' ', '+'))];
  // Escapes of single bytes are undone to single bytes.
  const inBytes = spelt.map((text) => Buffer.from(text).toString('latin1'));
  const forms = [...spelt, ...inBytes, ...lines, ...decoded.flatMap(inBase64), inHex, inHex.toUpperCase()];
  return [...new Set(forms)].map((form) => ({ name, value: form }));
}

/** A password in a URL is written with escapes, and told without them. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The characters that a text makes for sure in a longer one, wherever it begins there: three bytes make four characters. */
function inBase64(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const sure = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)] as const;
    return (['base64', 'base64url'] as const).map((alphabet) => bytes.toString(alphabet).slice(...sure));
  });
}
