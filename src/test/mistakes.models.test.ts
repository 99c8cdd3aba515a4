// Models that can't answer, found before anything is sent: unknown, misspelt, without a key, without replies.
import { afterAll, expect, test } from 'vitest';
import { refusals } from './refusals.ts';
import { makeRig } from './rig.ts';

const rig = await makeRig();
afterAll(() => rig[Symbol.asyncDispose]());

const unattended = { args: ['next', '--yes=unchecked', '--no-input'] };

test('a model that is not known, or has no key', async () => {
  const cases = {
    'none at all': model(undefined),
    'a provider that is not known': model('cohere:command-r'),
    'a provider that is misspelt': model('opnai:gpt-4o-mini'),
    'a provider in other letters': model('OpenAI:gpt-4o-mini'),
    'a provider that is misspelt, and nothing else': model('pate'),
    'a name from `models` that is misspelt': model('fsat', 'models:\n  fast: {provider: openai, model: gpt-4o-mini}\n'),
    'no key': model('gpt-4o-mini'),
    'an empty key': { files: { ...model('gpt-4o-mini').files, '.env': 'OPENAI_API_KEY=\n' } },
    'no key under the name it should have': model('fast', 'models:\n  fast: {provider: openai, api_key_env: MY_KEY}\n'),
    'no name behind the provider': model('openai:'),
    'from the defaults, and no key': model(undefined, 'defaults: {model: gpt-4o-mini}\n'),
    'from a flag, and not known': { ...model('paste'), args: [...unattended.args, '--model', 'cohere:command-r'] },
    'from a flag, and no key': { ...model('paste'), args: [...unattended.args, '--model', 'gpt-4o-mini'] },
    'from the environment, and not known': { ...model('paste'), env: { RUNBOOK_MODEL: 'cohere:command-r' } },
    'a server that is no address': model('local', 'models:\n  local: {provider: openai, base_url: localhost:1234}\n'),
    'a server in the environment that is no address': { ...model('gpt-4o'), env: { OPENAI_BASE_URL: 'the server' } },
  };
  expect(await refusals(rig, cases, unattended)).toMatchInlineSnapshot(`
    "
    none at all
      MODEL_NO_KEY runbook.yaml:4:5 ai_details
      no model is set for \`a\`
      Say which one answers: \`--model NAME\`, \`model:\` in \`ai_details\`, or \`model:\` in the \`defaults\` of the runbook.
    a provider that is not known
      MODEL_UNKNOWN runbook.yaml:5:14 "cohere:command-r"
      the model \`cohere:command-r\` is not known: \`cohere\` is no provider.
      Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    a provider that is misspelt
      MODEL_UNKNOWN runbook.yaml:5:14 "opnai:gpt-4o-mini"
      the model \`opnai:gpt-4o-mini\` is not known: \`opnai\` is no provider. Did you mean \`openai\`?
      Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    a provider in other letters
      MODEL_UNKNOWN runbook.yaml:5:14 "OpenAI:gpt-4o-mini"
      the model \`OpenAI:gpt-4o-mini\` is not known: \`OpenAI\` is no provider. Did you mean \`openai\`?
      Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    a provider that is misspelt, and nothing else
      MODEL_NO_KEY runbook.yaml:5:14 "pate"
      \`pate\` needs the key \`OPENAI_API_KEY\`, which is not set. Did you mean \`paste\`?
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    a name from \`models\` that is misspelt
      MODEL_NO_KEY runbook.yaml:7:14 "fsat"
      \`fsat\` needs the key \`OPENAI_API_KEY\`, which is not set. Did you mean \`fast\`?
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    no key
      MODEL_NO_KEY runbook.yaml:5:14 "gpt-4o-mini"
      \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    an empty key
      MODEL_NO_KEY runbook.yaml:5:14 "gpt-4o-mini"
      \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    no key under the name it should have
      MODEL_NO_KEY runbook.yaml:7:14 "fast"
      \`gpt-4o-mini\` needs the key \`MY_KEY\`, which is not set
      Put \`MY_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    no name behind the provider
      MODEL_NO_KEY runbook.yaml:5:14 "openai:"
      \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    from the defaults, and no key
      MODEL_NO_KEY runbook.yaml:1:19 gpt-4o-mini
      \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    from a flag, and not known
      MODEL_UNKNOWN
      the model \`cohere:command-r\` is not known: \`cohere\` is no provider.
      Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    from a flag, and no key
      MODEL_NO_KEY
      \`gpt-4o-mini\` needs the key \`OPENAI_API_KEY\`, which is not set
      Put \`OPENAI_API_KEY=…\` into .env, or let another answer: \`--model paste\` needs no key.
    from the environment, and not known
      MODEL_UNKNOWN
      the model \`cohere:command-r\` is not known: \`cohere\` is no provider.
      Providers: openai, anthropic, claude, codex, gemini, paste, scripted. Or a name from \`models\` in the runbook.
    a server that is no address
      RUNBOOK_INVALID runbook.yaml:2:39 localhost:1234
      the \`base_url\` of \`gpt-4o-mini\` is not a URL: \`localhost:1234\`
      It looks like \`http://127.0.0.1:1234/v1\`.
    a server in the environment that is no address
      RUNBOOK_INVALID runbook.yaml:5:14 "gpt-4o"
      the variable \`OPENAI_BASE_URL\` of \`gpt-4o\` is not a URL: \`the server\`
      It looks like \`http://127.0.0.1:1234/v1\`.
    "
  `);
});

test('scripted replies that are not there', async () => {
  const named = 'models:\n  demo: {provider: scripted, replies: replies.yaml}\n';
  const replies = (text: string) => ({ files: { ...model('demo', named).files, 'replies.yaml': text } });
  const cases = {
    'no file is named': model('demo', 'models:\n  demo: {provider: scripted}\n'),
    'the provider alone': model('scripted'),
    'the file is not there': model('demo', named),
    'the file is above the project': model('demo', named.replace('replies.yaml', '../replies.yaml')),
    'the file is broken': replies('replies:\n  - reply: "yes\n'),
    'the file is empty': replies(''),
    'the file is a list': replies('- reply: yes\n'),
    'a misspelt key': replies('replies:\n  - {repyl: yes}\n'),
    'an attempt that is no number': replies('replies:\n  - {attempt: first, reply: yes}\n'),
    'a reply that is a list': replies('replies:\n  - {reply: [yes]}\n'),
    'neither reply nor file': replies('replies:\n  - {task: a}\n'),
    'both reply and file': replies('replies:\n  - {reply: yes, file: yes.md}\n'),
    'a reply in a file that is not there': replies('replies:\n  - {file: yes.md}\n'),
    'a reply in a file above the project': replies('replies:\n  - {file: ../yes.md}\n'),
  };
  expect(await refusals(rig, cases, unattended)).toMatchInlineSnapshot(`
    "
    no file is named
      MODEL_UNKNOWN runbook.yaml:2:20 scripted
      the scripted model \`demo\` names no file of \`replies\`
      models: {NAME: {provider: scripted, replies: replies.yaml}}
    the provider alone
      MODEL_UNKNOWN runbook.yaml:5:14 "scripted"
      the scripted model \`scripted\` names no file of \`replies\`
      models: {NAME: {provider: scripted, replies: replies.yaml}}
    the file is not there
      FILE_NOT_FOUND runbook.yaml:2:39 replies.yaml
      \`replies.yaml\` does not exist
      Write that file, or mend the path.
    the file is above the project
      PATH_OUTSIDE runbook.yaml:2:39 ../replies.yaml
      \`../replies.yaml\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    the file is broken
      YAML_SYNTAX replies.yaml:2:12 "
      this is not valid YAML: what begins here with " is never closed
      Close it, or put quotes around the text if it only begins with that character.
    the file is empty
      RUNBOOK_INVALID replies.yaml:1:1
      the file must be a map with \`replies\`, not empty
    the file is a list
      RUNBOOK_INVALID replies.yaml:1:1 - reply: yes
      the file must be a map with \`replies\`, not a list
    a misspelt key
      RUNBOOK_INVALID replies.yaml:2:6 repyl
      \`repyl\` is not known here. Did you mean \`reply\`?
      \`replies[0]\` is a map of \`task\`, \`match\`, \`attempt\` and either \`reply\` or \`file\`.
    an attempt that is no number
      RUNBOOK_INVALID replies.yaml:2:15 first
      \`replies[0].attempt\` must be a whole number, not the text \`first\`
    a reply that is a list
      RUNBOOK_INVALID replies.yaml:2:13 [yes]
      \`replies[0].reply\` must be text, not a list
    neither reply nor file
      RUNBOOK_INVALID replies.yaml:2:5 {task: a}
      a scripted reply has either \`reply\` or \`file\`
      Write the text: \`reply: …\`, or the path of a file: \`file: …\`.
    both reply and file
      RUNBOOK_INVALID replies.yaml:2:24 yes.md
      a scripted reply has either \`reply\` or \`file\`
      Take one of them out.
    a reply in a file that is not there
      FILE_NOT_FOUND replies.yaml:2:12 yes.md
      \`yes.md\` does not exist
      Write that file, or mend the path.
    a reply in a file above the project
      PATH_OUTSIDE replies.yaml:2:12 ../yes.md
      \`../yes.md\` lies outside the project folder
      Paths in a runbook, a template or a reply stay inside the folder of \`runbook.yaml\`, also through symlinks.
      If it is meant, name its folder under \`allow_outside\` at the top of \`runbook.yaml\`.
    "
  `);
});

/** A task with this model, and what stands at the top of its runbook. */
function model(name: string | undefined, top = ''): { files: Record<string, string> } {
  const line = name === undefined ? '' : `      model: "${name}"\n`;
  const task = `tasks:\n  - id: a\n    type: AI_ASSISTED\n    ai_details:\n${line}      prompt_template: p.md\n`;
  return { files: { 'runbook.yaml': top + task, 'p.md': 'Say yes.\n' } };
}
