// `init` writes a small playbook that runs at once, and touches nothing that is there; `schema` is what it and editors use.
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { releaseFiles } from './release.ts';
import { makeRig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';

const written = [
  'runbook.yaml',
  'tasks/say_what_it_is.yaml',
  'tasks/draft_readme.yaml',
  'prompt_templates/readme.md',
  '.env.example',
  '.gitignore',
  '.runbook/schemas/runbook.json',
  '.runbook/schemas/task.json',
];

describe('init in a fresh folder', () => {
  test('says what it wrote, and what to do now', async () => {
    await using rig = await makeRig();
    expect(said(rig, await rig.run(['init']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      wrote  runbook.yaml
      wrote  tasks/say_what_it_is.yaml
      wrote  tasks/draft_readme.yaml
      wrote  prompt_templates/readme.md
      wrote  .env.example
      wrote  .gitignore
      wrote  .runbook/schemas/runbook.json
      wrote  .runbook/schemas/task.json

      Now: runbook next"
    `);
    const files = Object.entries(rig.tree()).filter(([, kind]) => kind !== 'folder');
    expect(files.map(([path]) => path).sort()).toEqual([...written, '.runbook/.gitignore'].sort());
  });

  test('the playbook has no mistakes, and its first step runs without a key and without a person', async () => {
    await using rig = await makeRig({ git: true });
    await rig.run(['init']);
    expect(await rig.run(['validate'])).toMatchObject({
      code: 0,
      stdout: '3 tasks, 0 mistakes, 0 warnings\n',
      stderr: '',
    });
    expect(await rig.run(['next'])).toMatchObject({ code: 0 });
    expect(rig.statuses()).toEqual({ look_around: 'DONE', say_what_it_is: 'READY', draft_readme: 'PENDING' });
    // What git sees is what the person has to see: no logs, no locks.
    expect(rig.git('status', '--porcelain', '--untracked-files=all').split('\n').sort()).toEqual(
      [
        '.env.example',
        '.gitignore',
        'prompt_templates/readme.md',
        'runbook.yaml',
        'tasks/draft_readme.yaml',
        'tasks/say_what_it_is.yaml',
      ].map((path) => `?? ${path}`),
    );
  });

  test('each YAML file names a schema that is there and that it satisfies', async () => {
    await using rig = await makeRig();
    await rig.run(['init']);
    for (const path of written.filter((file) => file.endsWith('.yaml'))) {
      const named = /^# yaml-language-server: \$schema=(.+)\n/.exec(rig.read(path))?.[1] ?? '';
      const folder = path.includes('/') ? path.replace(/[^/]+$/, '') : '';
      const validate = new Ajv({ strict: false }).compile(JSON.parse(rig.read(folder + named)) as object);
      expect([path, validate(parse(rig.read(path)))]).toEqual([path, true]);
      expect(validate({ tasks: [{ id: 'a', status: 'OPEN' }], status: 'OPEN' })).toBe(false);
    }
  });

  test('makes the folder that is named, wherever it is', async () => {
    await using rig = await makeRig();
    const now = async (...args: string[]) => (await rig.run(args)).stdout.trimEnd().split('\n').at(-1);
    expect(await now('init', 'new/plan')).toBe('Now: cd new/plan && runbook next');
    expect(await now('init', "my friend's plan")).toBe(String.raw`Now: cd 'my friend'\''s plan' && runbook next`);
    expect(await now('-C', 'new', 'init')).toBe('Now: cd new && runbook next');
    expect(await now('init', `${rig.dir}/absolute`)).toBe('Now: cd absolute && runbook next');
    for (const path of ['new/plan', "my friend's plan", 'new', 'absolute'])
      expect(rig.exists(`${path}/runbook.yaml`)).toBe(true);
    expect(rig.exists('tmp')).toBe(false);
  });

  test('the runbook has the name of the folder, whatever that is', async () => {
    await using rig = await makeRig();
    for (const name of ['true', '2026', '[x]: y', 'ends with\\']) {
      await rig.run(['init', name]);
      expect(dataOf('status', await rig.run(['-C', name, '--json']))).toMatchObject({ name });
    }
  });

  test('--json', async () => {
    await using rig = await makeRig();
    expect(dataOf('init', await rig.run(['init', '--json']))).toEqual({
      folder: rig.dir,
      files: written,
      dry_run: false,
    });
  });
});

describe('init where something is', () => {
  test('refuses where a runbook is, and writes nothing', async () => {
    await using rig = await makeRig({ files: { 'runbook.yaml': 'tasks: []\n' } });
    const before = rig.tree();
    expect(said(rig, await rig.run(['init']))).toMatchInlineSnapshot(`
      "exit 2
      ── stderr
      error: there is a \`runbook.yaml\` in <dir> already; nothing was written
        runbook status  shows where it stands"
    `);
    const refused = await rig.run(['init', '.', '--json']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(errorOf(refused)).toMatchObject({ code: 'USAGE', hint: 'runbook status  shows where it stands' });
    expect(rig.tree()).toEqual(before);
  });

  test('leaves every file that is there, and adds to .gitignore only what it lacks', async () => {
    const files = {
      '.gitignore': 'node_modules/\n.env',
      '.env.example': 'MY=1\n',
      'tasks/draft_readme.yaml': '# mine\nid: draft_readme\n',
    };
    await using rig = await makeRig({ files });
    expect(said(rig, await rig.run(['init']))).toMatchInlineSnapshot(`
      "exit 0
      ── stdout
      wrote  runbook.yaml
      wrote  tasks/say_what_it_is.yaml
      wrote  prompt_templates/readme.md
      wrote  .gitignore
      wrote  .runbook/schemas/runbook.json
      wrote  .runbook/schemas/task.json

      Now: runbook next"
    `);
    expect(rig.read('.gitignore')).toBe('node_modules/\n.env\n.runbook/\nlogs/\noutputs/\n');
    for (const path of ['.env.example', 'tasks/draft_readme.yaml'] as const) expect(rig.read(path)).toBe(files[path]);
  });

  test('a .gitignore that has it all stays as it is, also with CRLF', async () => {
    const ignores = '.env\r\n.runbook/\r\nlogs/\r\noutputs/\r\n';
    await using rig = await makeRig({ files: { '.gitignore': ignores } });
    expect((await rig.run(['init'])).stdout).not.toContain('.gitignore');
    expect(rig.read('.gitignore')).toBe(ignores);
  });
});

describe('schema', () => {
  test('is a JSON Schema of the runbook, or of a task', async () => {
    await using rig = await makeRig({ files: releaseFiles });
    for (const [which, path] of [
      ['runbook', 'runbook.yaml'],
      ['task', 'tasks/draft_notes.yaml'],
      ['task', 'tasks/pack.yaml'],
    ] as const) {
      const { code, stdout, stderr } = await rig.run(['schema', which]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const schema = JSON.parse(stdout) as Record<string, unknown>;
      expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
      expect(new Ajv({ strict: false }).validate(schema, parse(rig.read(path)))).toBe(true);
    }
    expect((await rig.run(['schema'])).stdout).toBe((await rig.run(['schema', 'runbook'])).stdout);
  });

  test('marks to an editor what `validate` warns of, and offers no null; a key without a value counts as none', async () => {
    await using rig = await makeRig();
    const { stdout } = await rig.run(['schema']);
    expect(stdout).not.toContain('"null"');
    const validate = new Ajv({ strict: false }).compile(JSON.parse(stdout) as object);
    const accepts = (task: object) => validate({ tasks: [{ id: 'a', ...task }] });
    expect(accepts({ env: null, status: null, 'x-owner': 'Ada', ai_details: { input_context: { any: 1 } } })).toBe(
      true,
    );
    expect(accepts({ issues: [{ type: 'OURS', mine: 1 }], last_run: { any: 1 } })).toBe(true);
    for (const slip of [{ owner: 'Ada' }, { ai_details: { promt: 'x' } }, { env: 5 }, { status: 'DOEN' }])
      expect(accepts(slip), JSON.stringify(slip)).toBe(false);
  });

  test('--json has it as the data of one object', async () => {
    await using rig = await makeRig();
    const data = dataOf('schema', await rig.run(['schema', 'task', '--json']));
    expect(data).toEqual(JSON.parse((await rig.run(['schema', 'task'])).stdout));
  });
});
