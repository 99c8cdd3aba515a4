// `schema`: the form of the YAML files, and of what `--json` prints, as JSON Schema (draft 7), which editors know.
import { Argument, type Command } from 'commander';
import * as z from 'zod/mini';
import { EXIT } from '../errors.ts';
import { detailSchema, FIELDS, OWN_KEY, runbookSchema } from '../runbook/schema.ts';
import type { Action, Context } from './context.ts';
import { ERROR, envelope, type Kind, OUTPUT } from './output.ts';

const KINDS = Object.keys(OUTPUT) as Kind[];
const SCHEMAS = ['runbook', 'task', ...KINDS.map((kind) => `json/${kind}`), 'json/error'];

export function define(command: Command, action: Action): void {
  command
    .addArgument(
      new Argument('[which]', 'of runbook.yaml, of a task’s detail file, or of a kind of --json')
        .choices([...SCHEMAS, 'all'])
        .default('runbook'),
    )
    .addHelpText(
      'before',
      'Examples:\n  runbook schema > runbook.schema.json\n  runbook schema task\n  runbook schema json/status      what `runbook status --json` prints\n  runbook schema all              all of them by name, in one object\n',
    )
    .action(action(schema));
}

function schema(context: Context, which: string): number {
  const wanted = which === 'all' ? Object.fromEntries(SCHEMAS.map((name) => [name, toSchema(name)])) : toSchema(which);
  context.print('schema', wanted, () => [JSON.stringify(wanted, null, 2)]);
  return EXIT.ok;
}

/** The text of a schema's file. */
export function jsonSchema(which: 'runbook' | 'task'): string {
  return `${JSON.stringify(toSchema(which), null, 2)}\n`;
}

/** JSON Schema, draft 7: the one that yaml-language-server supports. */
function toSchema(which: string): Record<string, unknown> {
  const { title, form, io } = described(which);
  const override = io === 'input' ? forEditors : () => {};
  return { title, ...z.toJSONSchema(form, { target: 'draft-7', io, override }) };
}

/** For editors: no `null` is offered as a value, a key has one place for what it means, and what `validate` warns of is marked. */
function forEditors({ jsonSchema: schema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (schema.properties && isNamed(Object.keys(schema.properties))) {
    schema.additionalProperties = false;
    schema.patternProperties = { [OWN_KEY.source]: {} };
  }
  const [value, nothing, ...others] = schema.anyOf ?? [];
  if (value === undefined || nothing?.type !== 'null' || others.length > 0) return;
  if (value.description !== undefined) schema.description = value.description;
  schema.anyOf = [value, { not: { type: ['string', 'number', 'boolean', 'object', 'array'] } } as typeof schema];
}

const isNamed = (keys: readonly string[]) => Object.values(FIELDS).some((known) => String(known) === String(keys));

function described(which: string): { title: string; form: z.ZodMiniType; io: 'input' | 'output' } {
  if (which === 'runbook') return { title: 'runbook.yaml', form: runbookSchema, io: 'input' };
  if (which === 'task') return { title: 'A task of a runbook', form: detailSchema, io: 'input' };
  if (which === 'json/error') return { title: 'What --json prints on stderr', form: ERROR, io: 'output' };
  const kind = KINDS.find((name) => which === `json/${name}`);
  if (kind === undefined) throw new Error(`there is no schema ${which}`);
  return { title: `What --json prints: ${kind}`, form: envelope(kind), io: 'output' };
}
