// The same plans in the form of each tool.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const numbers = (size) => Array.from({ length: size }, (_, i) => i);

/** Half of the tasks are DONE, one is READY, the others wait in a chain; `aside` has two files. */
export function plan(cwd, size) {
  mkdirSync(cwd, { recursive: true });
  const tasks = numbers(size - 1).map((i) => {
    const status = i < size / 2 ? 'DONE' : i - 1 < size / 2 ? 'READY' : 'PENDING';
    return `  - id: task_${i}\n    name: Task number ${i}\n    status: ${status}\n    depends_on: [${i > 0 ? `task_${i - 1}` : ''}]\n    type: AUTOMATED_SCRIPT\n    script_details: echo ${i}\n`;
  });
  const aside = '  - id: aside\n    status: READY\n    task_detail_file: aside.yaml\n';
  writeFileSync(join(cwd, 'runbook.yaml'), `name: Big\ntasks:\n${tasks.join('')}${aside}`);
  writeFileSync(join(cwd, 'aside.yaml'), 'id: aside\nstatus: READY\n');
}

/** The same for backlog.md: a file a task. */
export function backlog(cwd, size) {
  const tasks = join(cwd, 'backlog/tasks');
  mkdirSync(tasks, { recursive: true });
  writeFileSync(
    join(cwd, 'backlog/config.yml'),
    'project_name: "big"\ndefault_status: "To Do"\nstatuses: ["To Do", "In Progress", "Done"]\nlabels: []\ndate_format: yyyy-mm-dd\nremote_operations: false\nauto_commit: false\nfilesystem_only: true\ncheck_active_branches: false\ntask_prefix: "task"\n',
  );
  for (const i of numbers(size).map((n) => n + 1)) {
    const status = i <= size / 2 ? 'Done' : 'To Do';
    const needs = i > 1 ? `\n  - TASK-${i - 1}` : ' []';
    writeFileSync(
      join(tasks, `task-${i} - Task-number-${i}.md`),
      `---\nid: TASK-${i}\ntitle: Task number ${i}\nstatus: ${status}\nassignee: []\ncreated_date: '2026-11-20 10:00'\nlabels: []\ndependencies:${needs}\nordinal: ${i * 1000}\n---\n`,
    );
  }
}

/** The same for task-master-ai: one JSON file. */
export function taskMaster(cwd, size) {
  mkdirSync(join(cwd, '.taskmaster/tasks'), { recursive: true });
  const tasks = numbers(size).map((i) => ({
    id: i + 1,
    title: `Task number ${i}`,
    description: `What task number ${i} is about.`,
    details: '',
    testStrategy: '',
    status: i < size / 2 ? 'done' : 'pending',
    dependencies: i > 0 ? [i] : [],
    priority: 'medium',
    subtasks: [],
  }));
  const metadata = { created: '2026-11-20T10:00:00.000Z', updated: '2026-11-20T10:00:00.000Z', description: '' };
  writeFileSync(join(cwd, '.taskmaster/tasks/tasks.json'), JSON.stringify({ master: { tasks, metadata } }));
}

/** What `task import` reads. */
export function taskwarrior(size) {
  const uuid = (i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
  return numbers(size)
    .map((i) =>
      JSON.stringify({
        uuid: uuid(i),
        description: `Task number ${i}`,
        entry: '20261120T100000Z',
        status: i < size / 2 ? 'completed' : 'pending',
        ...(i < size / 2 ? { end: '20261120T100000Z' } : {}),
        ...(i > 0 ? { depends: [uuid(i - 1)] } : {}),
      }),
    )
    .join('\n');
}

/** What each of the scripts needs: the one before it, or none. */
const needs = (shape, i) => (shape === 'chain' && i > 0 ? i - 1 : undefined);

export function scripts(cwd, size, shape) {
  const tasks = numbers(size).map((i) => {
    const before = needs(shape, i);
    return `  - id: t${i}\n    status: ${before === undefined ? 'READY' : 'PENDING'}\n    depends_on: [${before === undefined ? '' : `t${before}`}]\n    type: AUTOMATED_SCRIPT\n    script_details: echo ${i}\n`;
  });
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'runbook.yaml'), `name: Scripts\ntasks:\n${tasks.join('')}`);
}

export function ninja(cwd, size, shape) {
  const builds = numbers(size).map((i) => {
    const before = needs(shape, i);
    return `build o${i}: echo${before === undefined ? '' : ` o${before}`}\n  n = ${i}\n`;
  });
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'build.ninja'), `rule echo\n  command = echo $n > $out\n${builds.join('')}`);
}

export function make(cwd, size, shape) {
  const rules = numbers(size).map((i) => {
    const before = needs(shape, i);
    return `o${i}:${before === undefined ? '' : ` o${before}`}\n\t@echo ${i} > o${i}\n`;
  });
  mkdirSync(cwd, { recursive: true });
  const all = numbers(size).map((i) => `o${i}`);
  writeFileSync(join(cwd, 'Makefile'), `all: ${shape === 'chain' ? all.at(-1) : all.join(' ')}\n${rules.join('')}`);
}

export function wireit(cwd, size, shape) {
  const scriptNames = Object.fromEntries([...numbers(size).map((i) => [`t${i}`, 'wireit']), ['all', 'wireit']]);
  const details = Object.fromEntries(
    numbers(size).map((i) => {
      const before = needs(shape, i);
      return [`t${i}`, { command: `echo ${i}`, dependencies: before === undefined ? [] : [`t${before}`] }];
    }),
  );
  const last = shape === 'chain' ? [`t${size - 1}`] : numbers(size).map((i) => `t${i}`);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(
    join(cwd, 'package.json'),
    JSON.stringify({ name: 'scripts', scripts: scriptNames, wireit: { ...details, all: { dependencies: last } } }),
  );
}

/** Flow maps, an anchor, comments in odd places: only the library reads it. */
export function unusual(cwd, size) {
  const tasks = numbers(size).map(
    (i) =>
      `  - {id: task_${i}, name: "Task number ${i}", # at an odd place\n     status: ${i === 0 ? '&first READY' : 'PENDING'}, depends_on: [${i > 0 ? `task_${i - 1}` : ''}], type: AUTOMATED_SCRIPT, script_details: 'echo ${i}'}\n`,
  );
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'runbook.yaml'), `name: Unusual\ntasks: # all of them\n${tasks.join('')}`);
}
