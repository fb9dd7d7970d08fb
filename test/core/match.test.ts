import { expect, test } from 'vitest';
import { type MachineIdentity, matchMachine, type NodeIdentity } from '../../src/core/match.ts';

const machine = (change: Partial<MachineIdentity> = {}): MachineIdentity => ({
  systemUuid: '4c4c4544-0042-3510-8052-b2c04f4d4e32',
  serial: 'SN-1',
  macs: ['52:54:00:00:00:01'],
  bmcAddress: null,
  bmcMac: null,
  ...change,
});

const node = (name: string, change: Partial<NodeIdentity> = {}): NodeIdentity => ({
  name,
  uuid: null,
  serial: null,
  macs: [],
  bmcHost: null,
  bmcMac: null,
  portMacs: [],
  fromBmc: null,
  ...change,
});

test.each<[string, Partial<NodeIdentity>, Partial<MachineIdentity>, string]>([
  ['serial number', { serial: 'sn-1 ' }, {}, 'serial number sn-1 '],
  ['NIC', { macs: ['52:54:00:00:00:01'] }, {}, 'NIC 52:54:00:00:00:01'],
  ['BMC MAC', { bmcMac: '02:00:00:00:00:09' }, { bmcMac: '02:00:00:00:00:09' }, 'BMC MAC 02:00:00:00:00:09'],
  ['BMC address', { bmcHost: '10.0.0.9' }, { bmcAddress: '10.0.0.9' }, 'BMC address 10.0.0.9'],
  [
    'UUID',
    { uuid: '4C4C4544-0042-3510-8052-B2C04F4D4E32' },
    {},
    'system UUID 4C4C4544-0042-3510-8052-B2C04F4D4E32',
  ],
  [
    'byte-swapped UUID that the BMC told',
    { fromBmc: { systemUuid: '44454c4c-4200-1035-8052-b2c04f4d4e32', serial: null, macs: [] } },
    {},
    'system UUID 4c4c4544-0042-3510-8052-b2c04f4d4e32 read from its BMC',
  ],
])('a machine matches by %s', (_, typed, told, evidence) => {
  expect(matchMachine(machine(told), [node('other'), node('a', typed)])).toEqual({
    kind: 'matched',
    node: 'a',
    evidence: [evidence],
  });
});

test.each(['To be filled by O.E.M.', '', '0', 'Default string', '..........'])(
  'the serial number "%s" identifies nothing',
  (serial) => {
    expect(matchMachine(machine({ serial }), [node('a', { serial })]).kind).toBe('unknown');
  },
);

test('a UUID that unrelated machines share identifies nothing', () => {
  const uuid = '00020003-0004-0005-0006-000700080009';
  expect(matchMachine(machine({ systemUuid: uuid }), [node('a', { uuid })]).kind).toBe('unknown');
});

test('evidence for two nodes is a conflict that names both', () => {
  const match = matchMachine(machine(), [
    node('a', { serial: 'SN-1' }),
    node('b', { macs: ['52:54:00:00:00:01'] }),
  ]);
  expect(match).toEqual({
    kind: 'conflict',
    reason: 'it looks like several nodes: a by serial number SN-1; b by NIC 52:54:00:00:00:01',
  });
});

test('a NIC that moved into another chassis is a conflict, not a match', () => {
  const match = matchMachine(machine(), [node('a', { macs: ['52:54:00:00:00:01'], serial: 'SN-2' })]);
  expect(match).toMatchObject({ kind: 'conflict' });
  expect(match.kind === 'conflict' && match.reason).toContain(
    'serial number is SN-1, the site file says SN-2',
  );
});
