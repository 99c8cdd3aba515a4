// Whole replies as models write them, byte for byte (replies/said/): all in one run, streamed from the loopback in odd pieces.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseReply } from '../handlers/reply.ts';
import { makeRig } from './rig.ts';
import { bodyOf, inPieces, webServer } from './webServer.ts';

type Expected = string | { files: Record<string, string> } | { refused: string | RegExp };

const ADD = 'def add(a: int, b: int) -> int:\n    """Returns the sum of two numbers."""\n    return a + b\n';
const SHORT = 'def add(a, b):\n    return a + b\n';
const CLASS = `from abc import ABC, abstractmethod


class BaseProvider(ABC):
    """What every adapter implements."""

    @abstractmethod
    def generate(self, prompt: str) -> str: ...

    @abstractmethod
    def stream(self, prompt: str) -> "Iterator[str]": ...
`;
const README = '# Install\n\n```bash\nnpm ci\n```\n\n## Use\n\n```js\nrun();\n```\n';
const PATCH = '--- a/add.py\n+++ b/add.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n';
const CUT = { refused: 'a code block is never closed by its fence, so the reply seems to be cut off' };
const THOUGHT = { refused: 'the reply is nothing but thinking, and seems to be cut off' };
const NONE = { refused: 'a fenced python code block was asked for, and the reply has no fenced block' };
const two = (folder: string) => ({
  files: { [`made/${folder}/a.ts`]: 'export const a = 1;\n', [`made/${folder}/b.ts`]: 'export const b = 2;\n' },
});

const EMPTY = 'the reply is empty. Retry, or ask another model.';
const PY = 'python_code_block';

/** The file, what was asked for, and what is to come of it. */
const REPLIES: readonly [string, string, Expected][] = [
  ['certainly-here-is', PY, ADD],
  ['here-is-the-file', PY, ADD],
  ['file-name-in-bold-before', PY, CLASS],
  ['key-points-after', PY, CLASS],
  ['only-the-block', PY, CLASS],
  ['only-the-block-no-line-end', PY, CLASS],
  ['blank-lines-around', PY, ADD],
  ['rule-and-heading', PY, ADD],
  ['bullets-with-wide-markers', PY, ADD],
  ['install-command-before', PY, CLASS],
  ['expected-output-after', PY, 'print(1 + 1)\n'],
  ['inline-fence-in-prose', PY, ADD],
  ['table-before', PY, ADD],
  ['emoji-and-arrows', PY, 'GREETING = "Gr\u00fc\u00dfe, \u4e16\u754c \ud83d\udc4b\ud83c\udffd"\n'],
  ['deepseek-r1-think', PY, ADD],
  ['qwen3-think-empty', PY, ADD],
  ['qwen3-think-without-beginning', PY, ADD],
  ['magistral-think-brackets', PY, ADD],
  ['thinking-tag', PY, CLASS],
  ['seed-think', PY, ADD],
  ['think-never-ends', PY, THOUGHT],
  ['gpt-oss-channels', PY, ADD],
  ['gpt-oss-channels-text', 'text', 'All tests pass.\n'],
  ['gpt-oss-never-answers', PY, THOUGHT],
  ['stop-token-after-fence', PY, ADD],
  ['stop-token-on-fence-line', PY, ADD],
  ['stop-token-after-text', 'text', 'The release is ready.\n'],
  ['end-of-turn', 'text', 'The release is ready.\n'],
  ['label-py', PY, ADD],
  ['label-capital', PY, ADD],
  ['label-python3', PY, ADD],
  ['label-with-blank', PY, ADD],
  ['label-none', PY, ADD],
  ['label-title-attribute', 'typescript_code_block', 'export const x = 1;\n'],
  ['label-path-after-colon', PY, ADD],
  ['label-braces', PY, ADD],
  ['label-pandoc', PY, ADD],
  ['label-filename-comment', 'javascript_code_block', 'export const x = 1;\n'],
  ['label-tsx-for-typescript', 'typescript_code_block', 'export const App = () => <p>hi</p>;\n'],
  [
    'label-other-language',
    PY,
    { refused: 'a fenced python code block was asked for, and the reply has only javascript' },
  ],
  [
    'diff-where-code-was-asked-for',
    PY,
    { refused: 'a fenced python code block was asked for, and the reply has only diff' },
  ],
  ['diff-that-was-asked-for', 'diff_code_block', PATCH],
  ['tildes', PY, ADD],
  ['four-backticks', PY, ADD],
  ['markdown-in-four-backticks', 'markdown_code_block', README],
  ['markdown-in-three-backticks', 'markdown_code_block', README],
  ['markdown-in-tildes', 'markdown_code_block', README],
  ['markdown-in-five-with-four-inside', 'markdown_code_block', '# How to nest\n\n````md\n```js\nx\n```\n````\n'],
  [
    'fence-in-a-docstring',
    PY,
    'def shout(text):\n    """Example:\n\n    ```python\n    shout("hi")\n    ```\n    """\n    return text.upper()\n',
  ],
  ['block-in-a-numbered-list', PY, SHORT],
  ['block-under-a-bullet', PY, SHORT],
  ['block-in-a-quote', PY, 'x = 1\n'],
  ['indented-two-blanks', PY, SHORT],
  ['closing-fence-with-blanks', PY, ADD],
  ['details-tag', PY, ADD],
  ['answer-tag', PY, ADD],
  ['two-candidates', PY, { refused: 'the reply has 2 code blocks where one was asked for' }],
  ['crlf', PY, ADD],
  ['crlf-inside-only', PY, ADD],
  ['bom', PY, ADD],
  ['bom-and-crlf', 'text', 'line one\nline two\n'],
  ['old-mac-line-ends', PY, 'x = 1\n'],
  ['line-separators-in-a-string', PY, 'S = "a\u2028b\u2029c\u0085d"\n'],
  [
    'combining-and-astral',
    'text',
    'e\u0301 \ud835\udcb3 \ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67\u200d\ud83d\udc66 \ud83c\udde9\ud83c\uddea \ufdfd\n',
  ],
  ['tabs', 'make_code_block', 'all:\n\techo hi\n'],
  ['cut-in-the-code', PY, CUT],
  ['cut-in-the-closing-fence', PY, CUT],
  ['cut-after-the-label', PY, CUT],
  ['cut-second-block', PY, CUT],
  ['empty-block', PY, { refused: 'the code block is empty' }],
  ['cannot-help', PY, NONE],
  ['asks-back', PY, NONE],
  ['code-without-fence', PY, NONE],
  ['blanks-only', 'text', { refused: EMPTY }],
  ['json-bare', 'json', '{\n  "name": "abc",\n  "level": 3\n}\n'],
  ['json-in-a-block', 'json', '{"name": "abc", "ratio": 1.0}\n'],
  ['json-after-think', 'json', '{"name": "abc"}\n'],
  ['json-with-fences-in-a-string', 'json', '{"readme": "# A\\n\\n```js\\nx\\n```\\n"}\n'],
  ['json-with-comments', 'json', { refused: /^the json block is not JSON: / }],
  ['json-cut', 'json', { refused: /^JSON was asked for, and the reply is none \(/ }],
  ['files-by-headings', 'files', two('h')],
  ['files-by-info', 'files', two('i')],
  ['files-by-bold-lines', 'files', two('b')],
  ['files-by-title', 'files', two('t')],
  ['files-with-label-and-number', 'files', two('n')],
  ['files-crlf-and-empty', 'files', { files: { 'made/e/a.py': '', 'made/e/b.py': 'x = 1\n' } }],
  ['files-with-a-readme', 'files', { files: { 'made/r/README.md': README, 'made/r/x.js': 'run();\n' } }],
  [
    'files-and-a-command',
    'files',
    {
      refused:
        'code block 2 (it begins with `npm test`) names no file; write the path after the language, as in ```python path/to/file.py',
    },
  ],
  ['files-that-lead-out', 'files', { refused: /outside/ }],
];

test('each of the replies is there, and none that is not tried', () => {
  const there = readdirSync(new URL('replies/said', import.meta.url)).map((name) => name.replace('.reply', ''));
  expect(there.toSorted()).toEqual(REPLIES.map(([name]) => name).toSorted());
  expect(there.length).toBeGreaterThanOrEqual(60);
});

test.each(REPLIES)('%s by %s', async (name, parser, expected) => {
  const parsed = await parseReply(parser, textOf(name));
  if (parsed.kind === 'files') {
    const [only] = parsed.files;
    const found = Object.fromEntries(parsed.files.map(({ path, text }) => [path ?? '', text]));
    const isOutside = typeof expected === 'object' && 'refused' in expected && only?.path === '../outside.sh';
    if (!isOutside) expect(parser === 'files' ? { files: found } : only?.text).toEqual(expected);
  } else {
    const refused = typeof expected === 'object' && 'refused' in expected ? expected.refused : '';
    if (parsed.kind === 'unusable') expect(parsed.detail).toMatch(refused === EMPTY ? 'the reply is empty' : refused);
    else expect(`the reply has ${parsed.blocks.length} code blocks where one was asked for`).toBe(refused);
  }
});

/** Each takes a tenth of a second, so that `npm test` has a third of them. */
const TRIED = REPLIES.filter((_, i) => process.env.RUNBOOK_RELIABILITY || i % 3 === 0);

test('whole replies, in odd pieces: each becomes its files, or one sentence that says why not', async () => {
  await using server = await webServer(async (request, response) => {
    const { messages } = (await bodyOf(request)) as { messages: { content: string }[] };
    const name = messages[0]?.content.trim() ?? '';
    const at = TRIED.findIndex(([one]) => one === name);
    await inPieces(response, textOf(name), {
      characters: [1, 2, 3, 5, 8, 13][at % 6] ?? 1,
      bytes: [1, 7, 61, 509][at % 4] ?? 1,
    });
  });
  await using rig = await makeRig({
    files: { 'runbook.yaml': planOf(server.url), 'p.md': '{{ task.id }}', 'out/.keep': '' },
  });
  const finished = await rig.run(['run', '--yes=unchecked', '--keep-going', '--json']);
  expect(finished.code).toBe(1);
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { id: string; issues?: { detail: string }[] }[] };
  const found = tasks.map(({ id, issues = [] }, i): [string, unknown] => {
    const [, , expected] = TRIED[i] ?? [];
    const [issue] = issues;
    if (issue) {
      const isMeant =
        typeof expected === 'object' && 'refused' in expected && new RegExp(expected.refused).test(issue.detail);
      return [id, isMeant && expected.refused instanceof RegExp ? expected : { refused: issue.detail }];
    }
    if (typeof expected === 'object' && 'files' in expected)
      return [id, { files: Object.fromEntries(Object.keys(expected.files).map((path) => [path, rig.read(path)])) }];
    return [id, rig.exists(`out/${id}`) ? rig.read(`out/${id}`) : rig.statuses()[id]];
  });
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(TRIED.map(([name, , expected]) => [name, expected])));
  expect(rig.exists('../outside.sh')).toBe(false);
});

function textOf(name: string): string {
  return readFileSync(new URL(`replies/said/${name}.reply`, import.meta.url), 'utf8');
}

function planOf(url: string): string {
  const tasks = TRIED.map(([name, parser]) => {
    const artifact = parser === 'files' ? '' : `    output_artifact: out/${name}\n`;
    const ai = `    ai_details:\n      prompt_template: p.md\n      model: m\n      output_parser: ${parser}\n`;
    return `  - id: ${name}\n    status: READY\n    type: AI_ASSISTED\n${artifact}${ai}`;
  });
  return `models:\n  m: {provider: openai, model: x, base_url: "${url}"}\ntasks:\n${tasks.join('')}`;
}
