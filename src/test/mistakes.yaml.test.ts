// A runbook that is not there, is no map of tasks, has another encoding, or is made to choke a reader. Nothing hangs.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('a runbook that is not there, or is no file', async () => {
  const cases = {
    'none in the folder': {},
    'a file that is not there': { args: ['next', '--file', 'plan.yaml'] },
    'named by the environment': { env: { RUNBOOK_FILE: 'plan.yaml' } },
    'a folder without one': { args: ['next', '--file', 'plans'], files: { 'plans/notes.md': '' } },
    'a folder in its place': { files: { 'runbook.yaml/notes.md': '' } },
    'a folder that is not there, below one with a runbook': {
      args: ['next', '-C', 'sbu'],
      files: { 'runbook.yaml': 'tasks:\n  - id: a\n' },
    },
    'a link to nothing': { before: (folder: string) => symlinkSync('gone', join(folder, 'runbook.yaml')) },
    'a link to itself': { before: (folder: string) => symlinkSync('runbook.yaml', join(folder, 'runbook.yaml')) },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    none in the folder
      RUNBOOK_NOT_FOUND
      there is no \`runbook.yaml\` in <dir> or in a folder above it
      runbook init         writes a small one that runs at once
      runbook -C DIR …     works in another folder
    a file that is not there
      RUNBOOK_NOT_FOUND
      there is no runbook at \`plan.yaml\`
      Mend the path given with --file, or in RUNBOOK_FILE.
    named by the environment
      RUNBOOK_NOT_FOUND
      there is no runbook at \`plan.yaml\`
      Mend the path given with --file, or in RUNBOOK_FILE.
    a folder without one
      RUNBOOK_NOT_FOUND
      there is no runbook at \`plans\`
      Mend the path given with --file, or in RUNBOOK_FILE.
    a folder in its place
      FILE_UNREADABLE
      \`runbook.yaml\` can't be read: it is a folder
      Name a file.
    a folder that is not there, below one with a runbook
      USAGE
      there is no folder \`sbu\`
      Mend the path given with --cd.
    a link to nothing
      RUNBOOK_NOT_FOUND
      there is no \`runbook.yaml\` in <dir> or in a folder above it
      runbook init         writes a small one that runs at once
      runbook -C DIR …     works in another folder
    a link to itself
      RUNBOOK_NOT_FOUND
      there is no \`runbook.yaml\` in <dir> or in a folder above it
      runbook init         writes a small one that runs at once
      runbook -C DIR …     works in another folder
    "
  `);
});

test('what is no map with a list of tasks', async () => {
  const cases = {
    'nothing at all': '',
    'only comments': '# one\n# two\n',
    'only the start of a document': '---\n',
    'a list': '- id: a\n',
    'a text': 'hello\n',
    'a number': '42\n',
    'no tasks': 'name: Release\n',
    'tasks without a value': 'name: Release\ntasks:\n',
    'tasks as a map': 'tasks:\n  build:\n    status: READY\n',
    'tasks as a text': 'tasks: build\n',
    'tasks that are texts': 'tasks: [build, test]\n',
    'a task that is nothing': 'tasks:\n  -\n  - id: b\n',
    'a task without an id': 'tasks:\n  - name: Build\n',
    'no blank behind the dash': 'tasks:\n  -id: a\n',
    'no blank behind the colon': 'tasks:\n  - id:a\n',
    'another file': { files: { 'package.json': '{"name": "x"}\n' }, args: ['next', '--file', 'package.json'] },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    nothing at all
      RUNBOOK_INVALID runbook.yaml:1:1
      \`runbook.yaml\` is empty
      It needs a list of \`tasks\`. \`runbook init\` writes an example.
    only comments
      RUNBOOK_INVALID runbook.yaml:1:1 #
      \`runbook.yaml\` is empty
      It needs a list of \`tasks\`. \`runbook init\` writes an example.
    only the start of a document
      RUNBOOK_INVALID runbook.yaml:1:1 -
      \`runbook.yaml\` is empty
      It needs a list of \`tasks\`. \`runbook init\` writes an example.
    a list
      RUNBOOK_INVALID runbook.yaml:1:1 - id: a
      the file must be a map with \`tasks\`, not a list
    a text
      RUNBOOK_INVALID runbook.yaml:1:1 hello
      the file must be a map with \`tasks\`, not the text \`hello\`
    a number
      RUNBOOK_INVALID runbook.yaml:1:1 42
      the file must be a map with \`tasks\`, not the number 42
    no tasks
      RUNBOOK_INVALID runbook.yaml:1:1 n
      \`tasks\` is missing: it must be a list of tasks
      Each task begins with \`- id: \`.
    tasks without a value
      RUNBOOK_INVALID runbook.yaml:2:1 tasks
      \`tasks\` must be a list of tasks, not empty
      Each task begins with \`- id: \`.
    tasks as a map
      RUNBOOK_INVALID runbook.yaml:2:3 build:
      \`tasks\` must be a list of tasks, not a map
      Each task begins with \`- id: \`.
    tasks as a text
      RUNBOOK_INVALID runbook.yaml:1:8 build
      \`tasks\` must be a list of tasks, not the text \`build\`
      Each task begins with \`- id: \`.
    tasks that are texts
      RUNBOOK_INVALID runbook.yaml:1:9 build
      \`tasks[0]\` must be a map with at least \`id\`, not the text \`build\`
      Write \`- id: build\`.
      1 more of the kind: \`runbook validate\` shows all.
    a task that is nothing
      RUNBOOK_INVALID runbook.yaml:2:3 -
      \`tasks[0]\` must be a map with at least \`id\`, not empty
    a task without an id
      RUNBOOK_INVALID runbook.yaml:2:5 name: Build
      \`id\` is missing: it must be text
    no blank behind the dash
      RUNBOOK_INVALID runbook.yaml:2:3 -id: a
      \`tasks\` must be a list of tasks, not a map
      Each task begins with \`- id: \`.
    no blank behind the colon
      RUNBOOK_INVALID runbook.yaml:2:5 id:a
      \`tasks[0]\` must be a map with at least \`id\`, not the text \`id:a\`
      A blank is missing behind the colon.
    another file
      RUNBOOK_INVALID package.json:1:1 {
      \`tasks\` is missing: it must be a list of tasks
      Each task begins with \`- id: \`.
    "
  `);
});

test('encodings and line ends', async () => {
  const cases = {
    'Latin-1': { files: { 'runbook.yaml': Buffer.from('tasks:\n  - id: café\n', 'latin1') } },
    'UTF-16': { files: { 'runbook.yaml': Buffer.from('\uFEFFtasks:\n  - id: a\n', 'utf16le') } },
    'a byte order mark before the mistake': '\uFEFFtasks: now\n',
    'line ends of Windows': 'tasks:\r\n  - id: a\r\n    status: REDAY\r\n',
    'line ends of an old Mac': 'tasks:\r  - id: a\r    status: READY\r',
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    Latin-1
      FILE_UNREADABLE runbook.yaml:2:12 �
      \`runbook.yaml\` is not valid UTF-8
      Save it as UTF-8.
    UTF-16
      FILE_UNREADABLE runbook.yaml:1:1 �
      \`runbook.yaml\` is not valid UTF-8
      Save it as UTF-8.
    a byte order mark before the mistake
      RUNBOOK_INVALID runbook.yaml:1:8 now
      \`tasks\` must be a list of tasks, not the text \`now\`
      Each task begins with \`- id: \`.
    line ends of Windows
      RUNBOOK_INVALID runbook.yaml:3:13 REDAY
      \`REDAY\` is not a status. Did you mean \`READY\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    line ends of an old Mac
      YAML_SYNTAX runbook.yaml:1:7
      this is not valid YAML: nested mappings are not allowed in compact mappings
      A text with \`: \` in it needs quotes around it; and what belongs together is indented by as much.
    "
  `);
});

test('nesting without end', async () => {
  const cases = {
    '100,000 brackets': `tasks: ${'['.repeat(100_000)}`,
    '100,000 brackets and as many that close them': `tasks: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`,
    '100,000 maps and lists': `tasks: ${'[{a: '.repeat(50_000)}`,
    '100,000 keys of keys': '? '.repeat(100_000),
    '100 keys of keys': `${'? '.repeat(100)}a\ntasks: []\n`,
    '100,000 dashes': `tasks:\n  ${'- '.repeat(100_000)}a\n`,
    '2,000 maps, each in another': Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
  };
  const told = await refusals(rig, cases, { args: ['status'] });
  expect(told).toMatchInlineSnapshot(`
    "
    100,000 brackets
      YAML_SYNTAX runbook.yaml:1:508 [
      the YAML is nested too deeply: more than 500 levels
    100,000 brackets and as many that close them
      YAML_SYNTAX runbook.yaml:1:508 [
      the YAML is nested too deeply: more than 500 levels
    100,000 maps and lists
      YAML_SYNTAX runbook.yaml:1:1504 {
      the YAML is nested too deeply: more than 500 levels
    100,000 keys of keys
      YAML_SYNTAX runbook.yaml:1:1000
      the YAML is nested too deeply: more than 500 levels
    100 keys of keys
      YAML_SYNTAX runbook.yaml:1:23 ?
      maps and lists stand as keys in keys, over more than 10 levels
    100,000 dashes
      YAML_SYNTAX runbook.yaml:2:1001 -
      the YAML is nested too deeply: more than 500 levels
    2,000 maps, each in another
      YAML_SYNTAX runbook.yaml:501:499
      the YAML is nested too deeply: more than 500 levels
    "
  `);
});

test('what is made to choke a reader', async () => {
  const lists = [...'bcdefghij'].map((name, i) => `${name}: &${name} [${`*${'abcdefghij'[i]},`.repeat(9)}]`);
  const cases = {
    'a billion laughs': ['a: &a [ha,ha,ha,ha,ha,ha,ha,ha,ha]', ...lists, 'tasks: *j', ''].join('\n'),
    'a line of 3 MB': `tasks:\n  - id: a\n    name: ${'x'.repeat(3_000_000)}\n    status: REDAY\n`,
    'a word of 3 MB': `tasks:\n  - id: a\n    status: ${'x'.repeat(3_000_000)}\n`,
    'an id of 3 MB': `tasks:\n  - id: ${'x'.repeat(3_000_000)}\n    depends_on: [b]\n`,
    'a file of 3 MB that is a single word': 'x'.repeat(3_000_000),
    'a quote of 3 MB that is never closed': `tasks:\n  - id: "${'x'.repeat(3_000_000)}`,
  };
  expect(await refusals(rig, cases, { args: ['status'] })).toMatchInlineSnapshot(`
    "
    a billion laughs
      YAML_SYNTAX runbook.yaml:7:8 *f
      the aliases (\`*\`) unfold into far too much
    a line of 3 MB
      RUNBOOK_INVALID runbook.yaml:4:13 REDAY
      \`REDAY\` is not a status. Did you mean \`READY\`?
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    a word of 3 MB
      RUNBOOK_INVALID runbook.yaml:3:13 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      \`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\` is not a status.
      It is one of PENDING, READY, RUNNING, DONE, ERROR, SKIPPED.
    an id of 3 MB
      UNKNOWN_TASK runbook.yaml:3:18 b
      task \`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxx\` depends on \`b\`, which does not exist.
      Mend the id, or take it out.
    a file of 3 MB that is a single word
      RUNBOOK_INVALID runbook.yaml:1:1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      the file must be a map with \`tasks\`, not the text \`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\`
    a quote of 3 MB that is never closed
      YAML_SYNTAX runbook.yaml:2:9 "
      this is not valid YAML: what begins here with " is never closed
      Close it, or put quotes around the text if it only begins with that character.
    "
  `);
});
