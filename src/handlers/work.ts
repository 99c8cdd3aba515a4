// What an agent changed in its copy of the project, as a proposal. What it said is not parsed.
import { RunbookError } from '../errors.ts';
import type { Work } from '../world.ts';
import type { Job } from './outcome.ts';
import { requireHarmless } from './proposal.ts';
import type { ProposedFile } from './reply.ts';

/** The files of it that a reply may write, or why there are none; what is left out is said. */
export function proposedBy(
  { runbook, session }: Job,
  { files, leftOut, moved }: Work,
  said: string,
): ProposedFile[] | { refused: string } {
  const refusals = files.map(({ path }) => ({ path, why: refusalOf(() => requireHarmless(runbook, path)) }));
  const refused = refusals.flatMap(({ path, why }) => (why === undefined ? [] : [{ path, why }]));
  const out = [...leftOut, ...refused].map(({ path, why }) => `${path} (${why})`).join(', ');
  if (out !== '') session.world.emit({ kind: 'note', text: `Left out of what was changed: ${out}` });
  if (moved.length > 0) {
    const hint = 'retry, and it begins with yours';
    return {
      refused: `${moved.join(', ')} was changed in the project while the agent changed it in its copy; ${hint}`,
    };
  }
  const mine = files.filter((_file, i) => refusals[i]?.why === undefined);
  if (mine.length > 0) return mine.map(({ path, text }) => ({ path, text: text ?? '', removes: text === undefined }));
  const words = said.trim() === '' ? '' : `; it says: ${said.trim().slice(0, 500)}`;
  return { refused: `nothing was changed${out === '' ? '' : ' that can be accepted'}${words}` };
}

function refusalOf(require: () => void): string | undefined {
  try {
    require();
    return undefined;
  } catch (error) {
    if (error instanceof RunbookError) return 'not for a reply to write';
    throw error;
  }
}
