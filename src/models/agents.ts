// The agent CLIs `claude`, `codex` and `gemini`, as they are installed and logged in. Each is asked once, in an empty folder and
// without tools, so that it reads and changes nothing: the prompt is all that it sees. With `tools: true` it works on a copy of
// the project. It prints a JSON object a line.
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { RunbookError } from '../errors.ts';
import type { ShellResult, Usage } from '../events.ts';
import { makeOwnFolder } from '../ownFolder.ts';
import type { ModelSettings } from '../runbook/task.ts';
import type { Environment } from '../secrets.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings, Work } from '../world.ts';
import { copiesOf } from './copies.ts';
import { failed, interrupted } from './faults.ts';
import { geminiWasCut, type Heard, hearClaude, hearCodex, hearGemini } from './hearing.ts';

type AgentName = 'claude' | 'codex' | 'gemini';

interface Asked {
  readonly model: string | undefined;
  readonly folder: string;
  readonly tools: boolean;
  readonly marks: ModelRequest['marks'];
}

interface Agent {
  readonly args: (asked: Asked) => readonly string[];
  readonly env: (folder: string, theirs: Environment) => Readonly<Record<string, string>>;
  /** Whether what it left in its folder tells that its reply was cut, where its output does not. */
  readonly wasCut?: (folder: string) => boolean;
  /** What one line of its output says; empty for lines that say nothing of interest. */
  readonly hear: (line: Readonly<Record<string, unknown>>) => Heard;
}

const AGENTS: Readonly<Record<AgentName, Agent>> = {
  claude: {
    args: ({ model, tools }) => [
      ...[
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        '--include-partial-messages',
        '--no-session-persistence',
      ],
      // Its shell could reach beyond its copy; what it has written is proved by the checks.
      ...['--tools', tools ? 'Read,Edit,Write,Glob,Grep' : ''],
      ...(tools ? ['--permission-mode', 'acceptEdits'] : []),
      ...['--strict-mcp-config', '--setting-sources', '', '--disable-slash-commands'],
      ...(model === undefined ? [] : ['--model', model]),
    ],
    // It would ask again ten times, for minutes.
    env: () => ({ CLAUDE_CODE_MAX_RETRIES: '2' }),
    hear: hearClaude,
  },
  codex: {
    // Its shell stays: it edits through it, in a sandbox of its own that lets nothing be written outside of its folder.
    args: ({ model, tools, marks }) => [
      ...['exec', '--json', '--skip-git-repo-check', '--ephemeral', '--sandbox'],
      ...(tools
        ? ['workspace-write', '-c', 'shell_environment_policy.inherit="core"', ...setBySandbox(marks)]
        : ['read-only', '--disable', 'shell_tool', '--disable', 'unified_exec']),
      ...['-c', 'web_search="disabled"'],
      ...(model === undefined ? [] : ['--model', model]),
      '-',
    ],
    env: () => ({}),
    hear: hearCodex,
  },
  gemini: {
    args: ({ model, folder, tools }) => [
      ...['--output-format', 'stream-json', '--skip-trust', '--extensions', 'none'],
      ...['--policy', join(folder, 'no-tools.toml')],
      ...(tools ? ['--approval-mode', 'auto_edit'] : []),
      ...(model === undefined ? [] : ['--model', model]),
    ],
    env: (folder, theirs) => ({ NO_COLOR: '1', ...telemetryTo(join(folder, TELEMETRY), theirs) }),
    wasCut: (folder) => geminiWasCut(textIn(join(folder, TELEMETRY))),
    hear: hearGemini,
  },
};

/** What its shell starts has a bare environment; by these it is found all the same. JSON's strings are TOML's, too. */
function setBySandbox(marks: Asked['marks']): string[] {
  return Object.entries(marks).flatMap(([name, value]) => [
    '-c',
    `shell_environment_policy.set.${name}=${JSON.stringify(value)}`,
  ]);
}

const TELEMETRY = 'telemetry.json';

/** Only in its telemetry does it tell how a reply ended. Whoever has set that up in the environment keeps it as it is. */
function telemetryTo(file: string, theirs: Environment): Record<string, string> {
  if (Object.keys(theirs).some((name) => name.startsWith('GEMINI_TELEMETRY_'))) return {};
  const settings = { ENABLED: 'true', TARGET: 'local', LOG_PROMPTS: 'false', TRACES_ENABLED: 'false', OUTFILE: file };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`GEMINI_TELEMETRY_${name}`, value]));
}

function textIn(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Some ask their server again and again for as long as they are let. */
const USUAL_TIMEOUT_MS = 10 * 60_000;

/** Throws MODEL_NO_KEY if the program is not there: as with a missing key, another may answer. */
export function agentModel(
  name: AgentName,
  { settings, root }: ModelChoice,
  { env, signal, shell }: Pick<Surroundings, 'env' | 'signal' | 'shell'>,
): Model {
  requireInPath(name, env['PATH']);
  const { model, timeoutMs = USUAL_TIMEOUT_MS, price } = settings;
  const agent = AGENTS[name];
  const copies = settings.tools ? copiesOf(root, shell) : undefined;
  return {
    label: model === undefined ? name : `${name} (${model})`,
    provider: name,
    works: settings.tools,
    price: (input, output) => price && (input * price.input + output * price.output) / 1e6,
    contextWindow: settings.contextWindow,
    async reply(request) {
      const folder = makeOwnFolder();
      try {
        writeFileSync(join(folder, 'no-tools.toml'), settings.tools ? EDITS_ONLY : NO_TOOLS);
        const copy = await copies?.make();
        const listening = listen(agent, request);
        const result = await shell(
          {
            kind: 'program',
            file: name,
            args: agent.args({ model, folder, tools: settings.tools, marks: request.marks }),
          },
          {
            cwd: copy?.folder ?? folder,
            env: { ...agent.env(folder, env), ...request.marks },
            timeoutMs,
            input: asOneText(request),
            onStdout: listening.push,
            onOutput: listening.complain,
          },
        );
        if (signal.aborted) throw interrupted();
        const heard = listening.end();
        const listened = { ...heard, isCut: heard.isCut || (agent.wasCut?.(folder) ?? false) };
        return replyOf(name, listened, result, settings, await copy?.work());
      } finally {
        copies?.remove();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

const NO_TOOLS = '[[rule]]\ntoolName = "*"\ndecision = "deny"\npriority = 999\n';

/** What its shell is for, the checks do; nothing is fetched unseen. */
const EDITS_ONLY = ['run_shell_command', 'web_fetch', 'google_web_search']
  .map((name) => NO_TOOLS.replace('*', name))
  .join('\n');

function requireInPath(name: AgentName, path = ''): void {
  const isThere = path.split(delimiter).some((folder) => folder !== '' && isProgram(join(folder, name)));
  if (isThere || process.platform === 'win32') return;
  throw new RunbookError({
    code: 'MODEL_NO_KEY',
    message: `the model \`${name}\` is the program of that name, which is not in the PATH`,
    hint: 'Install it and log in, or let another answer: `--model paste` needs nothing.',
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** It takes one text: what was said before stands in it. */
function asOneText({ turns }: ModelRequest): string {
  const [first, ...more] = turns.map(({ content }) => content);
  return more.length === 0 ? (first ?? '') : [first, 'Your reply so far:', ...more].join('\n\n');
}

interface Listened {
  readonly text: string;
  readonly trouble: string | undefined;
  readonly usage: Usage;
  readonly isCut: boolean;
  readonly complaint: string;
}

function listen({ hear }: Agent, request: ModelRequest) {
  let [rest, text, complaint] = ['', '', ''];
  /** What came before it was cut, and went on: what it tells as the whole in the end is the last part alone. */
  let before = '';
  let trouble: string | undefined;
  let isCut = false;
  let usage: Usage = { inputTokens: undefined, outputTokens: undefined, cost: undefined };
  const take = (line: string) => {
    const heard = hear(objectIn(line));
    if (heard.text !== undefined) {
      text += heard.text;
      request.onText(heard.text);
    }
    if (heard.begins && isCut) {
      [before, isCut] = [text, false];
      request.onDid('goes on after its token limit');
    }
    if (heard.whole !== undefined) text = before + heard.whole;
    for (const what of heard.did ?? []) request.onDid(what);
    if (heard.thought !== undefined) request.onThought(heard.thought);
    if (heard.retry) request.onRetry(heard.retry.why, heard.retry.waitMs);
    trouble = heard.trouble ?? trouble;
    isCut = heard.isCut ?? isCut;
    usage = heard.usage ?? usage;
  };
  return {
    push(piece: string) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    },
    complain(piece: string) {
      complaint = (complaint + piece).slice(-2000);
    },
    end(): Listened {
      take(rest);
      return { text, trouble, usage, isCut, complaint };
    },
  };
}

/** Some print warnings between their objects. */
function objectIn(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function replyOf(
  name: AgentName,
  listened: Listened,
  result: ShellResult,
  { price }: ModelSettings,
  work: Work | undefined,
): Reply {
  const { text, trouble, usage, isCut: cut, complaint } = listened;
  if (result.end === 'timedOut') throw failed(`${name} did not answer in time`, 'Retry, or set a longer `timeout`.');
  if (result.end === 'notStarted') throw failed(`${name} could not be started: ${result.problem}`, 'Is it installed?');
  if (trouble !== undefined) throw failed(`${name} says: ${trouble.trim().replace(/\.$/, '')}`, hintFor(name, trouble));
  if (result.exitCode !== 0 && !cut) {
    const said = complaint.trim().split('\n').at(-1) ?? '';
    const how = result.exitCode === undefined ? `was ended by ${result.signal}` : `exit ${result.exitCode}`;
    throw failed(`${name}: ${how}${said && `: ${said}`}`, `Try it by itself: \`${name}\`.`);
  }
  if (text.trim() === '' && !cut && !work?.files.length)
    throw failed('the reply is empty', 'Retry, or ask another model.');
  const { inputTokens = 0, outputTokens = 0 } = usage;
  const priced = price && (inputTokens * price.input + outputTokens * price.output) / 1e6;
  return { text, cut, usage: { ...usage, cost: priced ?? usage.cost }, ...(work ? { work } : {}) };
}

function hintFor(name: AgentName, trouble: string): string {
  if (/log ?in|auth|api key|401|403/i.test(trouble)) return `Log in: start \`${name}\` by itself.`;
  if (/connect|network|ENOTFOUND|ECONN/i.test(trouble)) return 'Is the network up?';
  return 'Retry, or ask another model.';
}
