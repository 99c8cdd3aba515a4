// What is made of a model's reply: shapes as models write them, each with what is to come of it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunbookError } from '../errors.ts';
import { type Parsed, parseReply, parserProblem, type ReplyOptions, schemaProblem } from '../handlers/reply.ts';

/** In short: the one text, the files by path, the texts to choose from, or what is wrong. */
type Short = string | { files: Record<string, string> } | { choice: string[] } | { unusable: string };

function short(parsed: Parsed): Short {
  if (parsed.kind === 'choice') return { choice: parsed.blocks.map(({ text }) => text) };
  if (parsed.kind === 'unusable') return { unusable: parsed.detail };
  const [only, ...others] = parsed.files;
  if (only?.path === undefined && others.length === 0) return only?.text ?? '';
  return { files: Object.fromEntries(parsed.files.map(({ path, text }) => [path ?? '', text])) };
}

const read = async (parser: string | undefined, reply: string, options?: ReplyOptions) =>
  short(await parseReply(parser, reply, options));

/** Lines of a reply: easier to read than one text with many `\n`. */
const lines = (...text: string[]) => text.join('\n');

const CUT = { unusable: 'a code block is never closed by its fence, so the reply seems to be cut off' };
const EMPTY = { unusable: 'the reply is empty' };
const THOUGHT = { unusable: 'the reply is nothing but thinking, and seems to be cut off' };
const EMPTY_BESIDE = {
  unusable: 'the reply has an empty code block; a block with fences in it must itself be in a longer fence (````)',
};
const NO_FENCE = { unusable: 'a fenced code block was asked for, and the reply has no fenced block' };

type Shape = readonly [name: string, reply: string, expected: Short];

describe('text', () => {
  const shapes: readonly Shape[] = [
    ['prose', 'Hello.\n\nBye.\n', 'Hello.\n\nBye.\n'],
    ['no line end at the end', 'Hello.', 'Hello.\n'],
    ['several line ends at the end', 'Hello.\n\n\n', 'Hello.\n\n\n'],
    ['a code block, kept as it is', '```py\nx\n```', '```py\nx\n```\n'],
    ['an unclosed code block, kept as it is', '```py\nx', '```py\nx\n'],
    ['CRLF', 'a\r\nb\r\n', 'a\nb\n'],
    ['a byte order mark', '\uFEFFa', 'a\n'],
    ['thinking before', '<think>\nhm\n</think>\nyes', 'yes\n'],
    ['thinking before, after a blank line', '\n\n<think>hm</think>\n\n\nyes\n', 'yes\n'],
    ['thinking of nothing', '<think>\n\n</think>\n\nyes', 'yes\n'],
    ['thinking twice', '<think>a</think>\n<think>b</think>\nyes', 'yes\n'],
    ['thinking by other names', '<Thinking>hm</thinking>\nyes', 'yes\n'],
    ['thinking in brackets', '[THINK]hm[/THINK]yes', 'yes\n'],
    ['thinking with its beginning in the prompt', 'Okay, the person wants…\n</think>\n\nyes', 'yes\n'],
    ['thinking with CRLF', '<think>\r\nhm\r\n</think>\r\n\r\nyes\r\n', 'yes\n'],
    ['thinking that is spoken of', 'Put it in `<think>` and `</think>`.\n', 'Put it in `<think>` and `</think>`.\n'],
    ['a page on thinking', '# Tags\n\n<think>\nhm\n</think>\n', '# Tags\n\n<think>\nhm\n</think>\n'],
    ['its end in a code block', '```\nhm\n</think>\n```\n', '```\nhm\n</think>\n```\n'],
    ['thinking that never ends', '<think>\nhm', THOUGHT],
    ['thinking alone', '<think>\nhm\n</think>\n', EMPTY],
    ['nothing', '', EMPTY],
    ['blanks', ' \r\n\t\n', EMPTY],
    ['a byte order mark alone', '\uFEFF', EMPTY],
  ];
  test.each(shapes)('%s', async (_, reply, expected) => {
    expect(await read('text', reply)).toEqual(expected);
    expect(await read(undefined, reply)).toEqual(expected);
  });
});

describe('code_block', () => {
  const shapes: readonly Shape[] = [
    ['a block alone', '```\nx = 1\n```', 'x = 1\n'],
    ['a line end after it', '```\nx = 1\n```\n', 'x = 1\n'],
    ['any language', '```brainfuck\n+++\n```', '+++\n'],
    ['prose before and after', 'Here it is:\n\n```py\nx = 1\n```\n\nIt sets `x`.\n', 'x = 1\n'],
    ['prose directly before and after', 'Here it is:\n```py\nx = 1\n```\nIt sets `x`.', 'x = 1\n'],
    ['prose of several paragraphs', 'One.\n\nTwo.\n\n- a\n- b\n\n```py\nx\n```\n\n# End\n', 'x\n'],
    ['a heading right before', '## Code\n```py\nx\n```', 'x\n'],
    ['a heading underlined by its code', 'Code\n```py\n===\n```', '===\n'],
    ['a table right before', '| a |\n|---|\n| b |\n```py\nx\n```', 'x\n'],
    ['inline code in the prose', 'Use ```x``` or `y`.\n\n```py\nx\n```', 'x\n'],
    ['CRLF', 'Here:\r\n```py\r\nx\r\ny\r\n```\r\n', 'x\ny\n'],
    ['old Mac line ends', '```py\rx\r```\r', 'x\n'],
    ['a byte order mark', '\uFEFF```py\nx\n```', 'x\n'],
    ['blank lines within', '```py\nx\n\n\ny\n```', 'x\n\n\ny\n'],
    ['blank lines around', '```py\n\n\nx\n\n\n```', '\n\nx\n'],
    ['indentation within', '```py\n\tx\n    y\n  \n```', '\tx\n    y\n  \n'],
    ['tildes', '~~~py\nx\n~~~', 'x\n'],
    ['backticks within tildes', '~~~\n```\nx\n```\n~~~', '```\nx\n```\n'],
    ['tildes within backticks', '```\n~~~\nx\n~~~\n```', '~~~\nx\n~~~\n'],
    ['a fence within a longer fence', '````md\n```js\nx\n```\n````', '```js\nx\n```\n'],
    ['a closing fence that is longer', '```py\nx\n`````', 'x\n'],
    ['a shorter fence within does not close', '`````\n```\n````\n`````', '```\n````\n'],
    ['a fence with text after it does not close', '```\n``` x\n```', '``` x\n'],
    ['a closing fence with spaces around', '```py\nx\n  ```   \n', 'x\n'],
    ['a fence that is indented a little', '  ```py\n  x\n    y\n  ```', 'x\n  y\n'],
    [
      'a block in a list',
      '1. Do this:\n\n   ```py\n   def f():\n       pass\n   ```\n\n2. Done.',
      'def f():\n    pass\n',
    ],
    ['a block in a tight list', '- do\n  ```py\n  x\n  ```\n- done', 'x\n'],
    ['a block in a list in a list', '- a\n  - b\n\n    ```py\n    x\n    ```\n', 'x\n'],
    ['a block right after a list', '- a\n- b\n```py\nx\n```', 'x\n'],
    ['a block in a quote', '> Here:\n> ```py\n> x\n> ```', 'x\n'],
    ['attributes', '```python {.line-numbers title="x" lines=[1,2]}\nx\n```', 'x\n'],
    ['text that looks like Markdown', '```\n# a\n- b\n> c\n<div>\n| d |\n```', '# a\n- b\n> c\n<div>\n| d |\n'],
    ['text that looks like HTML', '```html\n<p>\n\n</p>\n<!-- x -->\n```', '<p>\n\n</p>\n<!-- x -->\n'],
    ['emoji and other scripts', '```\nπ = "🙂"\n```', 'π = "🙂"\n'],
    ['thinking before', '<think>\nWhat is asked?\n\nA block.\n</think>\n\n```py\nx\n```', 'x\n'],
    ['thinking directly before', '<think>\nhm\n</think>\n```py\nx\n```', 'x\n'],
    ['the end of a thought alone', '</think>\n```py\nx\n```', 'x\n'],
    ['thinking on one line', '<think>hm</think>\n```py\nx\n```', 'x\n'],
    ['a tag around it', '<answer>\n```py\nx\n\ny\n```\n</answer>', 'x\n\ny\n'],
    ['tags around it', '<response>\n<code>\n```py\nx\n```\n</code>\n</response>', 'x\n'],
    ['details', '<details>\n<summary>Code</summary>\n\n```py\nx\n```\n\n</details>', 'x\n'],
    ['a block that is commented out', '<!--\n```py\nold\n```\n-->\n\n```py\nnew\n```', 'new\n'],
    ['a reference before', '[1]: http://x.y\n```py\nx\n```', 'x\n'],
    ['a rule before and after', '---\n```py\nx\n```\n---', 'x\n'],
    ['two blocks', '```py\nx\n```\nor\n```py\ny\n```', { choice: ['x\n', 'y\n'] }],
    [
      'two blocks of two languages',
      '```bash\npip install x\n```\n\n```py\ny\n```',
      { choice: ['pip install x\n', 'y\n'] },
    ],
    ['two blocks with nothing between', '```\nx\n```\n```\ny\n```', { choice: ['x\n', 'y\n'] }],
    ['a block in thinking and one after', '<think>\n```py\ndraft\n```\n</think>\n\n```py\nfinal\n```', 'final\n'],
    ['the same, begun in the prompt', 'So:\n```py\ndraft\n```\n</think>\n```py\nfinal\n```', 'final\n'],
    ['a block in thinking that never ends', '<think>\n```py\ndraft\n```\nBut wait', THOUGHT],
    ['a block beside an empty one', '```\n```\n\n```py\nx\n```', EMPTY_BESIDE],
    ['bare code', 'def f():\n    return 1\n', NO_FENCE],
    ['prose alone', "I'm sorry, but I can't help with that.", NO_FENCE],
    ['inline code alone', 'Use `x = 1`.', NO_FENCE],
    ['inline code with three backticks', '```x = 1```', NO_FENCE],
    ['code that is indented', 'Here:\n\n    x = 1\n', NO_FENCE],
    ['a fence that is indented so far that it is text', 'Here:\n\n    ```py\n    x\n    ```\n', NO_FENCE],
    ['nothing', '', EMPTY],
    ['blanks', '\n \n', EMPTY],
    ['an empty block', '```py\n```', { unusable: 'the code block is empty' }],
    ['a block of blanks', '```py\n   \n\n```', { unusable: 'the code block is empty' }],
    ['two empty blocks', '```\n```\n\n```\n```', EMPTY_BESIDE],
    ['a block that is never closed', 'Here:\n```py\nx = 1\ny =', CUT],
    ['a block that is never closed, with a line end', '```py\nx = 1\n', CUT],
    ['a fence and nothing after it', 'Here:\n```py', CUT],
    ['the second of two never closed', '```py\nx\n```\n\nAnd:\n```bash\nrun', CUT],
    ['a longer fence never closed by a shorter one', '````py\nx\n```\n', CUT],
    ['tildes never closed by backticks', '~~~py\nx\n```\n', CUT],
    ['a block in a list that is never closed', '- a\n  ```py\n  x\n', CUT],
    ['cut in the middle of its closing fence', '```py\nx\n``', CUT],
  ];
  test.each(shapes)('%s', async (_, reply, expected) => {
    expect(await read('code_block', reply)).toEqual(expected);
  });

  test('of several blocks, the only one that names the artifact', async () => {
    const reply = '```bash\nrun\n```\n\n`src/a.py`:\n```py\nx\n```\n\n```py test_a.py\ny\n```';
    expect(await read('code_block', reply)).toEqual({ choice: ['run\n', 'x\n', 'y\n'] });
    expect(await read('code_block', reply, { artifact: 'src/a.py' })).toBe('x\n');
    expect(await read('code_block', reply, { artifact: './test_a.py' })).toBe('y\n');
    expect(await read('code_block', reply, { artifact: 'other.py' })).toEqual({ choice: ['run\n', 'x\n', 'y\n'] });
    const twice = `${reply}\n\n\`src/a.py\`:\n\`\`\`py\nz\n\`\`\``;
    expect(await read('code_block', twice, { artifact: 'src/a.py' })).toMatchObject({ choice: { length: 4 } });
  });

  test('blocks to choose from say what they are', async () => {
    const parsed = await parseReply(
      'code_block',
      lines(
        '```bash',
        'npm ci',
        '```',
        '`src/a.ts`',
        '```ts',
        '',
        `import { ${'x'.repeat(80)} }`,
        'y',
        '```',
        '```',
        'z',
        '```',
      ),
    );
    expect(parsed.kind === 'choice' && parsed.blocks.map(({ label }) => label)).toEqual([
      'bash · 1 line · npm ci',
      `src/a.ts · 3 lines · import { ${'x'.repeat(50)}…`,
      '1 line · z',
    ]);
  });

  test('whatever is put in a fence that is longer than those in it comes back', async () => {
    const code = fc.string({
      unit: fc.constantFrom('a', '`', '~', ' ', '\n', '\t', '#', '<', '>', '-', '\\', 'é', '🙂'),
    });
    const prose = fc.constantFrom(
      '',
      'Here it is:\n\n',
      'Here it is:\n',
      '# Title\n\n- a\n- b\n\n',
      '> quoted\n\n',
      '<think>\nhm\n</think>\n',
      '1. one\n',
    );
    await fc.assert(
      fc.asyncProperty(code, prose, prose, async (text, before, after) => {
        const longest = Math.max(3, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length + 1));
        const fence = '`'.repeat(longest);
        const expected = text.trim() === '' ? { unusable: 'the code block is empty' } : `${text.replace(/\n+$/, '')}\n`;
        expect(await read('code_block', `${before}${fence}py\n${text}\n${fence}\n${after}`)).toEqual(expected);
      }),
    );
  });

  test('a reply that is cut anywhere within its block is never taken for whole', async () => {
    const reply = 'Here it is:\n\n```python\nclass A:\n    """Has ``` in it."""\n\n    x = 1\n```\n';
    for (let end = reply.indexOf('```'); end < reply.lastIndexOf('```') + 3; end++) {
      expect(await read('code_block', reply.slice(0, end))).toHaveProperty('unusable');
    }
  });

  test('a reply of 20 MB', async () => {
    const code = 'x = 1 # a line of code\n'.repeat(900_000);
    expect(await read('code_block', `Here:\n\`\`\`py\n${code}\`\`\`\n`)).toBe(code);
    expect(await read('code_block', 'a line of prose\n'.repeat(1_300_000))).toHaveProperty('unusable');
  });
});

describe('<language>_code_block', () => {
  const shapes: readonly Shape[] = [
    ['its name', '```python\nx\n```', 'x\n'],
    ['another of its names', '```py\nx\n```', 'x\n'],
    ['a third', '```Python3\nx\n```', 'x\n'],
    ['capitals', '```PYTHON\nx\n```', 'x\n'],
    ['a blank before it', '``` python\nx\n```', 'x\n'],
    ['attributes behind it', '```python title="a.py" {1,3-4}\nx\n```', 'x\n'],
    ['attributes without a blank', '```python{linenos=true}\nx\n```', 'x\n'],
    ['a list of words', '```python,ignore\nx\n```', 'x\n'],
    ["Pandoc's way", '```{.python .numberLines}\nx\n```', 'x\n'],
    ["HTML's way", '```language-python\nx\n```', 'x\n'],
    ['a path behind a colon', '```python:src/a.py\nx\n```', 'x\n'],
    ['a path alone', '```src/a.py\nx\n```', 'x\n'],
    ['tildes', '~~~python\nx\n~~~', 'x\n'],
    ['one of its language among others', '```bash\nrun\n```\n```py\nx\n```\n```\nout\n```', 'x\n'],
    ['one without a language', '```\nx\n```', 'x\n'],
    ['one without a language among others', '```bash\nrun\n```\n```\nx\n```', 'x\n'],
    ['an attribute alone is no language', '```title="a.py"\nx\n```', 'x\n'],
    ['two of its language', '```py\nx\n```\n```python\ny\n```', { choice: ['x\n', 'y\n'] }],
    ['two without a language', '```\nx\n```\n```\ny\n```', { choice: ['x\n', 'y\n'] }],
    [
      'another language only',
      '```js\nx\n```',
      { unusable: 'a fenced python code block was asked for, and the reply has only js' },
    ],
    [
      'others only',
      '```js\nx\n```\n```sh\ny\n```\n```js\nz\n```',
      { unusable: 'a fenced python code block was asked for, and the reply has only js, sh' },
    ],
    ['none', 'x = 1', { unusable: 'a fenced python code block was asked for, and the reply has no fenced block' }],
    ['cut', '```python\nx', CUT],
    [
      'a bare fence in a docstring',
      '```python\n"""Doc.\n\n```\nrun()\n```\n"""\n\ndef f(): ...\n```\n\nDone.',
      {
        unusable:
          'the code block seems to have fences in it; a block with fences in it must itself be in a longer fence (````)',
      },
    ],
    ['what it prints, with a label', '```python\nx\n```\nOutput:\n```\n2\n```', 'x\n'],
    ['what it prints, after a blank line', '```python\nx\n```\n\nIt prints this.\n```\n2\n```', 'x\n'],
    ['what it prints, before a blank line', '```python\nx\n```\nIt prints this.\n\n```\n2\n```', 'x\n'],
  ];
  test.each(shapes)('python: %s', async (_, reply, expected) => {
    expect(await read('python_code_block', reply)).toEqual(expected);
  });

  test.each([
    ['javascript', 'js'],
    ['js', 'javascript'],
    ['typescript', 'tsx'],
    ['bash', 'sh'],
    ['shell', 'zsh'],
    ['yaml', 'yml'],
    ['yml', 'YAML'],
    ['markdown', 'md'],
    ['cpp', 'c++'],
    ['c++', 'cpp'],
    ['csharp', 'c#'],
    ['rust', 'rs'],
    ['brainfuck', 'Brainfuck'],
  ])('%s takes %s', async (language, label) => {
    expect(await read(`${language}_code_block`, `\`\`\`${label}\nx\n\`\`\`\n\`\`\`other\ny\n\`\`\``)).toBe('x\n');
  });

  test.each([
    ['java', 'javascript'],
    ['c', 'cpp'],
    ['typescript', 'javascript'],
    ['markdown', 'text'],
  ])('%s does not take %s', async (language, label) => {
    expect(await read(`${language}_code_block`, `\`\`\`${label}\nx\n\`\`\``)).toHaveProperty('unusable');
  });
});

describe('Markdown with code blocks in it', () => {
  const readme = ['# Title', '', '```bash', 'npm ci', '```', '', 'Then:', '', '```js', 'x()', '```', '', 'End.'];

  const shapes: readonly Shape[] = [
    ['in a longer fence', lines('````markdown', ...readme, '````'), lines(...readme, '')],
    ['in tildes', lines('~~~markdown', ...readme, '~~~'), lines(...readme, '')],
    ['in a fence of the same length', lines('```markdown', ...readme, '```'), lines(...readme, '')],
    [
      'the same, with prose around',
      lines('Here:', '', '```md', ...readme, '```', '', 'Good luck!'),
      lines(...readme, ''),
    ],
    [
      'the same, with only one inside',
      lines('```markdown', '# T', '```bash', 'ls', '```', '```'),
      lines('# T', '```bash', 'ls', '```', ''),
    ],
    [
      'the same, and another block after it',
      lines('```md', '# T', '```sh', 'ls', '```', '```', 'Run:', '```sh', 'ls', '```'),
      lines('# T', '```sh', 'ls', '```', ''),
    ],
    ['the same, cut within the inner block', lines('```markdown', '# T', '```bash', 'ls'), CUT],
    [
      'the same, cut after the inner block',
      lines('```markdown', '# T', '```bash', 'ls', '```', 'more', '```js', 'x'),
      CUT,
    ],
    ['without a block inside', lines('```markdown', '# T', '', 'End.', '```'), '# T\n\nEnd.\n'],
    // By CommonMark the block ends at the first inner fence: nobody can tell, so nothing is guessed.
    [
      'with inner fences that name nothing',
      lines('```markdown', '# T', '```', 'ls', '```', 'End.', '```'),
      { choice: ['# T\n', 'End.\n'] },
    ],
    [
      'with inner fences that name nothing, at its end',
      lines('```markdown', '# T', '```', 'ls', '```', '```'),
      EMPTY_BESIDE,
    ],
    ['with inner fences that name nothing, and cut', lines('```markdown', '# T', '```', 'ls', '```', 'End.'), CUT],
  ];
  test.each(shapes)('%s', async (_, reply, expected) => {
    expect(await read('markdown_code_block', reply)).toEqual(expected);
  });

  test('is one block among several files', async () => {
    const reply = lines('### README.md', '```markdown', ...readme, '```', '### a.js', '```js', 'x()', '```');
    expect(await read('files', reply)).toEqual({ files: { 'README.md': lines(...readme, ''), 'a.js': 'x()\n' } });
  });
});

describe('json', () => {
  const shapes: readonly Shape[] = [
    ['an object', '{"a": 1}', '{"a": 1}\n'],
    ['an object after a thought with braces', '<think>{"a": 0}</think>\n{"a": 1}', '{"a": 1}\n'],
    ['a list', '[1, 2]\n', '[1, 2]\n'],
    ['a number', ' 1 ', '1\n'],
    [
      'as it was written',
      '{\n    "b": 1.0,\n  "a": 12345678901234567890\n}\n\n',
      '{\n    "b": 1.0,\n  "a": 12345678901234567890\n}\n',
    ],
    ['CRLF and a byte order mark', '\uFEFF{\r\n"a": 1\r\n}\r\n', '{\n"a": 1\n}\n'],
    ['backticks in a text', '{"a": "```js\\nx\\n```"}', '{"a": "```js\\nx\\n```"}\n'],
    ['in a block', 'Here:\n```json\n{"a": 1}\n```\nDone.', '{"a": 1}\n'],
    ['in a block with capitals', '```JSON\n{"a": 1}\n```', '{"a": 1}\n'],
    ['in a block without a label', '```\n{"a": 1}\n```', '{"a": 1}\n'],
    ['in a block among others', '```bash\nrun\n```\n```json\n{"a": 1}\n```', '{"a": 1}\n'],
    ['two blocks', '```json\n1\n```\n```json\n2\n```', { choice: ['1\n', '2\n'] }],
    ['two blocks, one of them JSON', '```json\n{…}\n```\n```json\n2\n```', '2\n'],
    ['a block that is cut', '```json\n{"a": 1', CUT],
    [
      'an object that is cut',
      '{"a": [1, 2',
      {
        unusable:
          "JSON was asked for, and the reply is none (Expected ',' or ']' after array element in JSON at position 11), nor has it a fenced json block",
      },
    ],
    [
      'another block only',
      '```py\n{"a": 1}\n```',
      {
        unusable:
          'JSON was asked for, and the reply is none (Unexpected token \'`\', "```py {"a": 1} ``` " is not valid JSON), nor has it a fenced json block',
      },
    ],
    [
      'a comma too many',
      '```json\n{"a": 1,}\n```',
      { unusable: 'the json block is not JSON: Expected double-quoted property name in JSON at position 8' },
    ],
    [
      'a comment',
      '```jsonc\n{"a": 1} // x\n```',
      { unusable: 'the json block is not JSON: Unexpected non-whitespace character after JSON at position 9' },
    ],
    ['nothing', '', EMPTY],
    ['an empty block', '```json\n```', { unusable: 'the json block is not JSON: Unexpected end of JSON input' }],
  ];
  test.each(shapes)('%s', async (name, reply, expected) => {
    const found = await read('json', reply);
    // Each version of Node words its own mistakes.
    if (
      typeof expected === 'object' &&
      'unusable' in expected &&
      / JSON(?: input)?\b.*position|not valid|end of JSON/.test(expected.unusable)
    ) {
      expect(found, name).toMatchObject({
        unusable: expect.stringMatching(
          expected.unusable.startsWith('the json block')
            ? /^the json block is not JSON: \S/
            : /^JSON was asked for, and the reply is none \(.+\), nor has it a fenced json block$/s,
        ),
      });
    } else {
      expect(found).toEqual(expected);
    }
  });

  const outputSchema = {
    type: 'object',
    required: ['name', 'level'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', format: 'email' },
      level: { enum: ['low', 'high'] },
      kind: { const: 'x' },
      tags: { type: 'array', items: { type: 'string' } },
    },
  };

  test('that fits its schema', async () => {
    expect(await read('json', '{"name": "n", "level": "low"}', { outputSchema })).toBe(
      '{"name": "n", "level": "low"}\n',
    );
  });

  test('that does not: every error is said', async () => {
    const reply = '```json\n{"name": 1, "level": "middle", "kind": "y", "tags": ["a", 2], "more": true}\n```';
    expect(await read('json', reply, { outputSchema })).toEqual({
      unusable:
        'the JSON does not fit its schema: the whole must not have `more`; `/name` must be string; ' +
        '`/level` must be one of ["low","high"]; `/kind` must be "x"; `/tags/1` must be string',
    });
    expect(await read('json', '{}', { outputSchema })).toEqual({
      unusable:
        "the JSON does not fit its schema: the whole must have required property 'name'; the whole must have required property 'level'",
    });
  });

  test('with very many errors', async () => {
    const found = await read('json', JSON.stringify(Array(100).fill(1)), {
      outputSchema: { items: { type: 'string' } },
    });
    expect(found).toMatchObject({ unusable: expect.stringMatching(/`\/19` must be string; and 80 more$/) });
  });

  test('of several blocks, the only one that fits the schema', async () => {
    const reply = lines(
      'The schema:',
      '```json',
      '{"type": "object"}',
      '```',
      'The answer:',
      '```json',
      '{"name": "n", "level": "low"}',
      '```',
    );
    expect(await read('json', reply)).toMatchObject({ choice: { length: 2 } });
    expect(await read('json', reply, { outputSchema })).toBe('{"name": "n", "level": "low"}\n');
  });

  test.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('a schema of %s', async ($schema) => {
    const schema = { $schema, properties: { a: { type: 'string' } } };
    expect(await read('json', '{"a": 1}', { outputSchema: schema })).toEqual({
      unusable: 'the JSON does not fit its schema: `/a` must be string',
    });
  });

  test('a newer keyword of 2020-12', async () => {
    const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', prefixItems: [{ type: 'string' }] };
    expect(await read('json', '[1]', { outputSchema: schema })).toHaveProperty('unusable');
  });

  test.each([
    [{ type: 'strnig' }, /type/],
    [{ $ref: 'http://elsewhere.example/x' }, /elsewhere/],
    [{ $schema: 'http://no.such/draft' }, /no\.such/],
    ['a text', /must be a map/],
    [[], /must be a map/],
    [null, /must be a map/],
  ])('a schema that is none: %j', async (schema, expected) => {
    expect(await schemaProblem(schema)).toMatch(expected);
    const error = await parseReply('json', '{}', { outputSchema: schema }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RunbookError);
    expect(error).toMatchObject({ code: 'RUNBOOK_INVALID' });
  });

  test('a schema that can be used has no problem', async () => {
    expect(await schemaProblem({ type: 'object' })).toBeUndefined();
    expect(await schemaProblem(true)).toBeUndefined();
  });
});

describe('files', () => {
  /** Ways to say that the block is of `src/a.ts`. */
  const namings: readonly [name: string, before: string, info: string][] = [
    ['after the language', '', 'ts src/a.ts'],
    ['as a title', '', 'ts title="src/a.ts"'],
    ['as a title in single quotes', '', "ts title='src/a.ts'"],
    ['as a path', '', 'ts path=src/a.ts'],
    ['as a file', '', 'ts file="src/a.ts"'],
    ['as a filename in braces', '', 'ts {filename="src/a.ts" linenos=true}'],
    ["in Pandoc's way", '', '{.ts file=src/a.ts}'],
    ['after a colon', '', 'ts:src/a.ts'],
    ['as a comment', '', 'ts // src/a.ts'],
    ['alone', '', 'src/a.ts'],
    ['with highlighted lines', '', 'ts src/a.ts {1,3-4}'],
    ['with a dot before it', '', 'ts ./src/a.ts'],
    ['as a heading', '### src/a.ts', 'ts'],
    ['as a heading that is closed', '## src/a.ts ##', 'ts'],
    ['as a heading with a label', '### File: src/a.ts', 'ts'],
    ['as a heading with a number', '### 1. src/a.ts', 'ts'],
    ['as a heading in backticks', '#### `src/a.ts`', 'ts'],
    ['as a heading with a remark', '### src/a.ts (new file)', 'ts'],
    ['as a heading with a remark after backticks', '### `src/a.ts` – the entry', 'ts'],
    ['in bold', '**src/a.ts**', 'ts'],
    ['in bold with a colon within', '**src/a.ts:**', 'ts'],
    ['in bold with a colon behind', '**src/a.ts**:', 'ts'],
    ['in bold with a label', '**File: src/a.ts**', 'ts'],
    ['in bold with the label before', '**File:** src/a.ts', 'ts'],
    ['in bold and backticks', '**`src/a.ts`**', 'ts'],
    ['in backticks', '`src/a.ts`', 'ts'],
    ['in backticks with a colon', '`src/a.ts`:', 'ts'],
    ['in backticks in a sentence', 'Here is the new `src/a.ts`:', 'ts'],
    ['plain', 'src/a.ts', 'ts'],
    ['plain with a colon', 'src/a.ts:', 'ts'],
    ['plain with a label', 'Filename: src/a.ts', 'ts'],
    ['in a list', '1. `src/a.ts`', 'ts'],
    ['in a list with a dash', '- src/a.ts', 'ts'],
    ['on the last line of a paragraph', 'First this.\n`src/a.ts`', 'ts'],
    ['in a tag', '<file path="src/a.ts">', 'ts'],
  ];
  test.each(namings)('a path %s', async (_, before, info) => {
    const block = lines(`\`\`\`${info}`, 'x', '```');
    const expected = { files: { 'src/a.ts': 'x\n', 'b.ts': 'y\n' } };
    const other = lines('', '```ts b.ts', 'y', '```');
    expect(await read('files', lines(before, block, other))).toEqual(expected);
    // A blank line between is no matter.
    expect(await read('files', lines('Hello.', '', before, '', block, other))).toEqual(expected);
  });

  const shapes: readonly Shape[] = [
    ['one file', '```ts a.ts\nx\n```', { files: { 'a.ts': 'x\n' } }],
    [
      'an empty file',
      '```py pkg/__init__.py\n```\n```py b.py\nx\n```',
      { files: { 'pkg/__init__.py': '', 'b.py': 'x\n' } },
    ],
    ['a path with blanks in quotes', '```md title="my notes.md"\nx\n```', { files: { 'my notes.md': 'x\n' } }],
    [
      'names without an ending',
      '`Makefile`\n```make\na:\n```\n**Dockerfile**\n```\nFROM x\n```\n`.gitignore`\n```\nx\n```',
      { files: { Makefile: 'a:\n', Dockerfile: 'FROM x\n', '.gitignore': 'x\n' } },
    ],
    [
      'brackets in a path',
      '```tsx app/[id]/(group)/page.tsx\nx\n```',
      { files: { 'app/[id]/(group)/page.tsx': 'x\n' } },
    ],
    [
      'blocks in a list',
      '1. `a.ts`\n\n   ```ts\n   x\n   ```\n\n2. `b.ts`\n\n   ```ts\n   y\n   ```',
      { files: { 'a.ts': 'x\n', 'b.ts': 'y\n' } },
    ],
    ['CRLF', '### a.ts\r\n```ts\r\nx\r\n```\r\n', { files: { 'a.ts': 'x\n' } }],
    ['a path that leads out, for the caller to refuse', '```ts ../a.ts\nx\n```', { files: { '../a.ts': 'x\n' } }],
    ['a fence within a longer one', '### a.md\n````md\n```js\nx\n```\n````', { files: { 'a.md': '```js\nx\n```\n' } }],
    ['a file twice', '```ts a.ts\nx\n```\n```ts ./a.ts\ny\n```', { unusable: 'the reply has `a.ts` more than once' }],
    [
      'a block without a path',
      '```ts a.ts\nx\n```\nRun:\n```bash\nnpm test\n```',
      {
        unusable:
          'code block 2 (it begins with `npm test`) names no file; write the path after the language, as in ```python path/to/file.py',
      },
    ],
    [
      'a block without a path, empty',
      '```ts\n```',
      { unusable: 'code block 1 names no file; write the path after the language, as in ```python path/to/file.py' },
    ],
    [
      'no block',
      'Nothing to change.',
      { unusable: 'fenced code blocks, each with the path of its file, were asked for, and the reply has none' },
    ],
    ['the last one cut', '```ts a.ts\nx\n```\n```ts b.ts\ny', CUT],
    ['nothing', '', EMPTY],
  ];
  test.each(shapes)('%s', async (_, reply, expected) => {
    expect(await read('files', reply)).toEqual(expected);
  });

  test.each([
    ['two paths in one sentence', 'Move it from `src/a.ts` to `src/b.ts`:', 'ts'],
    ['a sentence', 'The file a.ts is the entry:', 'ts'],
    ['a method', 'Call it:', 'ts showLineNumbers'],
    ['an address', '`https://example.com/a.ts`', 'ts'],
    ['a folder', '`src/`', 'ts'],
    ['a title that is none', '', 'ts title="Example"'],
    ['a name two lines above', '`src/a.ts`\n\nIt does this:', 'ts'],
    ['the end of a sentence', 'Done.', 'ts'],
  ])('no path is made of %s', async (_, before, info) => {
    expect(await read('files', lines(before, `\`\`\`${info}`, 'x', '```'))).toHaveProperty('unusable');
  });
});

describe('the name of a parser', () => {
  test.each([
    'text',
    'code_block',
    'json',
    'files',
    'python_code_block',
    'py_code_block',
    'c++_code_block',
    'zig_code_block',
    'r_code_block',
    'brainfuck_code_block',
    'q_code_block',
  ])('%s is known', (parser) => expect(parserProblem(parser)).toBeUndefined());

  test.each([
    ['pyhton_code_block', '`pyhton_code_block` is not a parser. Did you mean `python_code_block`?'],
    ['Python_code_block', '`Python_code_block` is not a parser. Did you mean `python_code_block`?'],
    ['python', '`python` is not a parser. Did you mean `python_code_block`?'],
    ['markdown', '`markdown` is not a parser. Did you mean `markdown_code_block`?'],
    ['python-code-block', '`python-code-block` is not a parser. Did you mean `python_code_block`?'],
    ['codeblock', '`codeblock` is not a parser. Did you mean `code_block`?'],
    ['JSON', '`JSON` is not a parser. Did you mean `json_code_block`?'],
    ['file', '`file` is not a parser. Did you mean `files`?'],
    [
      'something else',
      '`something else` is not a parser. It is one of text, code_block, json, files and <language>_code_block.',
    ],
  ])('%s is not', (parser, expected) => expect(parserProblem(parser)).toBe(expected));

  test('is checked again where it is used', async () => {
    const error = await parseReply('pyhton_code_block', 'x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'RUNBOOK_INVALID' });
  });
});
