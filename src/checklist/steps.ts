// From the tree of a plan to its steps in order: which of its headings and items are tasks, what each says, and what it waits for.
import type { NewScript } from '../runbook/newTask.ts';
import type { TaskType } from '../runbook/task.ts';
import type { Mark } from './mark.ts';
import type { CodeBlock, Item, ItemList, Outline, Section } from './markdown.ts';

export interface Step {
  /** Its text below those that it stands under: the same step in a later version of the plan. */
  readonly key: string;
  /** Without them. */
  readonly text: string;
  /** The heading that it stands under. */
  readonly heading: string | undefined;
  readonly name: string;
  readonly line: number;
  readonly ticked: boolean;
  readonly mark: Mark;
  /** Indexes of steps. */
  readonly waitsFor: readonly number[];
  readonly type: TaskType;
  readonly script: NewScript | undefined;
  readonly instructions: string | readonly string[] | undefined;
  readonly description: string | undefined;
}

export function stepsOf({ top }: Outline): Step[] {
  return new Walk(top).steps;
}

class Walk {
  readonly steps: Step[] = [];
  readonly #keys = new Map<string, number>();
  /** Whether a heading alone is a step: only where the plan has no list of steps. */
  readonly #headingsCount: boolean;

  constructor(top: Section) {
    this.#headingsCount = !hasLists(top);
    for (const list of top.lists) this.#list(list, [], [], []);
    this.#sections(top.sections, []);
  }

  #sections(sections: readonly Section[], above: readonly string[]): void {
    let before: number[] = [];
    for (const section of sections) {
      const here = [...above, section.title];
      if (this.#isStep(section)) {
        const { title: text, line, ticked } = section;
        const index = this.#add(
          { ...section, text, line, ticked, mark: {}, lists: [] },
          above,
          [],
          isNumbered(text) ? before : [],
        );
        if (isNumbered(text)) before = [index];
      }
      for (const list of section.lists) this.#list(list, here, [], []);
      this.#sections(section.sections, here);
    }
  }

  /** A heading with nothing to do below it is a step if it is numbered, has a script, or the plan is made of headings. */
  #isStep(section: Section): boolean {
    if (section.title === '' || section.lists.length > 0 || section.sections.length > 0) return false;
    return this.#headingsCount || section.scripts.length > 0 || isNumbered(section.title);
  }

  /** Returns what is to be waited for by whoever waits for the list. What is numbered is done in its order. */
  #list(
    { numbered, items }: ItemList,
    headings: readonly string[],
    parents: readonly string[],
    entry: readonly number[],
  ): number[] {
    let before = entry;
    const all: number[] = [];
    for (const item of items) {
      const from = numbered ? before : entry;
      const nested = item.lists.flatMap((list) => this.#list(list, headings, [...parents, item.text], from));
      if (item.text === '') continue;
      // What is nested in a step comes before it, and waits for what the step would wait for.
      const index = this.#add(item, headings, parents, nested.length > 0 ? nested : from);
      before = [index];
      all.push(index);
    }
    return numbered ? [...before] : all;
  }

  #add(item: Item, headings: readonly string[], parents: readonly string[], waitsFor: readonly number[]): number {
    const { mark, ticked, line } = item;
    const [text, rest] = mark.id === undefined ? shortened(item.text) : [item.text, ''];
    const body = withoutEdges([rest, item.body].filter((part) => part !== '').join('\n\n'));
    const script = scriptOf(item.scripts);
    this.steps.push({
      key: this.#keyFor([...headings, ...parents, text]),
      text,
      heading: headings.at(-1),
      name: [...headings, text].join(' / '),
      line,
      ticked,
      mark,
      waitsFor,
      type: script ? 'AUTOMATED_SCRIPT' : 'MANUAL',
      script,
      instructions: script || body === '' ? undefined : asInstructions(body),
      description: script && body !== '' ? body : undefined,
    });
    return this.steps.length - 1;
  }

  #keyFor(texts: readonly string[]): string {
    const key = texts.map((text) => text.toLowerCase()).join(' / ');
    const count = (this.#keys.get(key) ?? 0) + 1;
    this.#keys.set(key, count);
    return count === 1 ? key : `${key} #${count}`;
  }
}

function hasLists(section: Section): boolean {
  return section.lists.length > 0 || section.sections.some(hasLists);
}

/** `1. Setup`, `Step 2: Build`, `Phase 3` */
function isNumbered(title: string): boolean {
  return /^(?:\d+(?:\.\d+)*[.):]|(?:phase|step|stage|part|task|milestone)\s+\d)/i.test(title);
}

/** A text that is too long for a name: its first sentence, and the rest. */
function shortened(text: string): readonly [string, string] {
  const end = text.length > 100 ? /[.!?:]\s/.exec(text) : null;
  return end
    ? [text.slice(0, end.index + (end[0].startsWith(':') ? 0 : 1)), text.slice(end.index + end[0].length)]
    : [text, ''];
}

/** Without the empty lines before and behind it, which YAML could only keep in quotes. */
function withoutEdges(text: string): string {
  return text.replace(/^(?:[ \t]*\n)+/, '').trimEnd();
}

/** One path alone would be taken for the file with the instructions. */
function asInstructions(body: string): string | readonly string[] {
  return /\.md$/i.test(body) && !/\s/.test(body) ? [body] : body;
}

/** The blocks of a step as one script. Of several commands, the first that fails ends it. */
function scriptOf(blocks: readonly CodeBlock[]): NewScript | undefined {
  const text = blocks
    .map(commandsIn)
    .filter((part) => part !== '')
    .join('\n');
  if (text === '') return undefined;
  const command = text.includes('\n') && !/^set -\w*e/.test(text) ? `set -e\n${text}` : text;
  const shell = blocks.map(({ language }) => language).find((language) => language === 'bash' || language === 'zsh');
  return { command, shell };
}

/** Of a session, the lines that were typed. */
function commandsIn({ language, text }: CodeBlock): string {
  const lines = text.split('\n');
  const isSession =
    language === 'console' || language === 'shell-session' || lines.every((line) => /^\$ |^$/.test(line));
  const typed = isSession ? lines.flatMap((line) => /^[$#] (.*)$/.exec(line)?.[1] ?? []) : lines;
  return typed.join('\n').trim();
}
