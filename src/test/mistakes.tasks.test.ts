// Tasks that don't fit together: ids, dependencies, circles, and the two files of one task.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('ids and dependencies', async () => {
  const cases = {
    'a doubled id': tasks('build', 'test', 'build'),
    'an id that is there three times': tasks('build', 'build', 'build'),
    'an unknown dependency': tasks('build_it', 'test: buildit'),
    'an unknown dependency, as one of its words': tasks('task_2.1_implement_abc', 'test: abc'),
    'an unknown dependency, near to nothing': tasks('build', 'test: deploy'),
    'a dependency of one letter': tasks('a', 'b: c'),
    'two unknown dependencies': tasks('build', 'test: biuld, lnit'),
    'dependencies as a text': 'tasks:\n  - id: a\n  - id: b\n    depends_on: a\n',
    'dependencies as several words': 'tasks:\n  - id: a\n  - id: b\n    depends_on: a, c\n',
    'a number as dependency': 'tasks:\n  - id: "1"\n  - id: b\n    depends_on: [1]\n',
    'names from JavaScript': tasks('__proto__', 'constructor: toString'),
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    a doubled id
      DUPLICATE_ID runbook.yaml:4:9 build
      two tasks have the id \`build\`; the first is at runbook.yaml:2
      Give one of them another id, and mend the \`depends_on\` that mean it.
    an id that is there three times
      DUPLICATE_ID runbook.yaml:3:9 build
      two tasks have the id \`build\`; the first is at runbook.yaml:2
      Give one of them another id, and mend the \`depends_on\` that mean it.
      1 more of the kind: \`runbook validate\` shows all.
    an unknown dependency
      UNKNOWN_TASK runbook.yaml:4:18 buildit
      task \`test\` depends on \`buildit\`, which does not exist. Did you mean \`build_it\`?
      Mend the id, or take it out.
    an unknown dependency, as one of its words
      UNKNOWN_TASK runbook.yaml:4:18 abc
      task \`test\` depends on \`abc\`, which does not exist. Did you mean \`task_2.1_implement_abc\`?
      Mend the id, or take it out.
    an unknown dependency, near to nothing
      UNKNOWN_TASK runbook.yaml:4:18 deploy
      task \`test\` depends on \`deploy\`, which does not exist.
      Mend the id, or take it out.
    a dependency of one letter
      UNKNOWN_TASK runbook.yaml:4:18 c
      task \`b\` depends on \`c\`, which does not exist.
      Mend the id, or take it out.
    two unknown dependencies
      UNKNOWN_TASK runbook.yaml:4:18 biuld
      task \`test\` depends on \`biuld\`, which does not exist. Did you mean \`build\`?
      Mend the id, or take it out.
      1 more of the kind: \`runbook validate\` shows all.
    dependencies as a text
      RUNBOOK_INVALID runbook.yaml:4:17 a
      \`depends_on\` must be a list, not the text \`a\`
      Write it as a list: [a].
    dependencies as several words
      RUNBOOK_INVALID runbook.yaml:4:17 a, c
      \`depends_on\` must be a list, not the text \`a, c\`
      Write it as a list: [a, c].
    a number as dependency
      RUNBOOK_INVALID runbook.yaml:4:18 1
      \`depends_on[0]\` must be text, not the number 1
      Put quotes around it: "1".
    names from JavaScript
      UNKNOWN_TASK runbook.yaml:4:18 toString
      task \`constructor\` depends on \`toString\`, which does not exist.
      Mend the id, or take it out.
    "
  `);
});

test('circles are named in full', async () => {
  const ring = Array.from({ length: 200 }, (_, i) => `t${i}: t${(i + 1) % 200}`);
  const cases = {
    'of one': tasks('a: a'),
    'of two': tasks('a: b', 'b: a'),
    'of three, entered from outside': tasks('x', 'y: a', 'a: x, b', 'b: c', 'c: a'),
    'two of them': tasks('a: b', 'b: a', 'c: c'),
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    of one
      DEPENDENCY_CYCLE runbook.yaml:3:18 a
      task \`a\` depends on itself
      Take it out.
    of two
      DEPENDENCY_CYCLE runbook.yaml:3:18 b
      these tasks wait for each other in a circle: \`a\` → \`b\` → \`a\`
      Take one of these dependencies out.
    of three, entered from outside
      DEPENDENCY_CYCLE runbook.yaml:6:21 b
      these tasks wait for each other in a circle: \`a\` → \`b\` → \`c\` → \`a\`
      Take one of these dependencies out.
    two of them
      DEPENDENCY_CYCLE runbook.yaml:3:18 b
      these tasks wait for each other in a circle: \`a\` → \`b\` → \`a\`
      Take one of these dependencies out.
      1 more of the kind: \`runbook validate\` shows all.
    "
  `);

  rig.write('ring/runbook.yaml', tasks(...ring));
  const { code, stderr } = await rig.run(['next'], { cwd: 'ring' });
  const named = [...Array(200).keys(), 0].map((i) => `\`t${i}\``).join(' → ');
  expect({ code, first: stderr.split('\n')[0] }).toEqual({
    code: 2,
    first: `error: these tasks wait for each other in a circle: ${named}`,
  });
});

test('a circle of 20,000 is found at once, and told in short', async () => {
  const ring = Array.from({ length: 20_000 }, (_, i) => `t${i}: t${(i + 1) % 20_000}`);
  rig.write('large/runbook.yaml', tasks(...ring));
  const { code, stderr } = await rig.run(['next'], { cwd: 'large' });
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^error: these tasks wait for each other in a circle: `t0` → `t1` → .+ … .+ → `t19999` → `t0`\n/,
  );
  expect(stderr.length).toBeLessThan(7000);
});

test('a detail file that is none', async () => {
  const named = (path: string) => `tasks:\n  - id: a\n    task_detail_file: ${path}\n`;
  const detail = (text: string | Uint8Array) => ({ files: { 'runbook.yaml': named('a.yaml'), 'a.yaml': text } });
  const link = (target: string) => ({
    files: { 'runbook.yaml': named('a.yaml') },
    before: (folder: string) => symlinkSync(target, join(folder, 'a.yaml')),
  });
  const cases = {
    'is not there': named('tasks/a.yaml'),
    'above the project': named('../a.yaml'),
    'somewhere else': named('/etc/hostname'),
    'a link that leads out': link('/etc/hostname'),
    'a link to nothing': link('gone.yaml'),
    'a link to itself': link('a.yaml'),
    'a folder': { files: { 'runbook.yaml': named('tasks'), 'tasks/a.yaml': '' } },
    'below a file': { files: { 'runbook.yaml': named('notes/a.yaml'), notes: '' } },
    'with a name of 5,000 letters': named('x'.repeat(5000)),
    'with a NUL in its name': named('"a\\0.yaml"'),
    'the runbook itself': named('runbook.yaml'),
    'the runbook itself, by a link': link('runbook.yaml'),
    'a list': detail('- id: a\n'),
    'broken YAML': detail('id: a\nname: "A\n'),
    'not UTF-8': detail(Buffer.from('id: a\nname: é\n', 'latin1')),
    'a wrong value': detail('id: a\nai_details: {review_points: all}\n'),
    'of two tasks': {
      files: {
        'runbook.yaml': `${named('ab.yaml')}${named('ab.yaml').replace('tasks:\n', '').replace('a\n', 'b\n')}`,
        'ab.yaml': 'name: Both\n',
      },
    },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    is not there
      FILE_NOT_FOUND runbook.yaml:3:23 tasks/a.yaml
      \`tasks/a.yaml\` does not exist
      Write that file, or mend the path.
    above the project
      PATH_OUTSIDE runbook.yaml:3:23 ../a.yaml
      \`../a.yaml\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    somewhere else
      PATH_OUTSIDE runbook.yaml:3:23 /etc/hostname
      \`/etc/hostname\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    a link that leads out
      PATH_OUTSIDE runbook.yaml:3:23 a.yaml
      \`a.yaml\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    a link to nothing
      FILE_NOT_FOUND runbook.yaml:3:23 a.yaml
      \`a.yaml\` does not exist
      Write that file, or mend the path.
    a link to itself
      FILE_UNREADABLE runbook.yaml:3:23 a.yaml
      the path \`a.yaml\` can't be used: its symlinks lead in a circle
      Mend the path.
    a folder
      FILE_UNREADABLE runbook.yaml:3:23 tasks
      \`tasks\` can't be read: it is a folder
      Name a file.
    below a file
      FILE_NOT_FOUND runbook.yaml:3:23 notes/a.yaml
      \`notes/a.yaml\` does not exist
      Write that file, or mend the path.
    with a name of 5,000 letters
      FILE_UNREADABLE runbook.yaml:3:23 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
      the path \`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\` can't be used: the name is too long
      Mend the path.
    with a NUL in its name
      FILE_UNREADABLE runbook.yaml:3:23 "a\\0.yaml"
      the path \`a␀.yaml\` can't be used: there is a NUL character in it
      Mend the path.
    the runbook itself
      RUNBOOK_INVALID runbook.yaml:3:23 runbook.yaml
      the runbook can't be the detail file of \`a\`
      Take \`task_detail_file\` out: all fields may stand here.
    the runbook itself, by a link
      RUNBOOK_INVALID runbook.yaml:3:23 a.yaml
      the runbook can't be the detail file of \`a\`
      Take \`task_detail_file\` out: all fields may stand here.
    a list
      RUNBOOK_INVALID a.yaml:1:1 - id: a
      the file must be a map, not a list
    broken YAML
      YAML_SYNTAX a.yaml:2:7 "
      this is not valid YAML: what begins here with " is never closed
      Close it, or put quotes around the text if it only begins with that character.
    not UTF-8
      FILE_UNREADABLE a.yaml:2:7 �
      \`a.yaml\` is not valid UTF-8
      Save it as UTF-8.
    a wrong value
      RUNBOOK_INVALID a.yaml:2:29 all
      \`ai_details.review_points\` must be a list, not the text \`all\`
      Write it as a list: [all].
    of two tasks
      RUNBOOK_INVALID runbook.yaml:5:23 ab.yaml
      \`ab.yaml\` is the detail file of \`a\` already
      Give \`b\` a file of its own.
    "
  `);
});

test('a task that says two different things in its two files', async () => {
  const pair = (entry: string, detail: string) => ({
    files: {
      'runbook.yaml': `tasks:\n  - id: a\n    ${entry}\n    task_detail_file: tasks/a.yaml\n`,
      'tasks/a.yaml': `id: a\n${detail}\n`,
    },
  });
  const cases = {
    'its id': {
      files: { ...pair('name: A', '').files, 'tasks/a.yaml': 'name: A\nid: b\n' },
    },
    'its type': pair('type: MANUAL', 'type: AI_ASSISTED'),
    'its dependencies': pair('depends_on: []', 'depends_on: [a]'),
    'its script': pair(
      'script_details: npm test',
      'script_details: {command: npm test, timeout: 10m, cwd: packages/core}',
    ),
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    its id
      FIELD_CONFLICT runbook.yaml:2:9 a
      task \`a\` has two different \`id\`: \`a\` here, \`b\` at tasks/a.yaml:2
      Make them the same, or take one of them out.
    its type
      FIELD_CONFLICT runbook.yaml:3:11 MANUAL
      task \`a\` has two different \`type\`: \`MANUAL\` here, \`AI_ASSISTED\` at tasks/a.yaml:2
      Make them the same, or take one of them out.
    its dependencies
      FIELD_CONFLICT runbook.yaml:3:17 []
      task \`a\` has two different \`depends_on\`: \`[]\` here, \`["a"]\` at tasks/a.yaml:2
      Make them the same, or take one of them out.
    its script
      FIELD_CONFLICT runbook.yaml:3:21 npm test
      task \`a\` has two different \`script_details\`: \`npm test\` here, \`{"command":"npm test","cwd":"packages/core","timeout":"10m"}\` at tasks/a.yaml:2
      Make them the same, or take one of them out.
    "
  `);
});

/** Each as `id`, or as `id: its, dependencies`. */
function tasks(...all: string[]): string {
  const entries = all.map((one) => {
    const [id = '', dependencies] = one.split(': ');
    return `  - id: ${id}\n${dependencies === undefined ? '' : `    depends_on: [${dependencies}]\n`}`;
  });
  return `tasks:\n${entries.join('')}`;
}
