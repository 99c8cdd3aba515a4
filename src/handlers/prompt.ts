// Fills a prompt template: what it may speak of, and what each part of the result came from.
import { RunbookError } from '../errors.ts';
import { gitDiff, gitLog } from '../git.ts';
import { insideProject } from '../paths.ts';
import { NotPlain, readPlain } from '../plainFile.ts';
import type { Task } from '../runbook/task.ts';
import { requireNoKeys } from '../secretFiles.ts';
import { compile } from '../templates/compile.ts';
import type { Job } from './outcome.ts';

export interface Prompt {
  readonly template: string;
  readonly text: string;
  /** About four characters to a token: near enough to say what is coming before it is sent. */
  readonly tokens: number;
  readonly context: readonly { readonly source: string; readonly chars: number }[];
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
  const variables = {
    task: describeTask(task),
    runbook: { name: runbook.name, description: runbook.description ?? '' },
    outputs: outputsOf(job),
    git: compiled.uses.has('git') ? await gitVariables(job) : {},
    feedback: earlier.feedback,
    previous_response: earlier.previousResponse,
    error: earlier.error,
    ...task.ai?.inputContext,
  };
  const rendered = compiled.render(variables);
  const text = withEarlier(rendered.text, compiled.uses, earlier);
  return { template, text, tokens: Math.ceil(text.length / 4), context: rendered.parts };
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
function outputsOf({ runbook, session }: Job): Record<string, string> {
  const outputs = {};
  for (const { id, outputArtifact } of runbook.tasks) {
    if (outputArtifact === undefined) continue;
    Object.defineProperty(outputs, id, { enumerable: true, get: () => readOutput(session.root, id, outputArtifact) });
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

async function gitVariables({ session }: Job): Promise<Record<string, string>> {
  const { shell } = session.world;
  const [log, diff] = await Promise.all([gitLog(shell, session.root), gitDiff(shell, session.root)]);
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
