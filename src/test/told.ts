// What `why` and `history` said, with all that differs from run to run replaced by something as wide, so that columns stay.
import { hostname } from 'node:os';
import type { Finished } from './child.ts';

/** The whole screen: exit code, stdout and stderr. */
export function told({ code, stdout, stderr }: Finished): string {
  const shown = [stdout, ...(stderr === '' ? [] : ['── stderr', stderr])].map((text) => steady(text).trimEnd());
  return [...(code === 0 ? [] : [`exit ${code}`]), ...shown.filter(Boolean)].join('\n');
}

export function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'YYYY-MM-DDThh:mm:ss.mmmZ')
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'YYYY-MM-DD')
    .replaceAll(/\b\d\d:\d\d:\d\d\b/g, 'hh:mm:ss')
    .replaceAll(/\d{8}T\d{6}-\d+/g, '<run>')
    .replaceAll(/\d{8}T\d{6}/g, '<stamp>')
    .replaceAll(/(?:(?:<|&#60;|&lt;) )?\b\d+\.\d s\b/g, '#.# s')
    .replaceAll(/just now|\d+ (s|min|days?) ago/g, '<ago>')
    .replaceAll(/\bpid \d+/g, 'pid <pid>')
    .replaceAll(hostname(), '<host>');
}
