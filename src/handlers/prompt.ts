// Fills a prompt template: what it may speak of, and what each part of the result came from.
import { RunbookError } from '../errors.ts';
import { gitDiff, gitLog } from '../git.ts';
import { insideProject } from '../paths.ts';
import { NotPlain, readPlain } from '../plainFile.ts';
import type { Task } from '../runbook/task.ts';
import { requireNoKeys } from '../secretFiles.ts';
import { compile, type Part } from '../templates/compile.ts';
import type { Job } from './outcome.ts';
import { type PromptPart, partsOf, tokensIn } from './size.ts';

export interface Prompt {
  readonly template: string;
  readonly text: string;
  /** About four characters to a token: near enough to say what is coming before it is sent. */
  readonly tokens: number;
  /** The template first, then what went into it. */
  readonly context: readonly PromptPart[];
}

/** What an earlier attempt left for this one. Empty texts on the first. */
export interface Earlier {
  readonly feedback: string;
  readonly previousResponse: string;
  readonly error: string;
}

export const NOTHING_EARLIER: Earlier = { feedback: '', previousResponse: '', error: '' };

/** Throws FILE_NOT_FOUND, TEMPLATE_INVALID or TEMPLATE_UNDEFINED with the place in the template. */
export async function fillTemplate(job: Job, template: string, earlier: Earlier): Promise<Prompt> {
  const { task, runbook, session } = job;
  const compiled = compile(session.root, template, knownNames(task));
  const parts: Part[] = [];
  const variables = {
    task: describeTask(task),
    runbook: { name: runbook.name, description: runbook.description ?? '' },
    outputs: outputsOf(job, parts),
    git: compiled.uses.has('git') ? await gitVariables(job, parts) : {},
    feedback: earlier.feedback,
    previous_response: earlier.previousResponse,
    error: earlier.error,
    ...task.ai?.inputContext,
  };
  const rendered = compiled.render(variables);
  const text = withEarlier(rendered.text, compiled.uses, earlier);
  parts.push(...rendered.parts, { source: 'the reply before', text: earlier.previousResponse });
  parts.push(
    { source: 'what was wrong with it', text: earlier.error },
    { source: 'what to change', text: earlier.feedback },
  );
  return { template, text, tokens: tokensIn(text), context: partsOf(template, text, parts) };
}

/** What every template may speak of, beside the keys of `input_context`. */
const ALWAYS = ['task', 'runbook', 'outputs', 'git', 'feedback', 'previous_response', 'error'];

export function knownNames(task: Task): string[] {
  return [...new Set([...ALWAYS, ...Object.keys(task.ai?.inputContext ?? {})])];
}

function describeTask(task: Task): Record<string, unknown> {
  const { id, name, description = '', tags, outputArtifact = '' } = task;
  return { id, name, description, tags, output_artifact: outputArtifact };
}

/** The texts of earlier tasks' artifacts by task id, read only when the template asks for one. */
function outputsOf({ runbook, session }: Job, parts: Part[]): Record<string, string> {
  const outputs = {};
  const read = (id: string, path: string) => {
    const text = readOutput(session.root, id, path);
    parts.push({ source: path, text });
    return text;
  };
  for (const { id, outputArtifact } of runbook.tasks) {
    if (outputArtifact === undefined) continue;
    Object.defineProperty(outputs, id, { enumerable: true, get: () => read(id, outputArtifact) });
  }
  return outputs;
}

function readOutput(root: string, id: string, path: string): string {
  try {
    const real = insideProject(root, path);
    requireNoKeys(real, path);
    return readPlain(real).toString();
  } catch (error) {
    if (error instanceof RunbookError) throw error;
    if (error instanceof NotPlain) {
      const message = `the template asks for the output of \`${id}\`, but \`${path}\` can't be read: ${error.message}`;
      throw new RunbookError({ code: 'FILE_UNREADABLE', message });
    }
    throw new RunbookError(
      {
        code: 'FILE_NOT_FOUND',
        message: `the template asks for the output of \`${id}\`, but \`${path}\` is not there`,
        hint: `Is \`${id}\` done? \`runbook show ${id}\` tells.`,
      },
      { cause: error },
    );
  }
}

async function gitVariables({ session }: Job, parts: Part[]): Promise<Record<string, string>> {
  const { shell } = session.world;
  const [log, diff] = await Promise.all([gitLog(shell, session.root), gitDiff(shell, session.root)]);
  parts.push({ source: 'git.log', text: log }, { source: 'git.diff', text: diff });
  return { log, diff };
}

/** A template that does not speak of the earlier attempt still has it said: feedback that goes nowhere would be a lie. */
function withEarlier(text: string, uses: ReadonlySet<string>, earlier: Earlier): string {
  const unsaid = [
    ['previous_response', 'Your previous reply was:', earlier.previousResponse],
    ['error', 'What was wrong with it:', earlier.error],
    ['feedback', 'What to change:', earlier.feedback],
  ].filter(([name = '', , value = '']) => value !== '' && !uses.has(name));
  return [text, ...unsaid.map(([, heading, value]) => `${heading}\n\n${value}`)].join('\n\n');
}
