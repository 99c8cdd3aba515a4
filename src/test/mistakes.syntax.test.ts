// Broken YAML: what is said in words that a person knows, where it begins, and what to do about it.
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('broken YAML of many kinds', async () => {
  const cases = {
    'a quote that is never closed': 'tasks:\n  - id: a\n    name: "Build it\n    status: READY\n',
    'a bracket that is never closed': 'tasks:\n  - id: a\n    depends_on: [b, c\n  - id: b\n',
    'a brace that is never closed': 'tasks:\n  - {id: a, status: READY\n',
    'a closing bracket too many': 'tasks:\n  - id: a\n    depends_on: [b]]\n',
    'a tab before a task': 'tasks:\n\t- id: a\n',
    'a tab before a field': 'tasks:\n  - id: a\n\tstatus: READY\n',
    'a field that is indented too little': 'tasks:\n  - id: a\n   status: READY\n',
    'a field that is indented too much': 'tasks:\n  - id: a\n      status: READY\n',
    'a colon in a text': 'tasks:\n  - id: a\n    name: Phase 1: build\n',
    'a text that begins with @': 'tasks:\n  - id: a\n    name: @ada builds\n',
    'a text that begins with %': 'tasks:\n  - id: a\n    name: %done\n',
    'a text that begins with *': 'tasks:\n  - id: a\n    name: *.md\n',
    'a text that begins with a quoted word': 'tasks:\n  - id: a\n    name: "Build" it\n',
    'a backslash in double quotes': 'tasks:\n  - id: a\n    cwd: "C:\\work"\n',
    'no colon behind tasks': 'tasks\n  - id: a\n',
    'no colon behind a field': 'tasks:\n  - id: a\n    status\n',
    'a key that is there twice': 'tasks:\n  - id: a\n    status: READY\n    status: DONE\n',
    'the first of several keys that are there twice':
      'tasks:\n  - id: a\n    env: {X: 1, X: 2}\n  - id: b\n    status: READY\n    status: DONE\n',
    'tasks that are there twice': 'tasks:\n  - id: a\ntasks:\n  - id: b\n',
    'two documents': 'tasks:\n  - id: a\n---\ntasks:\n  - id: b\n',
    'a merge conflict':
      'tasks:\n  - id: a\n<<<<<<< HEAD\n    status: DONE\n=======\n    status: READY\n>>>>>>> theirs\n',
    'an alias without its anchor': 'x-env: &common {A: b}\ntasks:\n  - id: a\n    env: *comon\n',
    'an alias inside of what it stands for': 'tasks:\n  - id: a\n    env: &env {A: *env}\n',
    '`<<` with something else than a map': 'tasks:\n  - id: a\n    <<: READY\n',
  };
  expect(await refusals(rig, cases, { args: ['status'] })).toMatchInlineSnapshot(`
    "
    a quote that is never closed
      YAML_SYNTAX runbook.yaml:3:11 "
      this is not valid YAML: what begins here with " is never closed
      Close it, or put quotes around the text if it only begins with that character.
    a bracket that is never closed
      YAML_SYNTAX runbook.yaml:3:17 [
      this is not valid YAML: what begins here with [ is never closed
      Close it, or put quotes around the text if it only begins with that character.
    a brace that is never closed
      YAML_SYNTAX runbook.yaml:2:5 {
      this is not valid YAML: what begins here with { is never closed
      Close it, or put quotes around the text if it only begins with that character.
    a closing bracket too many
      YAML_SYNTAX runbook.yaml:3:20 ]
      this is not valid YAML: unexpected flow-seq-end token in YAML stream: "]"
      It is one too many, or the one that opens is missing.
    a tab before a task
      YAML_SYNTAX runbook.yaml:2:1
      this is not valid YAML: tabs are not allowed as indentation
      Indent with spaces; YAML allows no tabs there.
    a tab before a field
      YAML_SYNTAX runbook.yaml:3:1
      this is not valid YAML: tabs are not allowed as indentation
      Indent with spaces; YAML allows no tabs there.
    a field that is indented too little
      YAML_SYNTAX runbook.yaml:3:1
      this is not valid YAML: sequence item without - indicator
      Line it up with the lines around it. An item of a list begins with \`- \`.
    a field that is indented too much
      YAML_SYNTAX runbook.yaml:2:9 a
      this is not valid YAML: nested mappings are not allowed in compact mappings
      A text with \`: \` in it needs quotes around it; and what belongs together is indented by as much.
    a colon in a text
      YAML_SYNTAX runbook.yaml:3:11 P
      this is not valid YAML: nested mappings are not allowed in compact mappings
      A text with \`: \` in it needs quotes around it; and what belongs together is indented by as much.
    a text that begins with @
      YAML_SYNTAX runbook.yaml:3:11 @
      this is not valid YAML: plain value cannot start with reserved character @
      A text that begins with this character needs quotes around it.
    a text that begins with %
      YAML_SYNTAX runbook.yaml:3:11 %
      this is not valid YAML: plain value cannot start with directive indicator character %
      A text that begins with this character needs quotes around it.
    a text that begins with *
      YAML_SYNTAX runbook.yaml:3:11 *.md
      the alias \`*.md\` has no anchor \`&.md\` before it.
      A text that begins with this character needs quotes around it.
    a text that begins with a quoted word
      YAML_SYNTAX runbook.yaml:3:19 it
      this is not valid YAML: unexpected scalar at node end
      If it belongs to the text before it, put quotes around all of that.
    a backslash in double quotes
      YAML_SYNTAX runbook.yaml:3:13 \\
      this is not valid YAML: invalid escape sequence \\w
      A backslash in double quotes is written twice, or the text stands in single quotes.
    no colon behind tasks
      YAML_SYNTAX runbook.yaml:1:1 tasks
      this is not valid YAML: implicit keys need to be on a single line
      A \`:\` is missing behind this key, or a quote further up.
    no colon behind a field
      YAML_SYNTAX runbook.yaml:3:5 status
      this is not valid YAML: implicit map keys need to be followed by map values
      A \`:\` is missing behind it.
    a key that is there twice
      YAML_SYNTAX runbook.yaml:4:5 status
      the key \`status\` is there twice
      Remove one of the two.
    the first of several keys that are there twice
      YAML_SYNTAX runbook.yaml:3:17 X
      the key \`X\` is there twice
      Remove one of the two.
    tasks that are there twice
      YAML_SYNTAX runbook.yaml:3:1 tasks
      the key \`tasks\` is there twice
      Remove one of the two.
    two documents
      YAML_SYNTAX runbook.yaml:3:1 ---
      there is a second YAML document in this file
      Take this \`---\` out, or put what follows into a file of its own.
    a merge conflict
      YAML_SYNTAX runbook.yaml:3:1 <<<<<<< HEAD
      a merge conflict is not resolved
      Keep what is right of the two sides, and take out the lines with \`<<<<<<<\`, \`=======\` and \`>>>>>>>\`.
    an alias without its anchor
      YAML_SYNTAX runbook.yaml:4:10 *comon
      the alias \`*comon\` has no anchor \`&comon\` before it. Did you mean \`common\`?
      A text that begins with this character needs quotes around it.
    an alias inside of what it stands for
      YAML_SYNTAX runbook.yaml:3:19 *env
      the alias \`*env\` stands inside of what it stands for
      Take it out.
    \`<<\` with something else than a map
      YAML_SYNTAX runbook.yaml:3:5 <<
      \`<<\` merges maps, and this is none
      For example \`<<: *common\`, with \`&common\` before a map further up.
    "
  `);
});
