import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatIpv6,
  inPrefix,
  ipv6Number,
  isLinkLocal,
  macOfEui64,
  parseIpv6,
  readIpv6,
} from '../../src/wire/ipv6.ts';

// RFC 5952 §4, and its examples.
test.each([
  ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['::1', '::1'],
  ['fe80::', 'fe80::'],
  ['::ffff:192.0.2.1', '::ffff:c000:201'],
])('%s is spelled %s', (text, expected) => {
  expect(readIpv6(parseIpv6(text) ?? new Uint8Array())).toBe(expected);
});

test.each([
  '',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '1:2:3:4::5:6:7:8',
  '12345::',
  'fe80::1%eth0',
  '10.0.0.1',
  '::10.0.0.1:5',
])('"%s" is no address', (text) => {
  expect(parseIpv6(text)).toBeNull();
});

test('all texts are read as Node reads them', () => {
  const text = fc.oneof(fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,24}$/));
  fc.assert(
    fc.property(text, (each) => {
      expect([each, parseIpv6(each) !== null]).toEqual([each, isIPv6(each)]);
    }),
  );
});

test('number and text are two spellings of one address', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
      expect(ipv6Number(formatIpv6(value))).toBe(value);
      expect(new URL(`http://[${formatIpv6(value)}]/`).hostname).toBe(`[${formatIpv6(value)}]`);
    }),
  );
});

test('networks and links', () => {
  expect(inPrefix('fd77::1:2', 'fd77::1', 64)).toBe(true);
  expect(inPrefix('fd77:0:0:1::2', 'fd77::1', 64)).toBe(false);
  expect([isLinkLocal('fe80::1'), isLinkLocal('febf::1'), isLinkLocal('fec0::1')]).toEqual([
    true,
    true,
    false,
  ]);
});

test('a link-local address that was made of a MAC gives it back', () => {
  expect(macOfEui64('fe80::5054:ff:fe99:1')).toBe('52:54:00:99:00:01');
  expect(macOfEui64('fe80::7e39:bc67:f367:8def')).toBeNull();
});
