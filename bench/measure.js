// Times whole processes. All cases of a group take turns, so that a busy moment of the machine meets each of them; figures are medians.
import { spawnSync } from 'node:child_process';

/** NODE_EXTRA_CA_CERTS adds tens of milliseconds to each start of Node where it is set. */
function environment() {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return env;
}

/**
 * A case: `name`, `command` (argv), `cwd`, and where needed `env`, `before` (called before each round, untimed; it may say the `cwd`
 * of that round), `other` (the argv of every other round) and `peer` (one that fails is left out). Returns the milliseconds of each
 * round and their median, by name.
 */
export function inTurns(cases, rounds) {
  const results = new Map(cases.map(({ name }) => [name, []]));
  // The first round fills the disk's cache.
  for (let round = -1; round < rounds; round++) {
    for (const { name, command, other, cwd, env, before, peer } of cases) {
      if (!results.has(name)) continue;
      const here = before?.() ?? cwd;
      const argv = round % 2 === 0 ? command : (other ?? command);
      const began = process.hrtime.bigint();
      const { status, stderr, stdout, error } = spawnSync(argv[0], argv.slice(1), {
        cwd: here,
        env: { ...environment(), ...env },
        encoding: 'utf8',
        maxBuffer: 1e9,
      });
      const ms = Number(process.hrtime.bigint() - began) / 1e6;
      if (status !== 0) {
        const how = `${name} ended with ${status ?? error}: ${stderr || stdout}`;
        if (!peer) throw new Error(how);
        process.stderr.write(`left out: ${how}\n`);
        results.delete(name);
      } else if (round >= 0) results.get(name)?.push(ms);
    }
  }
  return new Map([...results].map(([name, ms]) => [name, { ms, median: median(ms) }]));
}

/** The most memory that a command takes, in megabytes; undefined where there is no `/usr/bin/time` of GNU. */
export function peakMegabytes({ command, cwd, env }) {
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...command], {
    cwd,
    env: { ...environment(), ...env },
    encoding: 'utf8',
    maxBuffer: 1e9,
  });
  const kilobytes = Number(stderr?.trim().split('\n').at(-1));
  return status === 0 && Number.isFinite(kilobytes) ? kilobytes / 1024 : undefined;
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
