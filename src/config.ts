// The person's own settings, for all their runbooks: $XDG_CONFIG_HOME/runbook/config.yaml. Flags, variables and the runbook beat them.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { RunbookError } from './errors.ts';
import { settingsOf } from './runbook/formBySchema.ts';
import { readYaml } from './runbook/source.ts';
import type { Environment } from './secrets.ts';

export interface Config {
  /** Answers where neither a flag, nor the task, nor the runbook names a model. */
  readonly model: string | undefined;
}

/** The settings, or none if there is no such file. Throws YAML_SYNTAX or RUNBOOK_INVALID with the place in it. */
export function readConfig(environment: Environment): Config {
  const path = join(environment.XDG_CONFIG_HOME || join(homeIn(environment), '.config'), 'runbook', 'config.yaml');
  if (!existsSync(path)) return { model: undefined };
  const source = readYaml(dirname(path), path);
  const raw = settingsOf(source, (trouble) => {
    throw new RunbookError(trouble);
  });
  return { model: raw?.model ?? undefined };
}

/** As `homedir` finds it, whose module is loaded only where it has to be. */
function homeIn({ HOME: home }: Environment): string {
  return (process.platform !== 'win32' && home) || homedir();
}
