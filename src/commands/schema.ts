// `schema`: the form of the YAML files as JSON Schema (draft 7), which editors use for completion and checks.
import { Argument, type Command } from 'commander';
import * as z from 'zod/mini';
import { EXIT } from '../errors.ts';
import { detailSchema, runbookSchema } from '../runbook/schema.ts';
import type { Action, Context } from './context.ts';

export function define(command: Command, action: Action): void {
  command
    .addArgument(
      new Argument('[which]', 'of runbook.yaml, or of a task’s detail file')
        .choices(['runbook', 'task'])
        .default('runbook'),
    )
    .addHelpText('before', 'Examples:\n  runbook schema > runbook.schema.json\n  runbook schema task\n')
    .action(action(schema));
}

function schema(context: Context, which: string): number {
  const text = jsonSchema(which === 'task' ? 'task' : 'runbook');
  context.print('schema', JSON.parse(text), () => [text.trimEnd()]);
  return EXIT.ok;
}

/** JSON Schema, draft 7: the one that yaml-language-server supports. */
export function jsonSchema(which: 'runbook' | 'task'): string {
  const converted = z.toJSONSchema(which === 'runbook' ? runbookSchema : detailSchema, {
    target: 'draft-7',
    io: 'input',
  });
  const title = which === 'runbook' ? 'runbook.yaml' : 'A task of a runbook';
  return `${JSON.stringify({ title, ...converted }, null, 2)}\n`;
}
