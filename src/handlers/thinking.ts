// What a model thinks aloud before it answers, as local servers leave it in the reply: it is kept in the log, and is no part of
// what the reply says.

const NAMES = 'think|thinking|thought|reasoning|seed:think';
const OPENING = new RegExp(`^\\s*(?:<(${NAMES})>|\\[THINK\\])`, 'i');
/** Alone on its line, or at the end of one. In a sentence, it is spoken of. */
const CLOSING = new RegExp(`(?:</(?:${NAMES})>|\\[/THINK\\])[ \\t]*(?=\\n|$)`, 'i');

/** How gpt-oss tells its thoughts apart, where its server has left that in the reply. */
const CHANNELS = /^\s*(?:<\|start\|>assistant)?<\|channel\|>/;
const FINAL = /<\|channel\|>final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>/;
/** By which models end their replies; a server that does not know its model leaves them there. */
const ENDS = [
  ...['im_end', 'eot_id', 'end', 'endoftext', 'end_of_text', 'return'].map((name) => `<|${name}|>`),
  '<end_of_turn>',
];

/** The reply without the thought that it begins with; undefined if the thought never ends, so that nothing was said yet. */
export function withoutThinking(reply: string): string | undefined {
  const ended = withoutEnds(reply);
  if (!CHANNELS.test(ended)) return withoutTags(ended);
  const final = FINAL.exec(ended);
  return final ? ended.slice(final.index + final[0].length) : undefined;
}

function withoutEnds(reply: string): string {
  const text = reply.trimEnd();
  const mark = ENDS.find((end) => text.endsWith(end));
  return mark === undefined ? reply : withoutEnds(text.slice(0, -mark.length));
}

function withoutTags(reply: string): string | undefined {
  let rest = reply;
  for (let opening = OPENING.exec(rest); opening; opening = OPENING.exec(rest)) {
    const closing = `</${opening[1] ?? ''}>`.replace('</>', '[/THINK]').toLowerCase();
    const end = rest.toLowerCase().indexOf(closing, opening[0].length);
    if (end < 0) return undefined;
    rest = rest.slice(end + closing.length);
  }
  if (rest !== reply) return rest.replace(/^\s*\n/, '').trimStart();
  return withoutBegunThinking(reply);
}

/** Some servers put the beginning of the thought into the prompt, so that the reply has its end alone. */
function withoutBegunThinking(reply: string): string {
  const closing = CLOSING.exec(reply);
  if (!closing) return reply;
  const before = reply.slice(0, closing.index);
  // In a code block it is code, and after an opening that is not at the beginning, somebody speaks of it.
  const isCode = (before.match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0) % 2 === 1;
  if (isCode || new RegExp(`<(?:${NAMES})>|\\[THINK\\]`, 'i').test(before)) return reply;
  return reply.slice(closing.index + closing[0].length).trimStart();
}
