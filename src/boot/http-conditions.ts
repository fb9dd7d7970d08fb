/** What a file says of its version. */
export interface Validators {
  /** A strong entity tag with its quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** `not modified` is a 304, `failed` a 412. */
export type Condition = 'send' | 'not modified' | 'failed';

/** Weighs the conditions of a GET or HEAD in the order of RFC 9110 §13.2.2. A date that cannot be read is no condition. */
export function weighConditions(headers: Headers, file: Validators): Condition {
  const ifMatch = textOf(headers['if-match']);
  if (ifMatch !== null) {
    if (!listsTag(ifMatch, file.etag, 'strong')) return 'failed';
  } else {
    const unmodifiedSince = dateOf(headers['if-unmodified-since']);
    if (unmodifiedSince !== null && wholeSeconds(file.modifiedMs) > unmodifiedSince) return 'failed';
  }
  const ifNoneMatch = textOf(headers['if-none-match']);
  if (ifNoneMatch !== null) return listsTag(ifNoneMatch, file.etag, 'weak') ? 'not modified' : 'send';
  const modifiedSince = dateOf(headers['if-modified-since']);
  return modifiedSince !== null && wholeSeconds(file.modifiedMs) <= modifiedSince ? 'not modified' : 'send';
}

/** Whether a Range holds: without If-Range always, else only for the very version that it names (RFC 9110 §13.1.5). */
export function rangeHolds(ifRange: string | string[] | undefined, file: Validators): boolean {
  const text = textOf(ifRange);
  if (text === null) return true;
  if (text.includes('"')) return text === file.etag; // a weak one never holds
  return dateOf(text) === wholeSeconds(file.modifiedMs);
}

const textOf = (header: string | string[] | undefined): string | null =>
  header === undefined ? null : (Array.isArray(header) ? header.join(', ') : header).trim();

function listsTag(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list === '*') return true;
  const tags = list.match(/(W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (comparison === 'weak' && tag === `W/${etag}`));
}

/** HTTP's dates have seconds only. */
const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** An IMF-fixdate or one of the two old forms, in milliseconds; `Date.parse` alone would take "1" for a year. */
function dateOf(header: string | string[] | undefined): number | null {
  const text = textOf(header);
  if (text === null || !/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
