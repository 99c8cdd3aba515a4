// The person is the model: the prompt goes to the clipboard and to a file, the reply is pasted here or saved to a file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { naming } from '../paths.ts';
import { folderFor } from '../runbook/folder.ts';
import type { Model, ModelChoice, Surroundings } from '../world.ts';

export function pasteModel({ root, settings }: ModelChoice, { ask }: Surroundings): Model {
  return {
    label: 'paste',
    provider: 'paste',
    price: () => undefined,
    contextWindow: settings.contextWindow,
    async reply({ turns, onText }) {
      // The chat in which the person asks knows what came before.
      const prompt = turns.at(-1)?.content ?? '';
      const [promptFile, replyFile] = [join('.runbook', 'prompt.md'), join('.runbook', 'reply.md')];
      folderFor(root);
      for (const [file, text] of [
        [promptFile, prompt],
        [replyFile, ''],
      ] as const)
        naming(join(root, file), () => writeFileSync(join(root, file), text));
      const text = await ask.paste({ prompt, promptFile: join(root, promptFile), replyFile: join(root, replyFile) });
      onText(text);
      return { text, cut: false, usage: { inputTokens: undefined, outputTokens: undefined, cost: undefined } };
    },
  };
}
