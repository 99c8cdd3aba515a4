// AI_ASSISTED tasks that can't be carried out as they are written: template, parser, artifact. Found before anything is sent.
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const unattended = {
  args: ['next', '--yes=unchecked', '--no-input'],
  env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
};

test('a prompt that can not be found', async () => {
  const cases = {
    'no details': ai(undefined),
    'empty details': ai('{}'),
    'no template': ai('{model: gpt-4o-mini}'),
    'a template that is empty text': ai('{prompt_template: ""}'),
    'a template that is not there': ai('{prompt_template: prompt_templates/draft.md}'),
    'a fallback that is not there': ai('{prompt_template: p.md, fallback_prompt_template: simple.md}', { 'p.md': '' }),
    'a template above the project': ai('{prompt_template: ../draft.md}'),
    'a template that is a folder': ai('{prompt_template: draft}', { 'draft/x': '' }),
    'a template that is not UTF-8': ai('{prompt_template: p.md}', { 'p.md': Buffer.from('Café\n', 'latin1') }),
    'a template that is a link to itself': {
      ...ai('{prompt_template: p.md}'),
      before: (folder: string) => symlinkSync('p.md', join(folder, 'p.md')),
    },
  };
  expect(await refusals(rig, cases, unattended)).toMatchInlineSnapshot(`
    "
    no details
      TASK_INCOMPLETE runbook.yaml:3:11 AI_ASSISTED
      task \`a\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`.
    empty details
      TASK_INCOMPLETE runbook.yaml:4:5 ai_details
      task \`a\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`.
    no template
      TASK_INCOMPLETE runbook.yaml:4:5 ai_details
      task \`a\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`.
    a template that is empty text
      TASK_INCOMPLETE runbook.yaml:4:5 ai_details
      task \`a\` is AI_ASSISTED but has no \`ai_details.prompt_template\`
      Write the path of its template: \`ai_details: {prompt_template: prompt_templates/….md}\`.
    a template that is not there
      FILE_NOT_FOUND runbook.yaml:4:35 prompt_templates/draft.md
      \`prompt_templates/draft.md\` does not exist
      Write that file, or mend the path.
    a fallback that is not there
      FILE_NOT_FOUND runbook.yaml:4:67 simple.md
      \`simple.md\` does not exist
      Write that file, or mend the path.
    a template above the project
      PATH_OUTSIDE runbook.yaml:4:35 ../draft.md
      \`../draft.md\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    a template that is a folder
      FILE_UNREADABLE runbook.yaml:4:35 draft
      \`draft\` can't be read: it is a folder
      Name a file.
    a template that is not UTF-8
      FILE_UNREADABLE p.md:1:4 �
      \`p.md\` is not valid UTF-8
      Save it as UTF-8.
    a template that is a link to itself
      FILE_UNREADABLE runbook.yaml:4:35 p.md
      the path \`p.md\` can't be used: its symlinks lead in a circle
      Mend the path.
    "
  `);
});

test('a prompt that can not be filled', async () => {
  const cases = {
    'an unknown variable': prompt('Write a\n{{ lenght }}'),
    'an unknown variable, near to nothing': prompt('{{ colour }}'),
    'an unknown member': prompt('For\n\n{{ task.nmae }}'),
    'the output of a task that is not there': prompt('{{ outputs.draft }}'),
    'an unknown filter': prompt('{{ length | uper }}'),
    'a variable that is never closed': prompt('a\n{{ length'),
    'an include that is not there': prompt('a\n{% include "style.md" %}'),
    'an include above the project': prompt('{% include "../style.md" %}'),
    'a mistake in an include': prompt('{% include "style.md" %}', { 'style.md': 'a\n{{ lenght }}\n' }),
  };
  const told = await refusals(rig, cases, unattended);
  // Only what, and in which line: the words, the caret, and what `file` refuses, are for template.test.ts.
  const lines = told.split('\n').filter((line) => !line.startsWith('  ') || /^ {2}[A-Z_]+ /.test(line));
  expect(lines.map((line) => line.replace(/^( {2}.+:\d+):.*/, '$1')).join('\n')).toMatchInlineSnapshot(`
    "
    an unknown variable
      TEMPLATE_UNDEFINED p.md:2
    an unknown variable, near to nothing
      TEMPLATE_UNDEFINED p.md:1
    an unknown member
      TEMPLATE_UNDEFINED p.md:3
    the output of a task that is not there
      TEMPLATE_UNDEFINED p.md:1
    an unknown filter
      TEMPLATE_INVALID p.md:1
    a variable that is never closed
      TEMPLATE_INVALID p.md:2
    an include that is not there
      FILE_NOT_FOUND p.md:2
    an include above the project
      PATH_OUTSIDE p.md:1
    a mistake in an include
      TEMPLATE_UNDEFINED style.md:2
    "
  `);
});

test('a reply that could not be used', async () => {
  const cases = {
    'a language as parser': ai('{prompt_template: p.md, output_parser: python}'),
    'a misspelt parser': ai('{prompt_template: p.md, output_parser: cod_block}'),
    'a parser of others': ai('{prompt_template: p.md, output_parser: "xml!"}'),
    'a schema that is none': ai('{prompt_template: p.md, output_parser: json, output_schema: {type: 5}}'),
    'no folder for the artifact': ai('{prompt_template: p.md}\n    output_artifact: src/gen/client.py'),
    'an artifact above the project': ai('{prompt_template: p.md}\n    output_artifact: ../client.py'),
    'an artifact somewhere else': ai('{prompt_template: p.md}\n    output_artifact: /tmp/client.py'),
    'an artifact behind a link that leads out': {
      ...ai('{prompt_template: p.md}\n    output_artifact: out/client.py'),
      before: (folder: string) => symlinkSync('/tmp', join(folder, 'out')),
    },
    'an artifact that is a folder': {
      ...ai('{prompt_template: p.md}\n    output_artifact: src'),
      before: (folder: string) => mkdirSync(join(folder, 'src')),
    },
    'an artifact with a slash at its end': ai('{prompt_template: p.md}\n    output_artifact: src/'),
    'an artifact below a file': ai('{prompt_template: p.md}\n    output_artifact: p.md/client.py'),
    'an artifact that is the runbook': ai('{prompt_template: p.md}\n    output_artifact: ./runbook.yaml'),
    'no folder for its checks': ai('{prompt_template: p.md}\n    checks: [make]\n    cwd: src'),
  };
  for (const { files } of Object.values(cases)) files['p.md'] = 'Write it.\n';
  expect(await refusals(rig, cases, unattended)).toMatchInlineSnapshot(`
    "
    a language as parser
      RUNBOOK_INVALID runbook.yaml:4:56 python
      \`python\` is not a parser. Did you mean \`python_code_block\`?
    a misspelt parser
      RUNBOOK_INVALID runbook.yaml:4:56 cod_block
      \`cod_block\` is not a parser. Did you mean \`code_block\`?
    a parser of others
      RUNBOOK_INVALID runbook.yaml:4:56 "xml!"
      \`xml!\` is not a parser. It is one of text, code_block, json, files and <language>_code_block.
    a schema that is none
      RUNBOOK_INVALID runbook.yaml:4:77 {type: 5}
      \`output_schema\` is no JSON Schema: data/type must be equal to one of the allowed values, data/type must be array, data/type must match a schema in anyOf
    no folder for the artifact
      FILE_NOT_FOUND runbook.yaml:5:22 src/gen/client.py
      the folder \`src/gen\` of \`output_artifact\` does not exist
      mkdir -p src/gen
    an artifact above the project
      PATH_OUTSIDE runbook.yaml:5:22 ../client.py
      \`../client.py\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    an artifact somewhere else
      PATH_OUTSIDE runbook.yaml:5:22 /tmp/client.py
      \`/tmp/client.py\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    an artifact behind a link that leads out
      PATH_OUTSIDE runbook.yaml:5:22 out/client.py
      \`out/client.py\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    an artifact that is a folder
      RUNBOOK_INVALID runbook.yaml:5:22 src
      \`output_artifact\` is the folder \`src\`; it must be a file
    an artifact with a slash at its end
      RUNBOOK_INVALID runbook.yaml:5:22 src/
      \`output_artifact\` is the folder \`src/\`; it must be a file
    an artifact below a file
      RUNBOOK_INVALID runbook.yaml:5:22 p.md/client.py
      \`p.md\` is a file, so that \`output_artifact\` has no folder to stand in
    an artifact that is the runbook
      RUNBOOK_INVALID runbook.yaml:5:22 ./runbook.yaml
      \`output_artifact\` is \`./runbook.yaml\`, in which the task itself stands
    no folder for its checks
      FILE_NOT_FOUND runbook.yaml:6:10 src
      the folder \`src\` does not exist
      mkdir -p src
    "
  `);
});

type Files = Record<string, string | Uint8Array>;

function ai(details: string | undefined, more: Files = {}): { files: Files } {
  const line = details === undefined ? '' : `    ai_details: ${details}\n`;
  return { files: { 'runbook.yaml': `tasks:\n  - id: a\n    type: AI_ASSISTED\n${line}`, ...more } };
}

function prompt(template: string, more: Files = {}): { files: Files } {
  return ai('{prompt_template: p.md, input_context: {length: 40}}', { 'p.md': template, ...more });
}
