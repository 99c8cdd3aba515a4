// `report`: what happened is told in each form, nothing in it acts, and nothing that is secret is in it.
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { marked } from 'marked';
import { parse, parseFragment } from 'parse5';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elementsIn, textIn } from './html.ts';
import { makeRig, type Rig } from './rig.ts';
import { dataOf, errorOf, said } from './said.ts';
import { steady } from './told.ts';

const SECRET = 'sk-very-secret-value';
const IMAGE = '</script><img src=x onerror=alert(1)>';
const SCRIPT = '</style></td><script>alert(1)</script>';
const LINK = '| [a](javascript:alert(1)) <a href="//b">![i](//x) **bold** `code`';
const q = JSON.stringify;

const RUNBOOK = `name: ${q(IMAGE)}
description: ${q(`${SCRIPT} ${SECRET}\n\n- ${LINK}`)}
models: {recorded: {provider: scripted, replies: replies.yaml}}
tasks:
  - {id: build, status: READY, type: AUTOMATED_SCRIPT, script_details: "true"}
  - id: draft
    name: ${q(LINK)}
    depends_on: [build]
    type: AI_ASSISTED
    ai_details: {model: recorded, prompt_template: p.md}
    output_artifact: notes.md
  - {id: ${q(`read | ${IMAGE}`)}, name: ${SECRET}, depends_on: [draft]}
  - {id: run_tests, depends_on: [build], type: AUTOMATED_SCRIPT, script_details: {path: ./fail.sh}}
  - {id: last, depends_on: [run_tests]}
`;
const FILES = {
  'runbook.yaml': RUNBOOK,
  '.env': `API_KEY=${SECRET}\n`,
  'p.md': 'Draft.\n',
  'replies.yaml': 'replies: [{reply: text}]\n',
  'fail.sh': `#!/bin/sh\necho '${SCRIPT} ${SECRET}' >&2\nexit 3\n`,
};

describe('of a walk', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await makeRig({ files: FILES });
    await rig.run(['run', '--answer', 'retry', 'accept', 'accept', '--reason', LINK]);
    await rig.run(['retry', 'run_tests', '--reason', IMAGE]);
    await rig.run(['next']);
    appendFileSync(join(rig.dir, 'logs/run_log.jsonl'), '{"torn');
  });
  afterAll(async () => await rig[Symbol.asyncDispose]());

  test('Markdown: all of it, and what a renderer makes of it', async () => {
    const before = rig.tree();
    const { code, stdout, stderr } = await rig.run(['report']);
    expect([code, stderr]).toEqual([0, '1 line of logs/run_log.jsonl could not be read, and was stepped over.\n']);
    expect(steady(stdout)).toMatchInlineSnapshot(`
      "<!-- made by runbook report -->

      # &#60;/script&#62;&#60;img src=x onerror=alert(1)&#62;

      &#60;/style&#62;&#60;/td&#62;&#60;script&#62;alert(1)&#60;/script&#62; \\[API\\_KEY\\]

      \\- \\| \\[a\\](javascript&#58;alert(1)) &#60;a href="//b"&#62;!\\[i\\](//x) \\*\\*bold\\*\\* \\\`code\\\`

      **3 of 5 done · 3 runs · 5 starts · 2 retries · #.# s of work**, as of YYYY-MM-DD hh:mm:ss (UTC)

      ## In error

      - \`run_tests\`: SCRIPT\\_ERROR: exit 3: &#60;/style&#62;&#60;/td&#62;&#60;script&#62;alert(1)&#60;/script&#62; \\[API\\_KEY\\]

      ## Tasks

      | Task | Name | Status | Starts | Retries | Time | Cost |
      |---|---|---|--:|--:|--:|--:|
      | \`build\` |  | DONE | 1 |  | #.# s |  |
      | \`draft\` | \\| \\[a\\](javascript&#58;alert(1)) &#60;a href="//b"&#62;!\\[i\\](//x) \\*\\*bold\\*\\* \\\`code\\\` | DONE | 1 | 1 | #.# s |  |
      | \`read \\| </script><img src=x onerror=alert(1)>\` | \\[API\\_KEY\\] | DONE | 1 |  | #.# s |  |
      | \`run_tests\` |  | ERROR | 2 | 1 | #.# s |  |
      | \`last\` |  | PENDING |  |  |  |  |

      ## Order

      \`\`\`mermaid
      %% made by runbook graph
      flowchart TD
        n0["build<br/>DONE"]:::DONE
        n1["draft<br/>DONE"]:::DONE
        n2["read #124; #60;/script#62;#60;img src=x onerror=alert(1)#62;<br/>DONE"]:::DONE
        n3["run_tests<br/>ERROR"]:::ERROR
        n4["last<br/>PENDING"]:::PENDING
        n0 --> n1
        n1 --> n2
        n0 --> n3
        n3 --> n4
        classDef DONE fill:#e2f5e6,stroke:#2c8a43,color:#14532a
        classDef ERROR fill:#ffe3e3,stroke:#c92a2a,color:#7d1a1a
        classDef PENDING fill:#f1f3f5,stroke:#7f8794,color:#3d434c
      \`\`\`

      ## What happened

      | Time | Task | Change | How |
      |---|---|---|---|
      | YYYY-MM-DD hh:mm:ss | \`build\` | READY → DONE | #.# s |
      | YYYY-MM-DD hh:mm:ss | \`draft\` | PENDING → READY | nothing is left to wait for |
      | YYYY-MM-DD hh:mm:ss | \`run_tests\` | PENDING → READY | nothing is left to wait for |
      | YYYY-MM-DD hh:mm:ss | \`draft\` | READY → DONE | #.# s · decided by --answer |
      | YYYY-MM-DD hh:mm:ss | \`read \\| </script><img src=x onerror=alert(1)>\` | PENDING → READY | nothing is left to wait for |
      | YYYY-MM-DD hh:mm:ss | \`read \\| </script><img src=x onerror=alert(1)>\` | READY → DONE | #.# s · decided by --answer |
      | YYYY-MM-DD hh:mm:ss | \`run_tests\` | READY → ERROR | #.# s · SCRIPT\\_ERROR: exit 3: &#60;/style&#62;&#60;/td&#62;&#60;script&#62;alert(1)&#60;/script&#62; \\[API\\_KEY\\] |
      | YYYY-MM-DD hh:mm:ss | \`run_tests\` | ERROR → READY | runbook retry: &#60;/script&#62;&#60;img src=x onerror=alert(1)&#62; |
      | YYYY-MM-DD hh:mm:ss | \`run_tests\` | READY → ERROR | #.# s · SCRIPT\\_ERROR: exit 3: &#60;/style&#62;&#60;/td&#62;&#60;script&#62;alert(1)&#60;/script&#62; \\[API\\_KEY\\] |

      1 line of logs/run\\_log.jsonl could not be read, and was stepped over.
      "
    `);
    const page = parseFragment(await marked.parse(stdout));
    expect(new Set(elementsIn(page).map(({ tagName }) => tagName))).toEqual(
      new Set(['h1', 'h2', 'p', 'strong', 'ul', 'li', 'code', 'pre', 'table', 'thead', 'tbody', 'tr', 'th', 'td']),
    );
    const cells = elementsIn(page, 'td').map(textIn);
    expect(cells).toEqual(expect.arrayContaining([LINK, `read | ${IMAGE}`, '[API_KEY]', `runbook retry: ${IMAGE}`]));
    expect(rig.tree()).toEqual(before);
  });

  test('HTML: one file, in which nothing acts, is fetched or is secret', async () => {
    expect((await rig.run(['report', '-o', 'out.html'])).code).toBe(0);
    const text = rig.read('out.html');
    const page = parse(text);
    const elements = elementsIn(page);
    expect(
      elements.map(({ tagName }) => tagName).filter((name) => /script|img|iframe|object|link|^a$|form/.test(name)),
    ).toEqual([]);
    const attributes = elements.flatMap(({ attrs }) => attrs);
    expect(attributes.filter(({ name }) => /^on|href|src|action|^style$/.test(name))).toEqual([]);
    expect(text).not.toMatch(/url\((?!#)|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg")/);
    expect(attributes.map(({ value }) => value)).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(text).not.toContain(SECRET);
    expect(elementsIn(page, 'title').map(textIn)[0]).toBe(`${IMAGE}: report`);
    expect(elementsIn(page, 'h1').map(textIn)).toEqual([IMAGE]);
    expect(elementsIn(page, 'h2').map(textIn)).toEqual(['In error', 'Timeline', 'Order', 'Tasks', 'What happened']);
    const cells = elementsIn(page, 'td').map(textIn);
    expect(cells).toEqual(expect.arrayContaining([LINK, `read | ${IMAGE}`, '[API_KEY]', `runbook retry: ${IMAGE}`]));
    const [timeline, graph] = elementsIn(page, 'svg');
    // The whole of it is seen, in a page that is 860 wide.
    expect(Number(timeline?.attrs.find(({ name }) => name === 'width')?.value)).toBeLessThan(860);
    // A bar for each start that came to an end.
    expect(
      timeline &&
        elementsIn(timeline, 'g')
          .map((bar) => elementsIn(bar, 'title').map(textIn).join())
          .map(steady),
    ).toEqual(
      ['build', 'draft', `read | ${IMAGE}`, 'run_tests', 'run_tests'].map(
        (id) => `${id}: hh:mm:ss, #.# s, then ${id === 'run_tests' ? 'ERROR' : 'DONE'}`,
      ),
    );
    expect(graph && elementsIn(graph, 'g')).toHaveLength(5);
  });

  test('--json has the same figures as `history`, and each task its own', async () => {
    const { totals, tasks, moments, unreadable_lines } = dataOf(
      'report',
      await rig.run(['report', '--json']),
    ) as Report;
    const told = dataOf('history', await rig.run(['history', '--json', '--limit', 'all'])) as Report;
    expect(totals).toEqual(told.totals);
    expect(moments).toHaveLength(told.moments.length);
    expect(unreadable_lines).toBe(1);
    expect(tasks.map(({ starts, retries }) => [starts, retries])).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
      [2, 1],
      [0, 0],
    ]);
    expect(tasks.reduce((sum, { ms }) => sum + ms, 0)).toBe(totals.ms);
    expect(tasks[3]?.issue).toBe(`SCRIPT_ERROR: exit 3: ${SCRIPT} [API_KEY]`);
  });

  test('a file that is not ours is left alone', async () => {
    const before = rig.tree();
    expect(errorOf(await rig.run(['report', '--format', 'html', '-o', 'p.md', '--json'])).code).toBe('USAGE');
    expect((await rig.run(['report', '-o', 'p.md'])).code).toBe(2);
    expect((await rig.run(['report', '-n', '-o', 'new.md'])).stderr).toContain('would write  new.md');
    expect(rig.tree()).toEqual(before);
  });

  test('of a long journal, the latest 1,000 changes; a program gets all', async () => {
    const line = q({
      timestamp: '2026-01-01T00:00:00.000Z',
      run_id: 'r',
      task_id: 'build',
      event_type: 'MANUAL_ACTION',
      status_change: 'READY -> DONE',
      details: { command: 'done' },
    });
    rig.write('long/runbook.yaml', 'tasks: [{id: build, status: DONE}]\n');
    rig.write('long/logs/run_log.jsonl', `${line}\n`.repeat(1002));
    const { stdout } = await rig.run(['-C', 'long', 'report']);
    expect(stdout).toContain('\n2 earlier changes are left out: `runbook history --limit all` tells them.\n');
    expect(stdout.match(/runbook done/g)).toHaveLength(1000);
    const { moments } = dataOf('report', await rig.run(['-C', 'long', 'report', '--json'])) as Report;
    expect(moments).toHaveLength(1002);
  });

  test('without a journal it says so, and with no task as well', async () => {
    rmSync(join(rig.dir, 'logs'), { recursive: true });
    const { stdout } = await rig.run(['report']);
    expect(stdout).toContain('Nothing yet: the journal tells of no change.');
    expect(textIn(parse((await rig.run(['report', '--format', 'html'])).stdout))).not.toContain('Timeline');
    rig.write('empty/runbook.yaml', 'tasks: []\n');
    expect(said(rig, await rig.run(['-C', 'empty', 'report', '-q', '-o', 'r.html']))).toBe('exit 0');
    expect(textIn(parse(rig.read('empty/r.html')))).toMatch(/0 of 0 done.*There are no tasks yet\..*Nothing yet/s);
  });
});

interface Report {
  totals: { ms: number };
  tasks: { starts: number; retries: number; ms: number; issue: string | null }[];
  moments: object[];
  unreadable_lines: number;
}
