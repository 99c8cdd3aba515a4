// Several files at once, of which the person wants some: each is shown and asked about by itself.
import type { Proposal } from '../events.ts';
import type { Session } from '../session.ts';

/** Those that the person takes. Nothing is written by it. */
export async function taken({ world }: Session, files: readonly Proposal[]): Promise<Proposal[]> {
  const kept: Proposal[] = [];
  for (const [i, file] of files.entries()) {
    world.emit({ kind: 'proposed', files: [file], whole: false });
    const { answer } = await world.ask.choose({
      topic: 'file',
      message: `Take this file? (${i + 1} of ${files.length})`,
      choices: [
        { key: 'y', answer: 'take', label: 'take it' },
        { key: 'n', answer: 'leave', label: 'leave it out' },
      ],
    });
    if (answer === 'take') kept.push(file);
  }
  return kept;
}
