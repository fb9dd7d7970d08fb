import { expect, test } from 'vitest';
import { emptyRouterAdvertisement, isRouterSolicitation } from '../../src/wire/router-advertisement.ts';

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
