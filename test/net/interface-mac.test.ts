import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { interfaceMac } from '../../src/net/interface-mac.ts';

test('an interface’s hardware address, as the system knows it', () => {
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    expect([name, interfaceMac(name)]).toEqual([name, addresses?.[0]?.mac]);
  expect(interfaceMac('lo')).toBe('00:00:00:00:00:00');
});

test('no such interface', () => {
  expect(() => interfaceMac('bsV-none')).toThrowError(expect.objectContaining({ code: 'E_NO_INTERFACE' }));
});
