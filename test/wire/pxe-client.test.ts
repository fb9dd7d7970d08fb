import { describe, expect, test } from 'vitest';
import type { DhcpMessage } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import { readPxeClient, swapUuid } from '../../src/wire/pxe-client.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const uuid = Uint8Array.from([0, ...Array.from({ length: 16 }, (_, index) => index + 1)]);

const discover = (options: DhcpOptions, header: Partial<DhcpMessage> = {}): DhcpMessage => ({
  op: 1,
  htype: 1,
  hops: 0,
  xid: 1,
  secs: 0,
  flags: 0,
  ciaddr: '0.0.0.0',
  yiaddr: '0.0.0.0',
  siaddr: '0.0.0.0',
  giaddr: '0.0.0.0',
  chaddr: '52:54:00:99:00:01',
  sname: '',
  file: '',
  options,
  ...header,
});

const PXE = { vendorClassIdentifier: 'PXEClient:Arch:00007:UNDI:003000' };

describe('who asks', () => {
  test.each<[string, DhcpOptions, object]>([
    [
      'x64 UEFI',
      { ...PXE, clientSystem: [7], uuidGuid: uuid },
      { kind: 'PXEClient', arch: 7, uuid: '01020304-0506-0708-090a-0b0c0d0e0f10' },
    ],
    [
      'HTTP boot',
      { vendorClassIdentifier: 'HTTPClient:Arch:00016', clientSystem: [16] },
      { kind: 'HTTPClient', arch: 16 },
    ],
    [
      'iPXE by its bare user class',
      { ...PXE, userClass: bytes('iPXE'), clientSystem: [0] },
      { kind: 'iPXE', arch: 0 },
    ],
    ['iPXE by an RFC 3004 user class', { ...PXE, userClass: bytes('\x04iPXE') }, { kind: 'iPXE' }],
    [
      'iPXE by option 175 alone',
      { ipxeEncapsulated: new Map([[19, Uint8Array.of(1)]]), clientSystem: [11] },
      { kind: 'iPXE', arch: 11 },
    ],
    ['a list whose second code is known', { ...PXE, clientSystem: [999, 9] }, { arch: 9 }],
    ['a list with none known', { ...PXE, clientSystem: [999, 998] }, { arch: 999 }],
    ['a ROM without 93, 94 and 97', { vendorClassIdentifier: 'PXEClient' }, { arch: 0, uuid: null }],
    ['a board without a UUID', { ...PXE, uuidGuid: new Uint8Array(17) }, { uuid: null }],
  ])('%s', (_, options, expected) => {
    expect(readPxeClient(discover(options))).toMatchObject({ ok: true, value: expected });
  });

  test.each<[string, DhcpOptions, Partial<DhcpMessage>]>([
    ['an operating system', { vendorClassIdentifier: 'udhcp 1.35.0' }, {}],
    ['a UUID of the wrong length', { ...PXE, uuidGuid: new Uint8Array(9) }, {}],
    ['no Ethernet', PXE, { htype: 32 }],
  ])('%s is no netboot client', (_, options, header) => {
    expect(readPxeClient(discover(options, header)).ok).toBe(false);
  });
});

test('a UUID in SMBIOS’s byte order is the same one twice swapped', () => {
  const text = '01020304-0506-0708-090a-0b0c0d0e0f10';
  expect(swapUuid(text)).toBe('04030201-0605-0807-090a-0b0c0d0e0f10');
  expect(swapUuid(swapUuid(text))).toBe(text);
});
