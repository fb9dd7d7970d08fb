import { expect, test } from 'vitest';
import {
  emptyRouterAdvertisement,
  isRouterSolicitation,
  managedRouterAdvertisement,
} from '../../src/wire/router-advertisement.ts';

test.each([
  ['with a source link-address', [133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7], true],
  ['too short', [133, 0, 0, 0], false],
  ['an advertisement', [134, 0, 0, 0, 0, 0, 0, 0], false],
])('a solicitation %s', (_, bytes, expected) => {
  expect(isRouterSolicitation(Uint8Array.from(bytes))).toBe(expected);
});

test('the advertisement makes nobody use this host as a router', () => {
  const bytes = emptyRouterAdvertisement();
  const view = new DataView(bytes.buffer);
  expect({
    type: bytes[0],
    flags: bytes[5],
    lifetimeSeconds: view.getUint16(6),
    length: bytes.length,
  }).toEqual({
    type: 134,
    flags: 0,
    lifetimeSeconds: 0,
    length: 16,
  });
});

test('a managed link: DHCPv6 for everything, the prefix on the link, and still no router', () => {
  const bytes = managedRouterAdvertisement({
    address: 'fd77::1:1',
    prefixLength: 49,
    validSeconds: 1800,
    mtu: 1400,
  });
  expect(Buffer.from(bytes).toString('hex').match(/.{16}/g)).toEqual([
    '8600000040c00000', // type, code, checksum; hop limit, M and O, router lifetime 0
    '0000000000000000',
    '0304318000000708', // prefix information: /49, on link, not for autoconfiguration; valid for 1800 s
    '0000070800000000', // preferred as long
    'fd77000000000000',
    '0000000000000000',
    '0501000000000578', // MTU 1400
  ]);
});
