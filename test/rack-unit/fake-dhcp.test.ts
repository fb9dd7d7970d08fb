import { describe, expect, test } from 'vitest';
import { leaseOf } from '../../src/rack/fake-dhcp.ts';
import { addressBytes, decodeReply, encodeRequest, OPTION } from '../../src/rack/fake-dhcp-message.ts';
import { type DhcpPersona, personaOptions } from '../../src/rack/fake-dhcp-personas.ts';
import { decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { readPxeClient } from '../../src/wire/pxe-client.ts';

const subject = {
  firmware: 'uefi',
  uuid: '6f1c2b1e-52aa-4000-8000-000000000002',
  mac: '52:54:00:aa:00:02',
  name: 'm2',
} as const;

const request = (persona: DhcpPersona, firmware: 'bios' | 'uefi' = 'uefi') =>
  decodeDhcp(
    encodeRequest(7, subject.mac, [
      [OPTION.messageType, Buffer.of(1)],
      ...personaOptions(persona, { ...subject, firmware }),
    ]),
  );

describe('the server of this project reads what the simulated clients send', () => {
  test.each([
    ['pxe', 'bios', { kind: 'PXEClient', arch: 0, uuid: '1e2b1c6f-aa52-0040-8000-000000000002' }],
    ['pxe', 'uefi', { kind: 'PXEClient', arch: 7, uuid: '1e2b1c6f-aa52-0040-8000-000000000002' }],
    ['http', 'uefi', { kind: 'HTTPClient', arch: 16, uuid: '1e2b1c6f-aa52-0040-8000-000000000002' }],
    ['ipxe', 'bios', { kind: 'iPXE', arch: 0, uuid: subject.uuid }],
    ['ipxe', 'uefi', { kind: 'iPXE', arch: 7, uuid: subject.uuid }],
  ] as const)('%s on %s', (persona, firmware, client) => {
    const message = request(persona, firmware);
    if (!message.ok) throw new Error(message.reason);
    expect(readPxeClient(message.value)).toEqual({ ok: true, value: { mac: subject.mac, ...client } });
  });

  test.each(['agent', 'installed'] as const)('%s is no netboot client', (persona) => {
    const message = request(persona);
    if (!message.ok) throw new Error(message.reason);
    expect(message.value.chaddr).toBe(subject.mac);
    expect(readPxeClient(message.value).ok).toBe(false);
  });
});

test("reads the server's reply, option 67 before the header's file", () => {
  const asked = request('ipxe');
  if (!asked.ok) throw new Error(asked.reason);
  const reply = encodeDhcp({
    ...asked.value,
    op: 2,
    yiaddr: '10.77.0.100',
    siaddr: '10.77.0.1',
    file: 'header',
    options: {
      dhcpMessageType: 5,
      dhcpServerIdentifier: '10.77.0.1',
      subnetMask: '255.255.254.0',
      routers: ['10.77.0.9'],
      dhcpLeaseTime: 600,
      bootFileName: 'http://10.77.0.1/a.ipxe',
    },
  });
  const decoded = decodeReply(Buffer.from(reply));
  if (!decoded) throw new Error('no reply');
  expect(decoded).toMatchObject({ type: 5, xid: 7, mac: subject.mac });
  expect(leaseOf(decoded, '10.77.0.1')).toEqual({
    address: '10.77.0.100',
    prefix: 23,
    router: '10.77.0.9',
    leaseSeconds: 600,
    server: '10.77.0.1',
    bootServer: '10.77.0.1',
    bootFile: 'http://10.77.0.1/a.ipxe',
    vendorClass: null,
  });
});

test('a reply that is none is null', () => {
  expect(decodeReply(Buffer.alloc(20))).toBeNull();
  expect(decodeReply(Buffer.alloc(300))).toBeNull();
  expect(decodeReply(encodeRequest(1, subject.mac, [[OPTION.messageType, Buffer.of(1)]]))).toBeNull();
  expect([...addressBytes('10.77.0.1')]).toEqual([10, 77, 0, 1]);
});
