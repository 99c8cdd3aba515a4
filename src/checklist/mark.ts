// What `export` writes behind a step for `import` to read again: `<!-- id: pack; after: run_tests -->`. Nobody sees it who reads the
// rendered Markdown, and a step that has an id keeps it whatever becomes of its text.
import { STATUSES, type Status } from '../runbook/vocabulary.ts';

export interface Mark {
  readonly id?: string;
  /** All that it depends on, instead of what its place says. */
  readonly after?: readonly string[];
  /** Where a box can't say it. */
  readonly status?: Status;
}

export function markIn(comments: readonly string[]): Mark {
  const fields = new Map(
    comments.flatMap((comment) =>
      comment
        .replace(/^<!--/, '')
        .replace(/-->$/, '')
        .split(';')
        .flatMap((part) => {
          const [, key = '', value = ''] = /^\s*(id|after|status)\s*:\s*(.*?)\s*$/.exec(part) ?? [];
          return key === '' ? [] : [[key, value] as const];
        }),
    ),
  );
  const [id, after] = [fields.get('id'), fields.get('after')];
  const status = STATUSES.find((one) => one === fields.get('status'));
  return {
    ...(id ? { id: decoded(id) } : {}),
    ...(after === undefined
      ? {}
      : {
          after: after
            .split(',')
            .map((one) => decoded(one.trim()))
            .filter((one) => one !== ''),
        }),
    ...(status === undefined ? {} : { status }),
  };
}

export function markText({ id, after, status }: Mark): string {
  const parts = [
    ...(id === undefined ? [] : [`id: ${encoded(id)}`]),
    ...(after === undefined ? [] : [`after: ${after.map(encoded).join(', ')}`.trimEnd()]),
    ...(status === undefined ? [] : [`status: ${status}`]),
  ];
  return `<!-- ${parts.join('; ')} -->`;
}

/** What would end a comment or part two ids. */
function encoded(id: string): string {
  return id.replaceAll(/[^\p{L}\p{M}\p{N}._/+@-]|--|(?<=^|-)-/gu, (found) =>
    [...Buffer.from(found)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}
