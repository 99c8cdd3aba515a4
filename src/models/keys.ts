// Where a server of a model is, and the key for it: found before anything is sent.
import { RunbookError } from '../errors.ts';
import type { ModelSettings } from '../runbook/task.ts';
import type { Surroundings } from '../world.ts';

type Env = Surroundings['env'];

/** Throws RUNBOOK_INVALID if the runbook's `base_url`, or the variable that stands for it, is no address. */
export function urlOf(
  model: string,
  { baseUrl }: ModelSettings,
  env: Env,
  variable: string,
  usual: string,
): { readonly url: string; readonly host: string } {
  const url = baseUrl ?? (env[variable] || usual);
  if (URL.canParse(url) && /^https?:/.test(url)) return { url, host: new URL(url).host };
  throw new RunbookError({
    code: 'RUNBOOK_INVALID',
    message: `the ${baseUrl === undefined ? `variable \`${variable}\`` : '`base_url`'} of \`${model}\` is not a URL: \`${url}\``,
    hint: 'It looks like `http://127.0.0.1:1234/v1`.',
  });
}

/** A server of one's own often wants no key. Throws MODEL_NO_KEY where one is needed and missing. */
export function keyOf(
  model: string,
  { apiKeyEnv }: ModelSettings,
  env: Env,
  usual: string,
  { isNeeded }: { readonly isNeeded: boolean },
): { readonly key: string | undefined; readonly keyName: string } {
  const keyName = apiKeyEnv ?? usual;
  const key = env[keyName] || undefined;
  if (key !== undefined || !isNeeded) return { key, keyName };
  throw new RunbookError({
    code: 'MODEL_NO_KEY',
    message: `\`${model}\` needs the key \`${keyName}\`, which is not set`,
    hint: `Put \`${keyName}=…\` into .env, or let another answer: \`--model paste\` needs no key.`,
  });
}

/** Where the models of a server are listed, and with what it is asked for them. */
export function serverOf(settings: ModelSettings, env: Env) {
  const isAnthropic = settings.provider === 'anthropic';
  const usual = isAnthropic ? 'https://api.anthropic.com' : 'https://api.openai.com/v1';
  const given = settings.baseUrl ?? (env[isAnthropic ? 'ANTHROPIC_BASE_URL' : 'OPENAI_BASE_URL'] || usual);
  const keyName = settings.apiKeyEnv ?? (isAnthropic ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY');
  const key = env[keyName] || undefined;
  const headers: Record<string, string> = isAnthropic
    ? { 'anthropic-version': '2023-06-01', ...(key === undefined ? {} : { 'x-api-key': key }) }
    : key === undefined
      ? {}
      : { authorization: `Bearer ${key}` };
  const url = isAnthropic ? `${given.replace(/\/v1\/?$/, '')}/v1` : given;
  return { url, key, keyName, isNeeded: given.startsWith(usual), headers };
}

export function hostOf(url: string): string {
  return new URL(url).host;
}
