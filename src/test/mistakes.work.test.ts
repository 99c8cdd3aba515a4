// A task that can't be carried out as it is written: its script, its folder, its instructions. Found before it is started.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

test('a script that is not said', async () => {
  const cases = {
    'no details': script(undefined),
    'no value': script(''),
    'an empty text': script('""'),
    'only blanks': script('"   "'),
    'an empty list': script('[]'),
    'a number': script('5'),
    'a number as command': script('{command: 5}'),
    'neither command nor path': script('{timeout: 10m}'),
    'both command and path': script('{command: make, path: build.sh}'),
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    no details
      TASK_INCOMPLETE runbook.yaml:3:11 AUTOMATED_SCRIPT
      task \`a\` is AUTOMATED_SCRIPT but has no \`script_details\`
      Write the command that it runs: \`script_details: npm test\`.
    no value
      TASK_INCOMPLETE runbook.yaml:3:11 AUTOMATED_SCRIPT
      task \`a\` is AUTOMATED_SCRIPT but has no \`script_details\`
      Write the command that it runs: \`script_details: npm test\`.
    an empty text
      RUNBOOK_INVALID runbook.yaml:4:21 ""
      \`script_details\` must be a command, not an empty text
    only blanks
      RUNBOOK_INVALID runbook.yaml:4:21 "   "
      \`script_details\` must be a command, not an empty text
    an empty list
      RUNBOOK_INVALID runbook.yaml:4:21 []
      \`script_details\` must be a list with at least the program, not an empty list
    a number
      RUNBOOK_INVALID runbook.yaml:4:21 5
      \`script_details\` must be a command, a list, or a map with \`command\` or \`path\`, not the number 5
    a number as command
      RUNBOOK_INVALID runbook.yaml:4:31 5
      \`script_details.command\` must be a command, or a list of a program and its arguments, not the number 5
    neither command nor path
      RUNBOOK_INVALID runbook.yaml:4:21 {timeout: 10m}
      \`script_details\` needs a \`command\` or a \`path\`, one of the two
      Write \`command: …\`, or \`path: …\` for a script file.
    both command and path
      RUNBOOK_INVALID runbook.yaml:4:21 {command: make, path: build.sh}
      \`script_details\` needs a \`command\` or a \`path\`, one of the two
      Take one of them out.
    "
  `);
});

test('a script that is not found, or can not be run', async () => {
  const cases = {
    'a path': script('{path: scripts/build.sh}'),
    'a path without a folder': script('{path: build.sh}'),
    'a path above the project': script('{path: ../build.sh}'),
    'a command': script('./build.sh --fast'),
    'a command that an interpreter reads': script('bash scripts/build.sh && make'),
    'a list that an interpreter reads': script('[node, build.mjs]'),
    'a program that is not installed': script('[nosuchprogram, --fast]'),
    'a program that is not installed, in a map': script('{command: [nosuchprogram], timeout: 10m}'),
    'a program that a shell would not find': script('nosuchprogram --fast && make'),
    'a program that a shell would not find, in a block': script('|\n      nosuchprogram | tee out.txt\n      make\n'),
    'a program that the PATH of the task does not have': script('{command: make all, env: {PATH: /nowhere}}'),
    'from the folder it runs in': script('./build.sh\n    cwd: sub', { 'build.sh': '#!/bin/sh\n', 'sub/x': '' }),
    'not executable': script('./build.sh', { 'build.sh': 'make\n' }),
    'not executable, as a path': script('{path: build.sh}', { 'build.sh': 'make\n' }),
    'a folder': script('./scripts', { 'scripts/build.sh': '#!/bin/sh\n' }),
    'below a file': script('./scripts/build.sh', { scripts: '' }),
    'from the defaults': {
      files: {
        'runbook.yaml': `defaults:\n  script_details: {path: scripts/build.sh}\n${script(undefined).files['runbook.yaml']}`,
      },
    },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    a path
      SCRIPT_NOT_FOUND runbook.yaml:4:28 scripts/build.sh
      the script \`scripts/build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a path without a folder
      SCRIPT_NOT_FOUND runbook.yaml:4:28 build.sh
      the script \`./build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a path above the project
      SCRIPT_NOT_FOUND runbook.yaml:4:28 ../build.sh
      the script \`../build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a command
      SCRIPT_NOT_FOUND runbook.yaml:4:21 ./build.sh --fast
      the script \`./build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a command that an interpreter reads
      SCRIPT_NOT_FOUND runbook.yaml:4:21 bash scripts/build.sh && make
      the script \`scripts/build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a list that an interpreter reads
      SCRIPT_NOT_FOUND runbook.yaml:4:21 [node, build.mjs]
      the script \`build.mjs\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    a program that is not installed
      SCRIPT_NOT_FOUND runbook.yaml:4:21 [nosuchprogram, --fast]
      the program \`nosuchprogram\` is not in the PATH
      Install it; or, if it is a script of yours, write \`./nosuchprogram\`.
    a program that is not installed, in a map
      SCRIPT_NOT_FOUND runbook.yaml:4:31 [nosuchprogram]
      the program \`nosuchprogram\` is not in the PATH
      Install it; or, if it is a script of yours, write \`./nosuchprogram\`.
    a program that a shell would not find
      SCRIPT_NOT_FOUND runbook.yaml:4:21 nosuchprogram --fast && make
      the program \`nosuchprogram\` is not in the PATH
      Install it; or, if it is a script of yours, write \`./nosuchprogram\`.
    a program that a shell would not find, in a block
      SCRIPT_NOT_FOUND runbook.yaml:4:21 |
      the program \`nosuchprogram\` is not in the PATH
      Install it; or, if it is a script of yours, write \`./nosuchprogram\`.
    a program that the PATH of the task does not have
      SCRIPT_NOT_FOUND runbook.yaml:4:31 make all
      the program \`make\` is not in the PATH
      Install it; or, if it is a script of yours, write \`./make\`.
    from the folder it runs in
      SCRIPT_NOT_FOUND runbook.yaml:4:21 ./build.sh
      the script \`./build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    not executable
      SCRIPT_NOT_FOUND runbook.yaml:4:21 ./build.sh
      the script \`./build.sh\` may not be executed
      chmod +x ./build.sh
    not executable, as a path
      SCRIPT_NOT_FOUND runbook.yaml:4:28 build.sh
      the script \`./build.sh\` may not be executed
      chmod +x ./build.sh
    a folder
      SCRIPT_NOT_FOUND runbook.yaml:4:21 ./scripts
      the script \`./scripts\` is a folder
      Name the script in it that is to run.
    below a file
      SCRIPT_NOT_FOUND runbook.yaml:4:21 ./scripts/build.sh
      the script \`./scripts/build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    from the defaults
      SCRIPT_NOT_FOUND runbook.yaml:2:26 scripts/build.sh
      the script \`scripts/build.sh\` does not exist
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    "
  `);
});

test('what only a shell can tell is left to it', async () => {
  const lines = {
    function: 'greet() { echo hello; }; greet',
    'function with a blank': 'greet () { echo hello; }; greet',
    builtin: 'cd . && echo hello',
    keyword: 'for word in hello; do echo "$word"; done',
    assignment: 'WORD=hello; echo $WORD',
    variable: 'SAY=echo; $SAY hello',
    made: 'printf "echo hello" > made && sh made',
    group: '(echo hello)',
    comment: '# first a word\necho hello',
  };
  for (const [name, line] of Object.entries(lines)) {
    rig.write(`told-${name}/runbook.yaml`, script(JSON.stringify(line)).files['runbook.yaml'] ?? '');
    expect(await rig.run(['next'], { cwd: `told-${name}` }), name).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('│ hello'),
    });
  }
});

test('a script is looked for where it will run, and its path needs no slash', async () => {
  for (const [name, details] of Object.entries({ path: '{path: hi.sh}', list: '[sh, hi.sh]', text: 'sh hi.sh' })) {
    const { files } = script(`${details}\n    cwd: sub`);
    rig.write(`found-${name}/runbook.yaml`, files['runbook.yaml'] ?? '');
    rig.write(`found-${name}/sub/hi.sh`, '#!/bin/sh\necho hello\n');
    expect(await rig.run(['next'], { cwd: `found-${name}` })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('│ hello'),
    });
  }
});

test('a folder to run in', async () => {
  const cases = {
    'is not there': script('make\n    cwd: sub'),
    'is not there, for the script alone': script('{command: make, cwd: sub}'),
    'is not there, for its checks': manual('checks: [make test]\n    cwd: sub'),
    'is not there, in the defaults': {
      files: { 'runbook.yaml': `defaults: {cwd: sub}\n${script('make').files['runbook.yaml']}` },
    },
    'is a file': script('make\n    cwd: Makefile', { Makefile: '' }),
    'is below a file': script('make\n    cwd: Makefile/sub', { Makefile: '' }),
    'is above the project': script('make\n    cwd: ..'),
    'is somewhere else': script('make\n    cwd: /tmp'),
    'is a link that leads out': {
      ...script('make\n    cwd: sub'),
      before: (folder: string) => symlinkSync('/tmp', join(folder, 'sub')),
    },
  };
  expect(await refusals(rig, cases)).toMatchInlineSnapshot(`
    "
    is not there
      FILE_NOT_FOUND runbook.yaml:5:10 sub
      the folder \`sub\` does not exist
      mkdir -p sub
    is not there, for the script alone
      FILE_NOT_FOUND runbook.yaml:4:42 sub
      the folder \`sub\` does not exist
      mkdir -p sub
    is not there, for its checks
      FILE_NOT_FOUND runbook.yaml:4:10 sub
      the folder \`sub\` does not exist
      mkdir -p sub
    is not there, in the defaults
      FILE_NOT_FOUND runbook.yaml:1:17 sub
      the folder \`sub\` does not exist
      mkdir -p sub
    is a file
      FILE_NOT_FOUND runbook.yaml:5:10 Makefile
      \`Makefile\` is no folder
    is below a file
      FILE_NOT_FOUND runbook.yaml:5:10 Makefile/sub
      the folder \`Makefile/sub\` does not exist
      mkdir -p Makefile/sub
    is above the project
      PATH_OUTSIDE runbook.yaml:5:10 ..
      \`..\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    is somewhere else
      PATH_OUTSIDE runbook.yaml:5:10 /tmp
      \`/tmp\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    is a link that leads out
      PATH_OUTSIDE runbook.yaml:5:10 sub
      \`sub\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    "
  `);
});

test('instructions that can not be read', async () => {
  const cases = {
    'are not there': manual('manual_instructions: docs/publish.md'),
    'are above the project': manual('manual_instructions: ../publish.md'),
    'are a folder': manual('manual_instructions: publish.md', { 'publish.md/x': '' }),
    'are not UTF-8': manual('manual_instructions: publish.md', { 'publish.md': Buffer.from('Café\n', 'latin1') }),
    'are a number': manual('manual_instructions: 5'),
    'have a number as step': manual('manual_instructions: [log in, 5]'),
  };
  expect(await refusals(rig, cases, { args: ['next', '--answer', 'accept'] })).toMatchInlineSnapshot(`
    "
    are not there
      FILE_NOT_FOUND runbook.yaml:3:26 docs/publish.md
      \`docs/publish.md\` does not exist
      Write that file, or mend the path.
    are above the project
      PATH_OUTSIDE runbook.yaml:3:26 ../publish.md
      \`../publish.md\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    are a folder
      FILE_UNREADABLE runbook.yaml:3:26 publish.md
      \`publish.md\` can't be read: it is a folder
      Name a file.
    are not UTF-8
      FILE_UNREADABLE publish.md:1:4 �
      \`publish.md\` is not valid UTF-8
      Save it as UTF-8.
    are a number
      RUNBOOK_INVALID runbook.yaml:3:26 5
      \`manual_instructions\` must be Markdown, a list of steps, or the path of a Markdown file, not the number 5
    have a number as step
      RUNBOOK_INVALID runbook.yaml:3:35 5
      \`manual_instructions[1]\` must be text, not the number 5
      Put quotes around it: "5".
    "
  `);
});

test('the first mistake of a run is found before anything is written, a later one after what was done', async () => {
  const first = `${script('"true"').files['runbook.yaml']}  - id: second\n    type: AUTOMATED_SCRIPT\n    script_details: ./gone.sh\n`;
  rig.write('later/runbook.yaml', first);
  const { code, stdout, stderr } = await rig.run(['run'], { cwd: 'later' });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(rig.stable(stderr)).toMatchInlineSnapshot(`
    "▶ a                                                                  step 1 of 2
      true                                                                      in .

    ✔ DONE  a  <duration>  logs/a/<stamp>.log
    error: the script \`./gone.sh\` does not exist
      ——▶ runbook.yaml:12:21
       │
    12 │     script_details: ./gone.sh
       │                     ^^^^^^^^^
      Mend the path, or write that script. It is looked up from the folder the task runs in.
    "
  `);
  expect(rig.read('later/runbook.yaml')).toContain('status: DONE');
  expect(rig.exists('later/.runbook/lease.json')).toBe(false);
});

type Files = Record<string, string | Uint8Array>;

function script(details: string | undefined, more: Files = {}): { files: Files & { 'runbook.yaml': string } } {
  const line = details === undefined ? '' : `    script_details: ${details}\n`;
  return { files: { 'runbook.yaml': `tasks:\n  - id: a\n    type: AUTOMATED_SCRIPT\n${line}`, ...more } };
}

function manual(fields: string, more: Files = {}): { files: Files } {
  return { files: { 'runbook.yaml': `tasks:\n  - id: a\n    ${fields}\n`, ...more } };
}
