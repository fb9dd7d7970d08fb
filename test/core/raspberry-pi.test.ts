import { expect, test } from 'vitest';
import { type BootClient, decideBoot } from '../../src/core/boot.ts';
import { bootFields } from '../../src/core/dhcp-boot-options.ts';
import { parsePiPath } from '../../src/core/raspberry-pi.ts';
import { NOW_MS, POLICY } from './boot-samples.ts';

const PI: BootClient = { kind: 'PXEClient', arch: 0, stage: 'dhcp', mac: 'dc:a6:32:01:02:03', uuid: null };
const WITH_FILES = { ...POLICY, raspberryPi: true };

test.each([
  ['by the board’s own network card', PI],
  // Option 97 as the boot ROM sends it: "RPi4", board revision, MAC, serial number.
  [
    'by its UUID, behind another card',
    { ...PI, mac: '02:00:00:00:00:01', uuid: '52506934-1130-c000-0302-01001a2b3c4d' },
  ],
])('a Raspberry Pi says it is a BIOS, and is known %s', (_, client) => {
  expect(decideBoot(client, null, null, WITH_FILES, NOW_MS).kind).toBe('raspberry-pi');
});

test('without files for it there is no answer, rather than an x86 program', () => {
  expect(decideBoot(PI, null, null, POLICY, NOW_MS)).toEqual({
    kind: 'ignore',
    reason: 'a Raspberry Pi, and the site names no folder with files for it',
  });
});

test('a PC is none', () => {
  const pc = { ...PI, mac: '52:54:00:01:02:03', uuid: '4c4c4544-0044-3510-8052-b4c04f423233' };
  expect(decideBoot(pc, null, null, WITH_FILES, NOW_MS)).toMatchObject({ file: 'undionly.kpxe' });
});

test('option 43 holds the menu its ROM looks for', () => {
  const client = { mac: PI.mac, kind: 'PXEClient', arch: 0, uuid: null } as const;
  const fields = bootFields(client, { kind: 'raspberry-pi', reason: '' }, '10.0.0.1');
  const menu = Buffer.from(fields.options.vendorEncapsulatedOptions ?? []).toString('latin1');
  expect(menu).toBe('\x06\x01\x03\x0a\x04\x00PXE\x09\x14\x00\x00\x11Raspberry Pi Boot\xff');
  expect([fields.siaddr, fields.file, fields.options.tftpServerName]).toEqual(['10.0.0.1', '', '10.0.0.1']);
});

test.each([
  ['1a2b3c4d/start4.elf', { serial: '1a2b3c4d', file: 'start4.elf' }],
  ['1a2b3c4d/overlays/disable-bt.dtbo', { serial: '1a2b3c4d', file: 'overlays/disable-bt.dtbo' }],
  ['1a2b3c4d/../secret', null],
  ['1a2b3c4d/.hidden', null],
  ['start4.elf', null],
  ['1A2B3C4D/start4.elf', null],
])('%s', (path, expected) => {
  expect(parsePiPath(path)).toEqual(expected);
});
