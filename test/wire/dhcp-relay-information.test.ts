import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRelayId, readRelayInformation } from '../../src/wire/dhcp-relay-information.ts';

const text = (value: string) => [...value].map((character) => character.charCodeAt(0));

test('what dhcrelay -a and an RFC 5107 relay put in', () => {
  const raw = Uint8Array.of(
    1,
    3,
    ...text('br0'),
    2,
    6,
    0,
    1,
    2,
    3,
    4,
    5,
    5,
    4,
    10,
    2,
    0,
    0,
    11,
    4,
    10,
    2,
    0,
    1,
  );
  expect(readRelayInformation(raw)).toEqual({
    circuitId: Uint8Array.from(text('br0')),
    remoteId: Uint8Array.of(0, 1, 2, 3, 4, 5),
    linkSelection: '10.2.0.0',
    subscriberId: null,
    serverIdOverride: '10.2.0.1',
    relayId: null,
  });
});

test.each([
  ['a length past the end', [1, 9, 1]],
  ['a code alone', [1]],
])('%s is no relay information', (_, raw) => {
  expect(readRelayInformation(Uint8Array.from(raw))).toBeNull();
});

test('an address of the wrong length counts as absent', () => {
  expect(readRelayInformation(Uint8Array.of(5, 3, 10, 2, 0))).toMatchObject({ linkSelection: null });
});

test.each([
  ['Ethernet1/7', text('Ethernet1/7')],
  ['000400070102', [0, 4, 0, 7, 1, 2]],
  ['', []],
])('an identifier reads %s', (expected, raw) => {
  expect(formatRelayId(Uint8Array.from(raw))).toBe(expected);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => {
      const information = readRelayInformation(raw);
      if (information?.circuitId) formatRelayId(information.circuitId);
    }),
    { numRuns: 1000 },
  );
});
