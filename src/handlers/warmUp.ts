// While a reply comes there is time to load what is made of it: so the question stands on the screen as soon as its last token
// has come, and not a quarter of a second later. `npm run bench:reply` measures that.
import { uncommittedOf } from '../git.ts';
import type { Job } from './outcome.ts';
import { parseReply } from './reply.ts';

/** Once the request is on its way. */
const AFTER_MS = 10;

/** Has what mostly stands in a reply. */
const SAMPLE = '# A\n\nHere it is: `a`\n\n- a\n\n1. b\n\n> c\n\n<p>\n\n| a |\n| - |\n\n```md a.md\na\n```\n';

/** Returns what calls it off. */
export function warmUp({ session: { root, world }, task }: Job, parser: string | undefined): () => void {
  const { outputArtifact } = task;
  const steps = [
    // What starts programs is started, and git finds its files where it has looked before; what it says now is not used.
    () => outputArtifact !== undefined && void uncommittedOf(world.shell, root, [outputArtifact]).catch(() => {}),
    () => void parseReply(parser, SAMPLE).catch(() => {}),
    () => world.ask.getReady(),
  ];
  const timers = steps.map((step, i) => setTimeout(step, AFTER_MS * (i + 1)).unref());
  return () => {
    for (const timer of timers) clearTimeout(timer);
  };
}
