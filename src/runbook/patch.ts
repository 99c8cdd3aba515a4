// Changes only the bytes we mean in a YAML file that belongs to a person. The result is read again and must mean just what was
// meant, with all else where it was. Otherwise it is refused.
import { isLarge } from './memory.ts';
import { patchByLibrary } from './patch/byLibrary.ts';
import type { Edit } from './patch/edit.ts';
import { inExcerpt } from './patch/excerpt.ts';
import { withWordsReplaced } from './patch/word.ts';
import type { YamlPath } from './source.ts';

export type { Edit, YamlPath };

/**
 * Applies the edits in their order to the first document of `source`, and returns the new text.
 * Throws PATCH_UNSAFE, with the line to edit by hand, if that can't be done without touching anything else.
 */
export function patch(source: string, edits: readonly Edit[], file: string): string {
  const byLibrary = (text: string, some: readonly Edit[]) => patchByLibrary(text, some, file);
  return (
    withWordsReplaced(source, edits) ??
    (isLarge(source) ? inExcerpt(source, edits, byLibrary) : undefined) ??
    byLibrary(source, edits)
  );
}
