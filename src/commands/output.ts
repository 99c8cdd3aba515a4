// What `--json` prints, kind by kind. One description serves three: the types that the commands print by, the JSON Schemas in
// the package, and the tests that hold every object against them. Only `schema` loads it; the others take its types.
import * as z from 'zod/mini';
import { STATUSES, TASK_TYPES } from '../runbook/vocabulary.ts';

const status = z.enum(STATUSES);
const type = z.enum(TASK_TYPES);
const id = z.string().check(z.describe('The id of a task.'));
const maybe = <T extends z.ZodMiniType>(schema: T) => z.union([schema, z.null()]);
const place = z
  .strictObject({
    file: z.string(),
    line: z.int(),
    column: z.int(),
    length: z.int(),
    text: z.string().check(z.describe('The whole line.')),
  })
  .check(z.describe('A place in a file. Line and column count from 1, in UTF-16 units.'));
const trouble = z.strictObject({
  code: z.string(),
  message: z.string(),
  at: maybe(place),
  hint: maybe(z.string().check(z.describe('What to do about it.'))),
});
const issue = z.strictObject({
  timestamp: z.optional(z.string()),
  type: z.optional(z.string()),
  detail: z.optional(z.string()),
  resolution: z.optional(z.string()),
});
const change = z.strictObject({ id, from: status, to: status });
const moment = z
  .strictObject({
    timestamp: maybe(z.string()),
    run_id: maybe(z.string()),
    task_id: maybe(id),
    event_type: z.string().check(z.describe('As in the journal.')),
    from: maybe(status),
    to: maybe(status),
    by: z.enum(['run', 'command', 'hand', 'tool']),
    command: maybe(z.string()).check(z.describe('`skip`, where a command of that name did it.')),
    at: maybe(z.string()).check(z.describe('`file:line` of what a hand wrote.')),
    decided_by: maybe(z.string()).check(z.describe('Who answered: `person`, `--yes`, `--answer`, `nobody`.')),
    started: maybe(z.string()),
    ms: maybe(z.number()),
    cost_usd: maybe(z.number()),
    log: maybe(z.string()),
    note: maybe(z.string()),
  })
  .check(z.describe('Of the journal. A start and the end that follows it in the same run are one, from start to end.'));
const totals = { runs: z.int(), starts: z.int(), retries: z.int(), ms: z.number(), cost_usd: z.number() };
const fileChange = z.strictObject({ file: z.string(), before: z.string(), after: z.string() });

export const OUTPUT = {
  status: z.strictObject({
    name: z.string(),
    counts: z
      .record(z.string(), z.int())
      .check(z.describe('How many tasks: `total`, and for each status that occurs.')),
    next: maybe(id),
    errors: z.array(z.strictObject({ id, issue: maybe(issue) })),
    interrupted: z.array(id).check(z.describe('RUNNING, and their runner is gone.')),
    taken: z
      .array(z.strictObject({ id, by: z.string(), since: z.string() }))
      .check(z.describe('RUNNING, and carried out elsewhere: see `start --by`.')),
    unsettled: z
      .array(z.strictObject({ id, kind: z.enum(['handEdit', 'recovered', 'readied']), from: status, to: status }))
      .check(z.describe('What the next start will journal or write.')),
    waiting: z.array(z.strictObject({ id, waits_for: z.array(id) })),
    holder: maybe(z.strictObject({ pid: z.int(), host: z.string(), since: z.string(), task_id: maybe(id) })),
    spent: z.strictObject({ ms: z.number(), cost_usd: z.number() }),
    last_activity: maybe(z.string()),
  }),
  list: z.array(
    z.strictObject({
      id,
      name: z.string(),
      type,
      status,
      depends_on: z.array(id),
      waits_for: z.array(id),
      tags: z.array(z.string()),
      taken_by: maybe(z.string()).check(z.describe('Who carries it out elsewhere: see `start --by`.')),
    }),
  ),
  task: z.strictObject({
    id,
    name: z.string(),
    description: maybe(z.string()),
    type,
    status,
    depends_on: z.array(id),
    waits_for: z.array(id),
    taken: maybe(z.strictObject({ by: z.string(), since: z.string() })),
    written_at: z.array(z.string()).check(z.describe('`file:line` of its status, in each of its files.')),
    tags: z.array(z.string()),
    output_artifact: maybe(z.string()),
    ai_details: maybe(
      z.strictObject({
        model: maybe(z.string()),
        prompt_template: maybe(z.string()),
        input_context: z.record(z.string(), z.unknown()),
        output_parser: maybe(z.string()),
        review_points: z.array(z.string()),
        fallback_prompt_template: maybe(z.string()),
      }),
    ),
    manual_instructions: maybe(z.union([z.string(), z.array(z.string())])),
    script_details: maybe(z.strictObject({ command: z.string(), cwd: z.string(), timeout_ms: maybe(z.number()) })),
    checks: z.array(z.strictObject({ name: maybe(z.string()), command: z.string() })),
    last_run: maybe(z.record(z.string(), z.unknown())),
    issues: z.array(issue),
    log: maybe(z.string()),
  }),
  why: z.strictObject({
    id,
    name: z.string(),
    type,
    status,
    reason: z.string().check(z.describe('Why it has this status, in words.')),
    waits_for: z
      .array(
        z.strictObject({
          id,
          status,
          at: z.string(),
          first_cause: z.boolean(),
          waits_for: z.array(id),
          reason: z.string(),
          commands: z.array(z.string()),
        }),
      )
      .check(z.describe('The whole chain. Each comes after what it waits for itself.')),
    commands: z.array(z.string()).check(z.describe('Those that move it on.')),
    written_at: z.array(z.strictObject({ at: z.string(), status: maybe(status) })),
    unsettled: maybe(
      z.strictObject({ kind: z.enum(['handEdit', 'recovered', 'readied']), from: status, at: z.string() }),
    ),
    taken: maybe(z.strictObject({ by: z.string(), since: z.string() })).check(
      z.describe('Who carries it out elsewhere.'),
    ),
    set_by: maybe(moment).check(z.describe('What gave it the status that it has, if the journal tells.')),
    last_run: maybe(z.record(z.string(), z.unknown())),
    issue: maybe(issue).check(z.describe('The latest one, if it is open.')),
    log: maybe(z.string()),
    history: z.array(moment).check(z.describe('The latest changes of its status, newest last.')),
    earlier: z.int().check(z.describe('How many came before these.')),
    unreadable_lines: z.int(),
  }),
  prompt: z
    .strictObject({
      task_id: id,
      template: z.string(),
      text: z
        .string()
        .check(z.describe('Values of secrets are replaced by their names; they would be sent as they are.')),
      tokens: z.int().check(z.describe('About: four characters to a token.')),
      model: maybe(z.string()).check(z.describe('Null where a person would be asked, or its key is missing.')),
      context_window: maybe(z.int()),
      parts: z.array(
        z.strictObject({
          source: z.string().check(z.describe('The template first; a path, `git.log` or `git.diff`.')),
          tokens: z.int(),
          lines: maybe(z.array(z.int())).check(z.describe('The first and the last line of the text that it fills.')),
        }),
      ),
    })
    .check(z.describe('What would be sent for a task. Nothing was.')),
  history: z.strictObject({
    moments: z.array(moment).check(z.describe('Newest last.')),
    earlier: z.int().check(z.describe('How many came before these: see `--limit`.')),
    totals: z.strictObject(totals).check(z.describe('Of the whole journal, or of all that it has of the task.')),
    unreadable_lines: z.int(),
  }),
  graph: z
    .strictObject({
      name: z.string(),
      nodes: z
        .array(z.strictObject({ id, name: z.string(), type, status }))
        .check(z.describe('Each after what it depends on.')),
      edges: z.array(
        z.strictObject({
          from: id,
          to: id.check(z.describe('It depends on `from`.')),
          implied: z.boolean().check(z.describe('It follows from the others, and is not drawn.')),
        }),
      ),
    })
    .check(z.describe('The plan, or what leads to one task and comes after it.')),
  report: z
    .strictObject({
      name: z.string(),
      description: maybe(z.string()),
      at: z.string(),
      finished: z.int().check(z.describe('How many tasks are DONE or SKIPPED.')),
      totals: z.strictObject(totals),
      tasks: z.array(z.strictObject({ id, name: z.string(), type, status, ...totals, issue: maybe(z.string()) })),
      moments: z.array(moment).check(z.describe('Changes, newest last.')),
      unreadable_lines: z.int(),
    })
    .check(z.describe('Values of secrets are replaced by their names in all texts, also in ids.')),
  run: z
    .strictObject({
      end: z.enum(['finished', 'step_done', 'blocked', 'error', 'left', 'interrupted']),
      task_id: maybe(id),
      tasks: z.array(z.strictObject({ id, status })),
    })
    .check(z.describe('How `next` or `run` came to its end, and where the tasks then stand.')),
  changed: z
    .strictObject({ tasks: z.array(change) })
    .check(z.describe('What `start`, `done`, `error`, `skip`, `retry` or `reset` changed.')),
  dry_run: z
    .strictObject({
      task_id: z.optional(maybe(id)),
      settles: z.optional(z.array(z.strictObject({ task_id: id, from: status, to: status }))),
      tasks: z.optional(z.array(change)),
      files: z.array(fileChange),
    })
    .check(
      z.describe(
        'What would happen. `next` and `run` tell `task_id` and `settles`; the commands that change, `tasks`.',
      ),
    ),
  added: z
    .strictObject({
      id,
      status,
      at: z.string().check(z.describe('`file:line` of its entry.')),
      files: z.array(z.string()),
    })
    .check(z.describe('What `add` has added.')),
  imported: z
    .strictObject({
      plan: z.string(),
      dry_run: z.boolean(),
      notes: z
        .array(
          z.strictObject({
            kind: z.enum(['added', 'changed', 'renamed', 'done', 'kept', 'gone', 'left_out']),
            id,
            text: z.string(),
          }),
        )
        .check(z.describe('What became of each task that the plan adds, changes, lacks, or says otherwise.')),
      files: z.array(fileChange),
    })
    .check(z.describe('What `import` has made of a plan, or would make of it.')),
  exported: z
    .strictObject({
      file: maybe(z.string()).check(z.describe('Null where it went nowhere.')),
      tasks: z.int(),
      text: z.string(),
    })
    .check(z.describe('The runbook as a Markdown checklist.')),
  edited: z
    .strictObject({ file: z.string(), line: z.int(), opened: z.boolean(), valid: z.boolean() })
    .check(z.describe('Where a task is written, and whether there was someone to edit it.')),
  init: z.strictObject({ folder: z.string(), files: z.array(z.string()), dry_run: z.boolean() }),
  validate: z.strictObject({ valid: z.boolean(), mistakes: z.array(trouble), warnings: z.array(trouble) }),
  doctor: z.strictObject({
    healthy: z.boolean().check(z.describe('Nothing is wrong.')),
    fixed: z.boolean().check(z.describe('`--fix` has put in order what it can; the findings are those after it.')),
    findings: z.array(
      z.strictObject({
        area: z.enum(['machine', 'runbook', 'models']),
        level: z.enum(['well', 'note', 'wrong']),
        text: z.string(),
        hint: maybe(z.string()),
        fixable: z.boolean().check(z.describe('`--fix` puts it in order.')),
      }),
    ),
  }),
  completion: z.strictObject({ shell: z.string(), script: z.string() }),
  skill: z.strictObject({ text: z.string() }),
  schema: z.record(z.string(), z.unknown()).check(z.describe('A JSON Schema.')),
};

export type Kind = keyof typeof OUTPUT;
export type Output = { [K in Kind]: z.infer<(typeof OUTPUT)[K]> };

/** The object on stdout. */
export function envelope(kind: Kind) {
  return z.strictObject({ schema_version: z.literal(1), kind: z.literal(kind), data: OUTPUT[kind] });
}

/** The object on stderr. */
export const ERROR = z.strictObject({ schema_version: z.literal(1), kind: z.literal('error'), error: trouble });
