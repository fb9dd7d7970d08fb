import { describe, expect, test } from 'vitest';
import { rangeHolds, weighConditions } from '../../src/boot/http-conditions.ts';

const file = { etag: '"v2"', modifiedMs: Date.UTC(2026, 10, 21, 12, 0, 0, 700) };
const EXACT = 'Sat, 21 Nov 2026 12:00:00 GMT';
const EARLIER = 'Sat, 21 Nov 2026 11:59:59 GMT';
const LATER = 'Saturday, 21-Nov-26 12:00:01 GMT';

describe('conditions, in the order of RFC 9110 §13.2.2', () => {
  test.each<[string, Record<string, string>, ReturnType<typeof weighConditions>]>([
    ['none', {}, 'send'],
    ['this version', { 'if-none-match': '"v2"' }, 'not modified'],
    ['this version, weakly', { 'if-none-match': 'W/"v2"' }, 'not modified'],
    ['one of several', { 'if-none-match': '"v1", W/"v2"' }, 'not modified'],
    ['any', { 'if-none-match': '*' }, 'not modified'],
    ['another version', { 'if-none-match': '"v1"' }, 'send'],
    ['no tag at all', { 'if-none-match': 'v2' }, 'send'],
    ['the exact second', { 'if-modified-since': EXACT }, 'not modified'],
    ['a later second, in an old form', { 'if-modified-since': LATER }, 'not modified'],
    ['an earlier second', { 'if-modified-since': EARLIER }, 'send'],
    ['a date that is none', { 'if-modified-since': '2026' }, 'send'],
    ['a tag beats a date', { 'if-none-match': '"v1"', 'if-modified-since': LATER }, 'send'],
    ['If-Match of this version', { 'if-match': '"v1", "v2"' }, 'send'],
    ['If-Match, weakly', { 'if-match': 'W/"v2"' }, 'failed'],
    ['If-Match of another', { 'if-match': '"v1"', 'if-none-match': '"v2"' }, 'failed'],
    ['unmodified since', { 'if-unmodified-since': EXACT }, 'send'],
    ['modified since', { 'if-unmodified-since': EARLIER }, 'failed'],
    ['If-Match beats a date', { 'if-match': '*', 'if-unmodified-since': EARLIER }, 'send'],
  ])('%s', (_, headers, expected) => {
    expect(weighConditions(headers, file)).toBe(expected);
  });

  test.each([
    [undefined, true],
    ['"v2"', true],
    ['W/"v2"', false],
    ['"v1"', false],
    [EXACT, true],
    [EARLIER, false],
    [LATER, false],
    ['nonsense', false],
  ])('a range with If-Range: %s holds: %s', (header, expected) => {
    expect(rangeHolds(header, file)).toBe(expected);
  });
});
