// A text in the person's editor, in the middle of a conversation with a model.
import { RunbookError } from '../errors.ts';
import type { DecidedBy } from '../events.ts';
import type { World } from '../world.ts';

/**
 * What comes back from the editor; undefined if it failed, which is said: a reply is not lost for that. Where a flag asked
 * for the edit it is thrown, since the answer after it was not meant for the reply as it came.
 */
export async function edited(world: World, name: string, text: string, by: DecidedBy): Promise<string | undefined> {
  try {
    return await world.ask.edit(name, text);
  } catch (error) {
    if (by !== 'person' || !(error instanceof RunbookError) || error.code !== 'EDITOR_FAILED') throw error;
    world.emit({ kind: 'note', text: [error.message, error.hint].filter(Boolean).join('. ') });
    return undefined;
  }
}
