import { describe, expect, test } from 'vitest';
import { matchMachine } from '../../src/core/match.ts';
import { isFromPort } from '../../src/core/switch-port.ts';

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const relay = (circuitId: Uint8Array | null, remoteId: Uint8Array | null = null) => ({
  ...{ linkSelection: null, subscriberId: null, serverIdOverride: null, relayId: null },
  ...{ circuitId, remoteId },
});
const CISCO = Uint8Array.of(0, 4, 0, 100, 1, 7);

describe('a relayed message is from a switch port', () => {
  test.each([
    ['text', 'Ethernet1/7', null, relay(ascii('Ethernet1/7')), true],
    ['another port', 'Ethernet1/7', null, relay(ascii('Ethernet1/70')), false],
    ['bytes with colons', '00:04:00:64:01:07', null, relay(CISCO), true],
    ['bytes without', '0x000400640107', null, relay(CISCO), true],
    ['the right switch', 'Ethernet1/7', 'sw-1', relay(ascii('Ethernet1/7'), ascii('sw-1')), true],
    ['another switch', 'Ethernet1/7', 'sw-1', relay(ascii('Ethernet1/7'), ascii('sw-2')), false],
    ['no switch told', 'Ethernet1/7', 'sw-1', relay(ascii('Ethernet1/7')), false],
    ['no port told', 'Ethernet1/7', null, relay(null), false],
  ])('%s', (_, circuitId, remoteId, information, want) => {
    expect(isFromPort(information, { circuitId, remoteId })).toBe(want);
  });
});

test('a machine whose NIC was seen on a node’s port is that node', () => {
  const nothing = { uuid: null, serial: null, macs: [], bmcHost: null, bmcMac: null, fromBmc: null };
  const machine = {
    systemUuid: null,
    serial: 'S1',
    macs: ['02:00:00:00:00:01'],
    bmcAddress: null,
    bmcMac: null,
  };
  const nodes = [
    { ...nothing, name: 'n1', portMacs: ['02:00:00:00:00:01'] },
    { ...nothing, name: 'n2', portMacs: ['02:00:00:00:00:02'] },
  ];
  expect(matchMachine(machine, nodes)).toMatchObject({
    kind: 'matched',
    node: 'n1',
    evidence: ['NIC 02:00:00:00:00:01 on its switch port'],
  });
});
