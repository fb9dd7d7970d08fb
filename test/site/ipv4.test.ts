import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cidrContains,
  cidrSize,
  cidrsOverlap,
  isHostAddress,
  parseCidr,
  parseIpv4,
  printCidr,
  printIpv4,
} from '../../src/site/ipv4.ts';
import { parseMac } from '../../src/site/vocabulary.ts';

const address = fc.integer({ min: 0, max: 0xffff_ffff });
const network = fc
  .tuple(address, fc.integer({ min: 1, max: 32 }))
  .map(([any, prefix]) => ({ network: any - (any % 2 ** (32 - prefix)), prefix }));

test('what is printed is read again', () => {
  fc.assert(
    fc.property(address, network, (number, cidr) => {
      expect(parseIpv4(printIpv4(number))).toBe(number);
      expect(parseCidr(printCidr(cidr))).toEqual(cidr);
    }),
  );
});

test('a network holds its own addresses and no others, and overlaps with what shares one', () => {
  fc.assert(
    fc.property(network, network, address, (one, other, number) => {
      const inside = one.network + (number % cidrSize(one));
      expect(cidrContains(one, inside)).toBe(true);
      expect(cidrContains(one, one.network - 1)).toBe(false);
      expect(cidrContains(one, one.network + cidrSize(one))).toBe(false);
      expect(cidrsOverlap(one, other)).toBe(cidrsOverlap(other, one));
      if (cidrContains(other, inside)) expect(cidrsOverlap(one, other)).toBe(true);
    }),
  );
});

test.each(['1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.-4', ' 1.2.3.4', 'a.b.c.d', ''])(
  '%j is no address',
  (text) => expect(parseIpv4(text)).toBeNull(),
);
test.each(['10.0.0.0', '10.0.0.1/24', '10.0.0.0/33', '10.0.0.0/0', '10.0.0.0/8/8', '10.0.0.0/x', '/8'])(
  '%j is no network',
  (text) => expect(parseCidr(text)).toBeNull(),
);

test('hosts have neither the first nor the last address, but in a /31 and a /32', () => {
  const host = (cidr: string, text: string) =>
    isHostAddress(parseCidr(cidr) ?? { network: 0, prefix: 32 }, parseIpv4(text) ?? -1);
  expect(
    ['10.0.0.0', '10.0.0.1', '10.0.0.254', '10.0.0.255'].map((text) => host('10.0.0.0/24', text)),
  ).toEqual([false, true, true, false]);
  expect(host('10.0.0.0/31', '10.0.0.0')).toBe(true);
  expect(host('10.0.0.7/32', '10.0.0.7')).toBe(true);
});

test.each([
  '52:54:00:00:00',
  '52:54-00:00:00:02',
  '525400:000002',
  '5254.000000.02',
  'gg:54:00:00:00:02',
  '',
])('%j is no MAC address', (text) => expect(parseMac(text)).toBeNull());
