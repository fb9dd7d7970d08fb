import { expect, test } from 'vitest';
import { HeardMachines } from '../../src/boot/heard-machines.ts';
import { neighbourMac } from '../../src/net/neighbours.ts';

test('a machine is known by the last address that it asked for, and keeps its UUID', () => {
  const machines = new HeardMachines();
  machines.heard('m1', { address: null, uuid: 'u1' });
  machines.heard('m1', { address: '10.0.0.5', uuid: null });
  expect([machines.macOf('10.0.0.5'), machines.uuidOf('m1')]).toEqual(['m1', 'u1']);
  machines.heard('m1', { address: '10.0.0.6', uuid: null });
  expect([machines.macOf('10.0.0.5'), machines.macOf('10.0.0.6')]).toEqual([null, 'm1']);
});

test('an address is its last taker’s, and stays so when the earlier one moves on', () => {
  const machines = new HeardMachines();
  machines.heard('m1', { address: '10.0.0.5', uuid: null });
  machines.heard('m2', { address: '10.0.0.5', uuid: null });
  machines.heard('m1', { address: '10.0.0.6', uuid: null });
  expect(machines.macOf('10.0.0.5')).toBe('m2');
});

test('forged machines do not fill the memory', () => {
  const machines = new HeardMachines();
  for (let index = 0; index < 20_000; index++)
    machines.heard(`m${index}`, { address: `a${index}`, uuid: null });
  expect([machines.macOf('a0'), machines.macOf('a19999')]).toEqual([null, 'm19999']);
});

test('the kernel’s neighbour table is read by address and interface, complete entries only', () => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.100      0x1         0x2         52:54:00:AA:00:01     *        eth1
10.77.0.101      0x1         0x0         00:00:00:00:00:00     *        eth1
`;
  expect(neighbourMac('10.77.0.100', 'eth1', table)).toBe('52:54:00:aa:00:01');
  expect(neighbourMac('10.77.0.100', 'eth2', table)).toBeNull();
  expect(neighbourMac('10.77.0.101', 'eth1', table)).toBeNull();
});
