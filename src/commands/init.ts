// `init`: a small playbook that runs at once, without a key, and what such a project needs beside it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, RunbookError } from '../errors.ts';
import { statOf } from '../paths.ts';
import { RUNBOOK_FILE } from '../runbook/find.ts';
import { folderFor } from '../runbook/folder.ts';
import type { Action, Context } from './context.ts';
import { jsonSchema } from './schema.ts';

export function define(command: Command, action: Action): void {
  command
    .argument('[folder]', 'where; here, if not said')
    .addHelpText('before', 'Examples:\n  runbook init && runbook next\n  runbook init my-plan\n')
    .action(action(init));
}

function init(context: Context, folder?: string): number {
  const root = resolve(context.cwd, folder ?? '.');
  if (existsSync(join(root, RUNBOOK_FILE))) {
    throw new RunbookError({
      code: 'USAGE',
      message: `there is a \`${RUNBOOK_FILE}\` in ${root} already; nothing was written`,
      hint: 'runbook status  shows where it stands',
    });
  }
  const inTheWay = [root, ...FOLDERS.map((folder) => join(root, folder))].find(
    (path) => statOf(path)?.isDirectory() === false,
  );
  if (inTheWay !== undefined) {
    throw new RunbookError({
      code: 'USAGE',
      message: `${inTheWay} is in the way: a folder is to stand there; nothing was written`,
    });
  }
  const files = planned(root);
  if (!context.flags.dryRun) for (const [path, text] of files) write(root, path, text);
  const written = files.map(([path]) => path);
  const verb = context.flags.dryRun ? 'would write' : 'wrote';
  context.print('init', { folder: root, files: written, dry_run: context.flags.dryRun === true }, () => [
    ...written.map((path) => `${verb}${context.flags.plain ? ' ' : '  '}${path}`),
    ...(context.flags.dryRun ? [] : [...(context.flags.plain ? [] : ['']), `Now: ${changeFolder(root)}runbook next`]),
  ]);
  return EXIT.ok;
}

/** How to get there from where the person is. */
function changeFolder(root: string): string {
  const way = relative(process.cwd(), root);
  if (way === '') return '';
  const path = way.startsWith('..') ? root : way;
  return `cd ${/^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`} && `;
}

/** What will be written; what is there already stays, and .gitignore gets only the lines that it lacks. */
function planned(root: string): (readonly [path: string, text: string])[] {
  const fresh = FILES.filter(([path]) => !existsSync(join(root, path)));
  const ignore = missingIgnores(root);
  return [
    [RUNBOOK_FILE, runbookYaml(basename(root))],
    ...fresh,
    ...(ignore === undefined ? [] : [['.gitignore', ignore] as const]),
    ['.runbook/schemas/runbook.json', jsonSchema('runbook')],
    ['.runbook/schemas/task.json', jsonSchema('task')],
  ];
}

function write(root: string, path: string, text: string): void {
  mkdirSync(root, { recursive: true });
  folderFor(root);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const IGNORED = ['.env', '.runbook/', 'logs/', 'outputs/'];

function missingIgnores(root: string): string | undefined {
  const path = join(root, '.gitignore');
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const missing = IGNORED.filter((line) => !before.split(/\r?\n/).includes(line));
  if (missing.length === 0) return undefined;
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${gap}${missing.join('\n')}\n`;
}

function runbookYaml(name: string): string {
  return `# yaml-language-server: $schema=.runbook/schemas/runbook.json
# \`runbook next\` does the first task that is READY. Edit this file as you like: it is yours.
name: ${plainName(name) ? name : JSON.stringify(name)}

tasks:
  - id: look_around
    name: See what is here
    status: READY
    type: AUTOMATED_SCRIPT
    script_details: ls

  - id: say_what_it_is
    name: Say what this project is
    status: PENDING
    depends_on: [look_around]
    task_detail_file: tasks/say_what_it_is.yaml
    type: MANUAL

  - id: draft_readme
    name: Draft a README from that
    status: PENDING
    depends_on: [say_what_it_is]
    task_detail_file: tasks/draft_readme.yaml
    type: AI_ASSISTED
`;
}

/** Whether YAML takes it for a text as it stands. */
function plainName(name: string): boolean {
  return /^[A-Za-z][\w-]*$/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name);
}

/** Those that the files go into. */
const FOLDERS = ['tasks', 'prompt_templates', '.runbook', '.runbook/schemas'];

const FILES: readonly (readonly [path: string, text: string])[] = [
  [
    'tasks/say_what_it_is.yaml',
    `# yaml-language-server: $schema=../.runbook/schemas/task.json
id: say_what_it_is
description: Two sentences that the next step works from.
manual_instructions: |
  Write into **idea.md**, in two sentences, what this project is
  and who it is for.
checks:
  - name: idea.md is there
    command: test -s idea.md
`,
  ],
  [
    'tasks/draft_readme.yaml',
    `# yaml-language-server: $schema=../.runbook/schemas/task.json
id: draft_readme
description: A model drafts it; you review it before anything is written.
ai_details:
  # Without \`model:\` you are asked. \`paste\` takes the prompt to any chat, and needs no key.
  # model: gpt-4o-mini
  prompt_template: prompt_templates/readme.md
  input_context:
    longest: 40
  review_points:
    - It says nothing that is not so
    - A stranger knows after one minute whether they want it
output_artifact: README.draft.md
`,
  ],
  [
    'prompt_templates/readme.md',
    `Write a README.md of at most {{ longest }} lines for this project:

{{ file("idea.md") }}
{% if feedback %}
Your last draft:

{{ previous_response }}

What to change: {{ feedback }}
{% endif %}
Reply with the Markdown of the file alone.
`,
  ],
  [
    '.env.example',
    `# Copy to .env, which git ignores. Only what you use is needed; \`paste\` needs none.
OPENAI_API_KEY=
# OPENAI_BASE_URL=http://127.0.0.1:11434/v1
`,
  ],
];
