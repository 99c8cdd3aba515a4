// A request as a conversation: the prompt, and after a reply that was cut at its token limit, what has come of it.
import type { Turn } from '../world.ts';

const GO_ON =
  'Your reply was cut off at its token limit. Go on exactly where it stopped: repeat nothing, and say nothing before it.';

/** `soFar` is what came before the cut. Not as the last turn: most servers would begin a new reply after it. */
export function turnsOf(prompt: string, soFar: string | undefined): Turn[] {
  const asked: Turn = { role: 'user', content: prompt };
  if (soFar === undefined) return [asked];
  return [asked, { role: 'assistant', content: soFar }, { role: 'user', content: GO_ON }];
}

/** The two parts of one reply. Models like to begin the second with the fence that is open already, which can only be undone. */
export function joined(soFar: string, more: string): string {
  const fences = [...soFar.matchAll(/^ {0,3}(`{3,}|~{3,})([^`\n]*)$/gm)];
  let open: string | undefined;
  for (const [, fence = '', info = ''] of fences) {
    if (open === undefined) open = fence;
    else if (fence.startsWith(open) && info.trim() === '') open = undefined;
  }
  const [first = ''] = more.split('\n', 1);
  const reopens = open !== undefined && new RegExp(`^\\s*${open}[^\\s\`~]+\\s*$`).test(first);
  return soFar + (reopens ? more.slice(first.length + 1) : more);
}
