// A playbook with one step by a model, for the tests of its keys. The model is scripted, and so is the person's editor.
import { parse } from 'yaml';
import { makeRig, type Rig } from './rig.ts';
import type { Terminal } from './terminal.ts';

export const OLD = "print('old')\n";

export interface Drafted {
  status: string;
  last_run?: { outcome: string; llm_response?: string };
  issues?: { type: string; detail: string; resolution?: string }[];
}

/** `replies`: what the model answers, the last one again and again. `task` and `ai`: more lines of the task. */
export function rigWithDraft(
  replies: string[],
  { task = '', ai = '', files = {} }: { task?: string; ai?: string; files?: Record<string, string> } = {},
): Promise<Rig> {
  const scripted = replies.map((reply, i) => ({ reply, ...(i < replies.length - 1 ? { attempt: i + 1 } : {}) }));
  const runbook = `models:
  recorded: {provider: scripted, replies: replies.yaml}
tasks:
  - id: greet
    name: Write the greeting
    status: READY
    type: AI_ASSISTED
    task_detail_file: greet.yaml
`;
  const detail = `id: greet
status: READY
ai_details:
  model: recorded
  prompt_template: greet.md
  output_parser: python_code_block
${ai}output_artifact: greet.py
${task}`;
  return makeRig({
    files: {
      'runbook.yaml': runbook,
      'greet.yaml': detail,
      'greet.md': 'Write a greeting, as {{ task.name }} says.\n',
      'greet.py': OLD,
      'replies.yaml': JSON.stringify({ replies: scripted }),
      // Beside the project, so that it is not taken for a file that was written.
      '../bin/editor': '#!/bin/sh\ncp "$1" "$TMPDIR/before"\nprintf %s "$EDITED" > "$1"\n',
      ...files,
    },
  });
}

/** A reply with this in a block. */
export function block(code: string): string {
  return `Here it is:\n\n\`\`\`python\n${code}\n\`\`\`\n`;
}

/** A terminal whose editor turns whatever it is given into this text. */
export function next(rig: Rig, { edited = '', args = [] as string[], rows = 40 } = {}): Terminal {
  return rig.terminal(['next', ...args], { rows, env: { EDITOR: 'editor', EDITED: edited } });
}

export function drafted(rig: Rig): Drafted {
  const { tasks } = parse(rig.read('runbook.yaml')) as { tasks: { status: string }[] };
  return { ...(parse(rig.read('greet.yaml')) as Drafted), status: tasks[0]?.status ?? '' };
}

/** The prompts that were sent, in order, as they are kept in the logs. */
export function prompts(rig: Rig): string[] {
  const sent = rig.journal().filter(({ event_type }) => event_type === 'AI_PROMPT_SENT');
  return sent.map(({ details }) => rig.read(String(details?.prompt)));
}
