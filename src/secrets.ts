// Values of secrets never reach the journal, a log, the YAML or the screen: they are replaced by `[NAME]`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { errnoOf } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Shorter values are words such as `true` or `3000`: to hide them would make the screen unreadable and protect nothing. */
const SHORTEST = 6;
const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH/i;

/** The variables of the project's `.env`, which need not be there. */
export function readDotEnv(root: string): Record<string, string> {
  try {
    const parsed = parseEnv(readFileSync(join(root, '.env'), 'utf8'));
    return Object.fromEntries(
      Object.entries(parsed).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw error;
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

/** A secret as it is, and as it stands in a URL, in JSON or in base64. */
function formsOf(name: string, value: string): Secret[] {
  if (value.length < SHORTEST || value.startsWith('/')) return [];
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
  ];
  return [...new Set(forms)].map((form) => ({ name, value: form }));
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
