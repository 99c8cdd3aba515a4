// The projects that faults are put into: each has its statuses in two files, in a style that nobody's tool would write. What a
// script has done shows in `../ran.txt`, beside the project, where no fault is put in.
import type { Rig } from '../rig.ts';

export interface Scenario {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** What the fault is put into. */
  readonly args: readonly string[];
  /** What a person in front of a terminal pastes. Without it there is neither. */
  readonly paste?: string;
  /** The answers that one task needs to become DONE. */
  readonly answers: Readonly<Record<string, readonly string[]>>;
}

const RUNBOOK = `# The plan. Nobody but me writes here.
name: "Release"
models:
  rehearsal: {provider: scripted, replies: replies.yaml}
tasks:

  - id: build   # first of all
    name: 'Build it'
    status: @build # mine
    type: AUTOMATED_SCRIPT
    task_detail_file: tasks/build.yaml

  - {id: read, status: @read, task_detail_file: tasks/read.yaml, depends_on: [build]} # by hand

  - id: draft
    status:   @draft
    depends_on: [ read ]
    type: AI_ASSISTED
    task_detail_file: tasks/draft.yaml
  - id: tell
    depends_on: [draft]
    type: AUTOMATED_SCRIPT
    script_details: echo tell >> ../ran.txt; echo told
    tags: [ last,   of-all ]
`;

const FILES = {
  'tasks/build.yaml': `id: build
status: @build    # the same as there
script_details: |
  echo build >> ../ran.txt
  printf 'built\\nand more\\n'
# the end
`,
  'tasks/read.yaml': 'status: @read\nmanual_instructions:\n- Read it.\n',
  'tasks/draft.yaml': `id: draft
status: @draft
ai_details: {model: rehearsal, prompt_template: p.md, output_parser: code_block}
output_artifact: notes.md
checks: ["grep -q good notes.md"]
`,
  'p.md': 'Draft it.\n',
  'replies.yaml': 'replies:\n  - reply: "```\\ngood\\n```"\n',
};
export const OLD_ARTIFACT = 'old\n';
export const NEW_ARTIFACT = 'good\n';

function project(...statuses: [build: string, read: string, draft: string]): Record<string, string> {
  const filled = (text: string) =>
    ['@build', '@read', '@draft'].reduce((done, mark, i) => done.replace(mark, statuses[i] ?? ''), text);
  const files = { 'runbook.yaml': RUNBOOK, ...FILES };
  const isYaml = (path: string) => /^(runbook|tasks\/.*)\.yaml$/.test(path);
  const all = Object.entries(files).map(([path, text]) => [path, isYaml(path) ? filled(text) : text]);
  return Object.fromEntries([...all, ['notes.md', OLD_ARTIFACT]]);
}

/** Scripts that follow one another, so that the journal goes ahead of the files: in one file, and in two. */
const SCRIPTS = {
  'runbook.yaml': `name: Scripts
tasks:
  - id: one
    type: AUTOMATED_SCRIPT
    script_details: echo one >> ../ran.txt
  - id: two   # has a file
    status: PENDING
    depends_on: [one]
    task_detail_file: tasks/two.yaml
  - id: three
    depends_on: [ one ]
    type: AUTOMATED_SCRIPT
    script_details: echo three >> ../ran.txt
  - id: four
    depends_on: [two, three]
    type: AUTOMATED_SCRIPT
    task_detail_file: tasks/four.yaml
`,
  'tasks/two.yaml': `type: AUTOMATED_SCRIPT
status: PENDING  # as there
script_details: |
  echo two >> ../ran.txt
  echo said
`,
  'tasks/four.yaml': '# the last\nscript_details: [sh, -c, "echo four >> ../ran.txt"]\n',
};

/** What each task needs from whoever answers; `--yes` accepts the reply, since its check proves it. */
const ANSWERS = { build: [], read: ['accept'], draft: [], tell: [] };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'next, a script',
    files: project('READY', 'PENDING', 'PENDING'),
    args: ['next'],
    answers: ANSWERS,
  },
  {
    name: 'next, by hand',
    files: project('DONE', 'READY', 'PENDING'),
    args: ['next', '--answer', 'accept'],
    answers: ANSWERS,
  },
  {
    name: 'next, a model',
    files: project('DONE', 'DONE', 'READY'),
    args: ['next', '--yes'],
    answers: ANSWERS,
  },
  {
    name: 'next, a pasted reply',
    files: project('DONE', 'DONE', 'READY'),
    args: ['next', '--yes', '--model', 'paste'],
    paste: '```\ngood\n```\n',
    answers: ANSWERS,
  },
  {
    name: 'run, all of them',
    files: project('PENDING', 'PENDING', 'PENDING'),
    args: ['run', '--yes', '--answer', 'accept'],
    answers: ANSWERS,
  },
  {
    name: 'run, scripts',
    files: SCRIPTS,
    args: ['run'],
    answers: { one: [], two: [], three: [], four: [] },
  },
  {
    name: 'run, scripts side by side',
    files: SCRIPTS,
    args: ['run', '--jobs', '2'],
    answers: { one: [], two: [], three: [], four: [] },
  },
];

/** How often each task's script has begun. */
export function ranCounts(rig: Rig): Map<string, number> {
  const counts = new Map<string, number>();
  if (!rig.exists('../ran.txt')) return counts;
  for (const id of rig.read('../ran.txt').trim().split('\n')) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
