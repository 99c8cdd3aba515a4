// Answers without a person: flags that speak for one, and nobody at all. No prompt ever appears from here.
import { RunbookError } from '../errors.ts';
import type { Answer, Ask, Decision, Topic } from '../world.ts';
import { editorIsSet, editText } from './editor.ts';

export interface AnswerFlags {
  /** `--yes` accepts what its checks prove; `--yes=unchecked` accepts also what has no checks. */
  readonly yes: 'no' | 'checked' | 'unchecked';
  /** `--answer`, in the order given: each answers one decision. */
  readonly answers: readonly Decision[];
  /** `--reason`: what is said where a line of text is asked for. */
  readonly reason: string | undefined;
}

/** The flags answer what they speak of; everything else goes on to `next`. */
export function flagsFirst(flags: AnswerFlags, next: Ask): Ask {
  const answers = [...flags.answers];
  return {
    ...next,
    lacks(topic, checks) {
      const [first] = answers;
      if (topic === 'manual' && (first === 'retry' || first === 'edit')) return noAnswer(first);
      if (first !== undefined && DECISIONS.includes(topic)) return undefined;
      if (topic === 'review' && (flags.yes === 'unchecked' || (flags.yes === 'checked' && checks === 'some')))
        return undefined;
      return next.lacks(topic, checks);
    },
    async choose(question) {
      const offered = (answer: Answer) => question.choices.find((choice) => choice.answer === answer)?.answer;
      const [first] = answers;
      if (first !== undefined && DECISIONS.includes(question.topic)) {
        answers.shift();
        const answer = offered(first);
        if (answer) return { answer, by: '--answer' };
        // What a check has refused can't be accepted by a flag either.
        const refused = first === 'accept' ? offered('error') : undefined;
        if (refused) return { answer: refused, by: 'nobody' };
      }
      const spoken = flags.yes === 'no' ? undefined : yesAnswer(question.topic, question.checks, flags.yes);
      const yes = spoken && offered(spoken);
      return yes ? { answer: yes, by: '--yes' } : next.choose(question);
    },
    line: async (message) => flags.reason ?? (flags.answers.length > 0 ? '' : next.line(message)),
  };
}

const DECISIONS: readonly Topic[] = ['manual', 'review', 'interrupted', 'stopped'];

function noAnswer(given: Decision): RunbookError {
  return new RunbookError({
    code: 'USAGE',
    message: `\`--answer ${given}\` is no answer where a step is done by hand`,
    hint: 'accept, error, skip or quit',
  });
}

function yesAnswer(topic: Topic, checks: string | undefined, yes: AnswerFlags['yes']): Answer | undefined {
  if (topic === 'prompt') return 'send';
  if (topic === 'plan') return 'accept';
  if (topic !== 'review') return undefined;
  if (checks === 'failed') return 'error';
  return checks === 'passed' || yes === 'unchecked' ? 'accept' : undefined;
}

/** Where nobody can be asked: what is safe is done, the rest is refused with the flag that would answer it. */
export const nobody: Ask = {
  lacks: (topic) => {
    const refusal = REFUSALS[topic];
    return refusal && new RunbookError({ code: 'NEEDS_PERSON', ...refusal });
  },
  getReady: () => {},
  async choose(question) {
    const answer = question.choices.find((choice) => choice.answer === SAFE_ANSWERS[question.topic])?.answer;
    if (answer) return { answer, by: 'nobody' };
    throw new RunbookError({
      code: 'NEEDS_PERSON',
      ...(REFUSALS[question.topic] ?? { message: `nobody is here to answer: ${question.message}` }),
    });
  },
  line: async () => '',
  async edit(name, text) {
    if (editorIsSet()) return editText(name, text);
    throw new RunbookError({ code: 'NEEDS_PERSON', message: 'nobody is here to edit, and no EDITOR is set' });
  },
  page: async () => false,
  open: async () => {
    throw new RunbookError({ code: 'NEEDS_PERSON', message: 'nobody is here to edit' });
  },
  paste: async () => {
    throw new RunbookError({ code: 'NEEDS_PERSON', ...REFUSALS.paste });
  },
};

/** An interrupted task becomes an ERROR, a stopped line stays stopped. */
const SAFE_ANSWERS: Partial<Record<Topic, Answer>> = { interrupted: 'error', stopped: 'quit' };

const REFUSALS = {
  manual: {
    message: 'this step is done by hand, and there is no terminal to ask how it went',
    hint: 'Do it, then say so: `--answer accept` (or error, skip, quit), or `runbook done ID`.',
  },
  review: {
    message: 'a reply must be reviewed, and there is no terminal to ask in',
    hint: '`--yes` accepts what the task’s checks prove, `--yes=unchecked` also what has no checks, `--answer accept` answers once.',
  },
  prompt: {
    message: 'the prompt is to be reviewed, and there is no terminal to ask in',
    hint: 'Leave --review out, or add --yes.',
  },
  model: { message: 'no model is set, and there is no terminal to ask in', hint: 'Name one with `--model`.' },
  block: { message: 'the reply has several code blocks, and there is no terminal to ask which one' },
  file: { message: 'the files of a reply are to be picked, and there is no terminal to ask in' },
  paste: {
    message: 'the model `paste` is a person, and there is no terminal to ask in',
    hint: 'Name another with `--model`.',
  },
  plan: {
    message: 'a change of the plan must be confirmed, and there is no terminal to ask in',
    hint: '`--yes` writes it, `--dry-run` only shows it.',
  },
  interrupted: undefined,
  stopped: undefined,
} satisfies Record<Topic, { message: string; hint?: string } | undefined>;
