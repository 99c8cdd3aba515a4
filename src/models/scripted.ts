// Replies from a file, for tests and demos. It says on the screen and in the journal that no model answered.
import * as z from 'zod/mini';
import { type Place, RunbookError } from '../errors.ts';
import type { Usage } from '../events.ts';
import { insideProject } from '../paths.ts';
import { checked } from '../runbook/mistakes.ts';
import { readText, readYaml } from '../runbook/source.ts';
import type { ModelSettings } from '../runbook/task.ts';
import type { Model, ModelChoice, ModelRequest, Reply, Surroundings } from '../world.ts';

const text = z.string({ error: 'text' });
const repliesSchema = z.object(
  {
    replies: z.array(
      z.strictObject(
        {
          task: z.optional(text),
          match: z.optional(text),
          attempt: z.optional(z.int({ error: 'a whole number' })),
          reply: z.optional(text),
          file: z.optional(text),
        },
        { error: 'a map of `task`, `match`, `attempt` and either `reply` or `file`' },
      ),
      { error: 'a list of replies' },
    ),
  },
  { error: 'a map with `replies`' },
);

type Scripted = z.infer<typeof repliesSchema>['replies'][number];

export function scriptedModel({ settings, root, name }: ModelChoice, { signal }: Surroundings): Model {
  if (settings.replies === undefined) {
    throw new RunbookError({
      code: 'MODEL_UNKNOWN',
      message: `the scripted model \`${name}\` names no file of \`replies\``,
      hint: 'models: {NAME: {provider: scripted, replies: replies.yaml}}',
    });
  }
  const replies = readReplies(root, settings.replies);
  return {
    label: 'scripted replies (no model)',
    provider: 'scripted',
    price: priceOf(settings),
    contextWindow: settings.contextWindow,
    async reply(request) {
      const text = textOf(root, replies, request, settings.replies ?? '');
      // In lines, as a stream would come, so that what watches it is tried too.
      for (const line of text.split(/(?<=\n)/)) {
        if (signal.aborted) throw new RunbookError({ code: 'INTERRUPTED', message: 'interrupted' });
        request.onText(line);
      }
      return { text, cut: false, usage: usageOf(settings, request, text) } satisfies Reply;
    },
  };
}

/** It costs nothing, unless the runbook says what it is to cost: then a budget can be tried on it. */
function priceOf({ price }: ModelSettings): Model['price'] {
  return (input, output) => (price ? (input * price.input + output * price.output) / 1e6 : 0);
}

function usageOf(settings: ModelSettings, { turns }: ModelRequest, reply: string): Usage {
  if (!settings.price) return { inputTokens: 0, outputTokens: 0, cost: 0 };
  const inputTokens = Math.ceil(turns.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const outputTokens = Math.ceil(reply.length / 4);
  return { inputTokens, outputTokens, cost: priceOf(settings)(inputTokens, outputTokens) };
}

function readReplies(root: string, file: string): readonly Scripted[] {
  const source = readYaml(root, insideProject(root, file));
  const parsed = checked(repliesSchema, source.value, source, [], (trouble) => {
    throw new RunbookError(trouble);
  });
  const replies = parsed?.replies ?? [];
  for (const [i, entry] of replies.entries()) requireText(root, entry, source.place(['replies', i, 'file']));
  return replies;
}

/** Throws if an entry has no reply, or its file can't be read: found before anything is asked for. */
function requireText(root: string, { reply, file }: Scripted, at: Place): void {
  if ((reply === undefined) === (file === undefined)) {
    throw new RunbookError({
      code: 'RUNBOOK_INVALID',
      message: 'a scripted reply has either `reply` or `file`',
      at,
      hint:
        file === undefined ? 'Write the text: `reply: …`, or the path of a file: `file: …`.' : 'Take one of them out.',
    });
  }
  if (file !== undefined) readText(insideProject(root, file, at), file, at);
}

/** The first entry whose conditions all hold. */
function textOf(root: string, replies: readonly Scripted[], request: ModelRequest, file: string): string {
  const { taskId, turns, attempt } = request;
  const prompt = turns.map(({ content }) => content).join('\n\n');
  const found = replies.find(
    (entry) =>
      (entry.task === undefined || entry.task === taskId) &&
      (entry.attempt === undefined || entry.attempt === attempt) &&
      (entry.match === undefined || prompt.includes(entry.match)),
  );
  if (!found) {
    throw new RunbookError({
      code: 'MODEL_FAILED',
      message: `\`${file}\` has no reply for request ${attempt} of \`${taskId}\``,
      hint: 'Add one, with `task`, `attempt` or `match`.',
    });
  }
  return found.reply ?? readText(insideProject(root, found.file ?? ''), found.file ?? '');
}
