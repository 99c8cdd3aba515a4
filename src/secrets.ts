// Values of secrets never reach the journal, a log, the YAML or the screen: they are replaced by `[NAME]`.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { RunbookError } from './errors.ts';
import { readText } from './runbook/source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter values are words such as `true` or `3000`: to hide them would make the screen unreadable and protect nothing. */
const SHORTEST = 6;
/** Not the author of a commit, `GIT_AUTHOR_NAME`. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|PWD|CREDENTIAL|AUTH(?!OR(?!I))/i;

/** The variables of the project's `.env`, which need not be there. */
export function readDotEnv(root: string): Record<string, string> {
  const parsed = parseEnv(textOf(join(root, '.env')));
  return Object.fromEntries(
    Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function textOf(path: string): string {
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

/** Hides the values of `.env`, and of all variables that are named like keys, tokens and passwords. */
export function makeRedactor(environment: Environment, dotEnv: Environment): Redactor {
  const secrets = secretsOf(environment, dotEnv);
  const redact = (text: string) => secrets.reduce((rest, { name, value }) => rest.replaceAll(value, `[${name}]`), text);
  return {
    text: redact,
    stream() {
      let held = '';
      return {
        push(piece) {
          const text = redact(held + piece);
          const keep = beginningHeldBack(text, secrets);
          held = text.slice(text.length - keep);
          return text.slice(0, text.length - keep);
        },
        end() {
          const rest = held;
          held = '';
          return rest;
        },
      };
    },
  };
}

interface Secret {
  readonly name: string;
  readonly value: string;
}

function secretsOf(environment: Environment, dotEnv: Environment): Secret[] {
  const named = Object.entries(environment).filter(([name]) => SECRET_NAME.test(name));
  const found = [...Object.entries(dotEnv), ...named].flatMap(([name, value]) =>
    value === undefined ? [] : formsOf(name, value.trim()),
  );
  // The longest first, so that a secret which contains another is hidden whole.
  return found.sort((a, b) => b.value.length - a.value.length);
}

/** A secret as it is, whole and line by line, and as it stands in a URL, in JSON or in base64. */
function formsOf(name: string, value: string): Secret[] {
  // A path says where a secret is, such as that of an agent's socket, and is none itself.
  if (value.length < SHORTEST || (value.startsWith('/') && existsSync(value))) return [];
  const strict = encodeURIComponent(value).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const inUrl = [encodeURIComponent(value), strict].flatMap((form) => [
    form,
    form.replaceAll(/%../g, (hex) => hex.toLowerCase()),
  ]);
  const lines = value.split(/\r?\n/).filter((line) => line.length >= SHORTEST);
  const forms = [value, ...lines, ...inUrl, JSON.stringify(value).slice(1, -1), ...inBase64(value)];
  return [...new Set(forms)].map((form) => ({ name, value: form }));
}

/** The characters that a text makes for sure in a longer one, wherever it begins there: three bytes make four characters. */
function inBase64(value: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const sure = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)] as const;
    return (['base64', 'base64url'] as const).map((alphabet) => bytes.toString(alphabet).slice(...sure));
  });
}

/** How many characters at the end could be the beginning of a secret. */
function beginningHeldBack(text: string, secrets: readonly Secret[]): number {
  let longest = 0;
  for (const { value } of secrets) {
    for (let length = Math.min(value.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(value.slice(0, length))) longest = length;
    }
  }
  return longest;
}
