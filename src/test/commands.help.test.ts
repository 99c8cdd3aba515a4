// What the program says of itself: its help, which begins with examples, its version, and what it does not know.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRig, type Rig } from './rig.ts';
import { errorOf, said } from './said.ts';

const commands =
  'next run start done error skip retry reset status list show why history graph report init add import export edit validate doctor schema completion skill'.split(
    ' ',
  );

let rig: Rig;
beforeAll(async () => {
  rig = await makeRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('--help', () => {
  test('of the program lists every command', async () => {
    expect(said(rig, await rig.run(['--help']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      Examples:
        runbook init          write a small playbook
        runbook next          do the next step
        runbook               where does it stand?

      Usage: runbook [command] [flags]

      Works through a plan in YAML with you: steps by hand, by a model with your
      review, or by script.

      Options:
        -C, --cd <dir>  work in this folder
        --file <file>   the runbook, if it is not runbook.yaml here or above
        --json          print one JSON object
        --plain         for a screen reader: words alone, line by line
        -y, --yes       accept replies whose checks pass; --yes=unchecked: also those
                        without checks
        --no-input      never ask; what needs a person is refused (or
                        RUNBOOK_NO_INPUT=1)
        -n, --dry-run   say what would happen, and change nothing
        -q, --quiet     say less
        --no-color      no colour (or NO_COLOR=1)
        -V, --version   print the version
        -h, --help      print help, also for a command

      Work:
        next            do the next READY task, then say what comes after it
        run             go on until finished, blocked or in error
        start           take a task, to carry it out elsewhere
        done            mark a task DONE that you did elsewhere
        error           mark a task ERROR, and keep what is wrong with it
        skip            mark a task SKIPPED
        retry           make a task in ERROR READY again
        reset           make a DONE, SKIPPED or taken task READY again

      See:
        status          where the playbook stands, on one screen (also: runbook alone)
        list|ls         every task with its status
        show            everything about one task
        why             why a task has its status, and what moves it on
        graph           which task follows which: as text, Mermaid, DOT or SVG
        prompt          what would be sent to a model, its size, and where it comes
                        from
        history|log     what happened, when, by whom, and what it cost
        report          what happened, to be sent to somebody: Markdown, or one HTML
                        file

      Write:
        init            write a small playbook that runs at once
        add             add a task at its place, by flags or by questions
        import          make a Markdown plan into a runbook, or merge its changes
        export          print the runbook as a Markdown checklist
        edit            open a task in your editor, at its line

      Check:
        validate        find every mistake in the YAML and the templates
        doctor          what is wrong with the machine, the runbook or its models
        schema          print the JSON Schema of the YAML files

      Serve:
        completion      print the script by which a shell completes commands and ids
        skill           print the skill file for a coding agent that works the runbook

      Commands:
        help [command]  print help for a command

      Exit status: 0 done · 1 a task is in ERROR · 2 a mistake in a command or a file
        3 nothing is READY · 4 a person must decide · 5 another runner holds it
        70 our bug · 130 interrupted"
    `);
    const { stdout } = await rig.run(['-h']);
    expect(commands.filter((name) => !new RegExp(`^  ${name}\\b`, 'm').test(stdout))).toEqual([]);
  });

  test.each(commands)('of `%s` begins with examples that call it, and needs no runbook', async (name) => {
    const { code, stdout, stderr } = await rig.run([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [examples = '', usage = ''] = stdout.split('\n\n');
    expect(examples).toMatch(new RegExp(`^Examples:\\n(  runbook.*\\n)*  runbook ${name}\\b`));
    expect(usage).toMatch(new RegExp(`^Usage: runbook ${name}\\b`));
    // No line runs over the edge of the usual terminal.
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('of `run`, whole, also as `help run`', async () => {
    expect((await rig.run(['help', 'run'])).stdout).toBe((await rig.run(['run', '-h'])).stdout);
    expect(said(rig, await rig.run(['run', '-h']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      Examples:
        runbook run                       until finished, blocked or in error
        runbook run --until run_tests     stop after that task
        runbook run --start-from pack     leave alone what comes before it
        runbook run --keep-going          go past tasks in ERROR
        runbook run --jobs 4              up to four scripts at once

      Usage: runbook run [options]

      Go on until finished, blocked or in error.

      Options:
        --answer <decision...>  answer a decision in advance, in the order given
                                (choices: "accept", "retry", "edit", "error", "skip",
                                "quit")
        --reason <text>         what to say where a reason is asked for
        --start-from <id>       look only at this task and those after it
        --keep-going            go past tasks in ERROR
        --review                read and edit each prompt before it is sent
        --model <name>          let this model answer, whatever the task names (env:
                                RUNBOOK_MODEL)
        --until <id>            stop after this task
        -j, --jobs <n>          run up to so many independent scripts side by side
        -h, --help              print help, also for a command

      Global Options:
        -C, --cd <dir>          work in this folder
        --file <file>           the runbook, if it is not runbook.yaml here or above
        --json                  print one JSON object
        --plain                 for a screen reader: words alone, line by line
        -y, --yes               accept replies whose checks pass; --yes=unchecked:
                                also those without checks
        --no-input              never ask; what needs a person is refused (or
                                RUNBOOK_NO_INPUT=1)
        -n, --dry-run           say what would happen, and change nothing
        -q, --quiet             say less
        --no-color              no colour (or NO_COLOR=1)
        -V, --version           print the version"
    `);
  });
});

test('--version', async () => {
  const finished = await rig.run(['--version']);
  expect(finished).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
  for (const args of [['-V'], ['status', '--version']]) expect(await rig.run(args)).toEqual(finished);
});

describe('what it does not know ends with exit 2 and says what there is', () => {
  const unknown = async (...args: string[]) => said(rig, await rig.run(args));

  test('a command', async () => {
    expect(await unknown('nxet')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is no command \`nxet\`. Did you mean \`next\`?
        runbook --help  lists them all"
    `);
    expect(await unknown('frobnicate', 'now')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is no command \`frobnicate\`.
        runbook --help  lists them all"
    `);
    expect(errorOf(await rig.run(['nxet', '--json']))).toEqual({
      code: 'USAGE',
      message: 'there is no command `nxet`. Did you mean `next`?',
      at: null,
      hint: 'runbook --help  lists them all',
    });
  });

  test('a flag', async () => {
    expect(await unknown('next', '--rewiev')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: unknown option \`--rewiev\`. Did you mean \`--review\`?
        runbook next --help  tells what it takes"
    `);
    expect(await unknown('--frob')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: unknown option \`--frob\`
        runbook --help  tells what it takes"
    `);
  });

  test('a value', async () => {
    expect(await unknown('next', '--answer', 'yes')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: option \`--answer <decision...>\` argument \`yes\` is invalid. Allowed choices are accept, retry, edit, error, skip, quit.
        runbook next --help  tells what it takes"
    `);
    expect(await unknown('next', '--answer')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: option \`--answer <decision...>\` argument missing
        runbook next --help  tells what it takes"
    `);
    expect(await unknown('--yes=all', 'next')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`--yes=all\` is not known
        \`--yes\` accepts what its checks prove, \`--yes=unchecked\` also what has no checks."
    `);
    expect(await unknown('schema', 'tasks')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: command-argument value \`tasks\` is invalid for argument \`which\`. Allowed choices are runbook, task, json/status, json/list, json/task, json/why, json/prompt, json/history, json/graph, json/report, json/run, json/changed, json/dry_run, json/added, json/imported, json/exported, json/edited, json/init, json/validate, json/doctor, json/completion, json/skill, json/schema, json/error, all. Did you mean \`task\`?
        runbook schema --help  tells what it takes"
    `);
  });

  test('one argument too many or too few', async () => {
    expect(await unknown('next', 'pack')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: too many arguments for \`next\`. Expected 0 arguments but got 1.
        runbook next --start-from pack  does that one, if it is READY"
    `);
    expect(await unknown('done')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: \`runbook done\` needs the id of a task
        runbook list  shows them all"
    `);
  });

  test('a runbook that is not there', async () => {
    expect(await unknown('status')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is no \`runbook.yaml\` in <dir> or in a folder above it
        runbook init         writes a small one that runs at once
        runbook -C DIR …     works in another folder"
    `);
    expect(await unknown('--file', 'plan.yaml', 'list')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is no runbook at \`plan.yaml\`
        Mend the path given with --file, or in RUNBOOK_FILE."
    `);
    rig.write('above/runbook.yaml', 'tasks: []\n');
    expect(await unknown('-C', 'above/nowhere', 'run')).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is no folder \`above/nowhere\`
        Mend the path given with --cd."
    `);
  });
});
