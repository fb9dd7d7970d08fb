import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { readPxeClient } from '../../src/wire/pxe-client.ts';
import { decodeTftp } from '../../src/wire/tftp-packet.ts';
import { type CapturedUdp, udpPayloads } from '../pcap.ts';
import { testDataFolder } from '../test-data.ts';

const DHCP_PORTS = new Set([67, 68, 4011]);
const isDhcp = ({ fromPort, toPort }: CapturedUdp) => DHCP_PORTS.has(toPort) || DHCP_PORTS.has(fromPort);

const folders = ['2-packets', '6-firmware-captures'].flatMap((name) => testDataFolder(name) ?? []);
const captures = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.pcap(ng)?$/.test(name) && !name.includes('asan'))
    .map((name) => [name, join(folder, name)] as const),
);
const withDhcp = captures.filter(([, path]) => udpPayloads(readFileSync(path)).some(isDhcp));

describe.skipIf(captures.length === 0)('captures of real firmware (reads BLACKSTART_TEST_DATA)', () => {
  test.each(withDhcp)('every DHCP message of %s decodes, and survives being written again', (name, path) => {
    let misaligned = 0;
    for (const { payload } of udpPayloads(readFileSync(path)).filter(isDhcp)) {
      const message = decodeDhcp(payload);
      if (!message.ok) {
        expect(message.reason).toBe('no DHCP magic cookie');
        misaligned++;
        continue;
      }
      const { dhcpOptionOverload: _overload, ...options } = message.value.options;
      const plain = { ...message.value, options };
      expect(decodeDhcp(encodeDhcp(plain))).toEqual({ ok: true, value: plain });
    }
    // Two messages of this one were captured with a header that is two bytes short.
    expect(misaligned).toBe(name === 'dhcp-rfc4388.pcap' ? 2 : 0);
  });

  test.each([
    ['u_full_60_43.pcap', { kind: 'PXEClient', arch: 7 }],
    ['h_opt67.pcap', { kind: 'HTTPClient', arch: 16 }],
    ['i4_bios_base.pcap', { kind: 'iPXE', arch: 0 }],
  ])('the first client of %s is read', (name, expected) => {
    const path = captures.find(([file]) => file === name)?.[1] ?? '';
    const first = udpPayloads(readFileSync(path)).find(({ toPort }) => toPort === 67);
    const message = decodeDhcp(first?.payload ?? new Uint8Array());
    expect(message.ok && readPxeClient(message.value)).toMatchObject({ ok: true, value: expected });
  });

  test('OVMF’s TFTP request is read', () => {
    const path = captures.find(([file]) => file === 'u_full_60_43.pcap')?.[1] ?? '';
    const request = udpPayloads(readFileSync(path)).find(({ toPort }) => toPort === 69);
    expect(decodeTftp(request?.payload ?? new Uint8Array())).toMatchObject({
      ok: true,
      value: {
        kind: 'read',
        file: 'snponly.efi',
        options: new Map([
          ['tsize', '0'],
          ['blksize', '1468'],
          ['windowsize', '4'],
        ]),
      },
    });
  });

  test('crafted, broken captures never make the decoder throw', () => {
    const broken = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.includes('asan'))
        .map((name) => join(folder, name)),
    );
    expect(broken.length).toBeGreaterThan(0);
    for (const path of broken) for (const { payload } of udpPayloads(readFileSync(path))) decodeDhcp(payload);
  });
});
