// What `doctor` says of the models that the runbook names: is there a key, is the program there, does the server answer. All are
// asked at once, for no longer than a few seconds, and for nothing that costs: which models there are.
import { firstLine } from '../git.ts';
import { knownModel } from '../handlers/modelChoice.ts';
import { hostOf, serverOf } from '../models/keys.ts';
import type { ModelSettings, Runbook } from '../runbook/task.ts';
import type { World } from '../world.ts';
import type { Finding } from './finding.ts';
import { PATIENCE_MS } from './machine.ts';

type Surroundings = Pick<World, 'shell' | 'env' | 'signal'>;

export async function modelFindings(runbook: Runbook | undefined, world: Surroundings): Promise<Finding[]> {
  const named = runbook ? namedIn(runbook) : [];
  const agents = ['claude', 'codex', 'gemini'].filter(
    (name) => !named.some(([, settings]) => 'provider' in settings && settings.provider === name),
  );
  const [asked, found] = await Promise.all([
    Promise.all(named.map(([name, settings]) => findingOf(name, settings, world))),
    Promise.all(agents.map((name) => installed(name, world))),
  ]);
  return [...asked, ...found.flat()];
}

/** Those of `models`, and those that tasks name without it. */
function namedIn(runbook: Runbook): [string, ModelSettings | Error][] {
  const open = runbook.tasks.filter(
    ({ type, status }) => type === 'AI_ASSISTED' && !['DONE', 'SKIPPED'].includes(status),
  );
  const names = [...runbook.models.keys(), ...open.flatMap(({ ai }) => ai?.model ?? runbook.defaultModel ?? [])];
  return [...new Set(names)].map((name) => [name, knownModel(runbook, name)]);
}

async function findingOf(name: string, settings: ModelSettings | Error, world: Surroundings): Promise<Finding> {
  const said = (level: Finding['level'], text: string, hint?: string): Finding => ({
    area: 'models',
    level,
    text: `\`${name}\`: ${text}`,
    hint,
  });
  if (settings instanceof Error) return said('wrong', settings.message);
  switch (settings.provider) {
    case 'paste':
      return said('well', 'you ask any chat');
    case 'scripted':
      return said('well', 'replies from a file, no model');
    case 'claude':
    case 'codex':
    case 'gemini': {
      const version = await firstLine(world.shell, settings.provider, ['--version'], PATIENCE_MS);
      if (version === undefined)
        return said(
          'wrong',
          `the program \`${settings.provider}\` is not in the PATH, or does not start`,
          'Install it, and log in.',
        );
      return said(
        'well',
        `${settings.provider} ${version}`.replace(/^(\w+) \1/, '$1'),
        'Whether it is logged in, only a request tells.',
      );
    }
    default:
      return serverFinding(settings, world, said);
  }
}

async function serverFinding(
  settings: ModelSettings,
  { env, signal }: Surroundings,
  said: (level: Finding['level'], text: string, hint?: string) => Finding,
): Promise<Finding> {
  const { url, key, keyName, isNeeded, headers } = serverOf(settings, env);
  if (!URL.canParse(url)) return said('wrong', `its address is no URL: ${url}`);
  const hasKey = key === undefined ? `${keyName} is not set` : `${keyName} is set`;
  if (key === undefined && isNeeded) return said('wrong', hasKey, `Put \`${keyName}=…\` into .env.`);
  const host = hostOf(url);
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/models`, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    await response.body?.cancel();
    if (response.status === 401 || response.status === 403)
      return said('wrong', `${host} refuses the key (${response.status}); ${hasKey}`, 'Is it the right one?');
    return said('well', `${host} answers; ${hasKey}`);
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    const text = isLate ? `did not answer within ${PATIENCE_MS / 1000} s` : 'can’t be reached';
    return said('wrong', `${host} ${text}; ${hasKey}`, 'Is the network up, and the server running?');
  }
}

async function installed(name: string, { shell }: Surroundings): Promise<Finding[]> {
  const version = await firstLine(shell, name, ['--version'], PATIENCE_MS);
  if (version === undefined) return [];
  const text = `${name} is on this machine (${version}); no model here names it`;
  return [{ area: 'models', level: 'well', text }];
}
