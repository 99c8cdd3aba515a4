// What `doctor` says of the machine: Node, git, the terminal.
import { firstLine } from '../git.ts';
import { columnsOf, isTerminal } from '../terminal/streams.ts';
import type { World } from '../world.ts';
import type { Finding } from './finding.ts';

const OLDEST = [20, 19] as const;
/** Nothing here is worth waiting for longer. */
export const PATIENCE_MS = 4000;

export async function machineFindings({ shell, env }: Pick<World, 'shell' | 'env'>): Promise<Finding[]> {
  return [nodeFinding(process.versions.node), await gitFinding(shell), terminalFinding(env)];
}

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const text = `Node ${version}`;
  if (!isOld) return { area: 'machine', level: 'well', text };
  return { area: 'machine', level: 'wrong', text: `${text} is too old`, hint: `Install ${OLDEST.join('.')} or newer.` };
}

async function gitFinding(shell: World['shell']): Promise<Finding> {
  const version = await firstLine(shell, 'git', ['--version'], PATIENCE_MS);
  if (version !== undefined) return { area: 'machine', level: 'well', text: version };
  const hint = 'Only `commit`, `git.diff` and `git.log` need it, and what is uncommitted is not named.';
  return { area: 'machine', level: 'note', text: 'git is not there', hint };
}

function terminalFinding(env: World['env']): Finding {
  const columns = columnsOf('stderr');
  if (isTerminal('stdin') && isTerminal('stderr')) {
    const text = `a terminal${columns === undefined ? '' : ` of ${columns} columns`} (${env['TERM'] ?? 'TERM is not set'})`;
    return { area: 'machine', level: 'well', text };
  }
  const hint = 'Nothing is asked there: `--yes`, `--answer` and the exit codes are for that.';
  return { area: 'machine', level: 'note', text: 'no terminal', hint };
}
