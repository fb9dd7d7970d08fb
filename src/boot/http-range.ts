/** The bytes of a file that a request gets: all, a part, or none because the part is outside. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' };

/**
 * Reads a Range header. One range is served; several, or a malformed one, get the whole file, as RFC 9110 §14.2
 * allows.
 */
export function readRange(header: string | undefined, fileBytes: number): ByteRange {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!asked || (asked[1] === '' && asked[2] === '')) return { kind: 'whole' };
  const [, from = '', to = ''] = asked;
  if (from === '') {
    const suffix = Math.min(Number(to), fileBytes);
    if (suffix === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', first: fileBytes - suffix, last: fileBytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? fileBytes - 1 : Math.min(Number(to), fileBytes - 1);
  if (to !== '' && Number(to) < first) return { kind: 'whole' };
  return first >= fileBytes ? { kind: 'unsatisfiable' } : { kind: 'part', first, last };
}
