import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { decodeDhcp } from '../../src/wire/dhcp-message.ts';
import { printDhcp } from '../../src/wire/dhcp-print.ts';
import { readDhcp6Client } from '../../src/wire/dhcp6-client.ts';
import { decodeDhcp6, isRelayMessage } from '../../src/wire/dhcp6-message.ts';
import { printDhcp6 } from '../../src/wire/dhcp6-print.ts';
import { readPxeClient } from '../../src/wire/pxe-client.ts';
import { decodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';
import { type CapturedUdp, udpPayloads } from '../pcap.ts';

// Taken by "blackstart rehearse --capture DIR"; CONTRIBUTING.md says how to take them again. BLACKSTART_REFRESH=1
// writes the golden texts anew.
const CAPTURES = fileURLToPath(new URL('.', import.meta.url));
const WANTED = ['ovmf-http6.pcap', 'ovmf-pxe6.pcap', 'ovmf-snponly.pcap', 'seabios-ipxe.pcap'];

const DHCP_PORTS = new Set([67, 68, 4011]);
const isDhcp = ({ fromPort, toPort }: CapturedUdp) => DHCP_PORTS.has(fromPort) || DHCP_PORTS.has(toPort);
const isDhcp6 = ({ toPort }: CapturedUdp) => toPort === 546 || toPort === 547;
const read = (capture: string) => udpPayloads(readFileSync(join(CAPTURES, capture)));

/** One datagram as golden text. */
function print(datagram: CapturedUdp): string {
  const { from, to, fromPort, toPort, payload } = datagram;
  const text = isDhcp(datagram) ? printMessage : isDhcp6(datagram) ? printMessage6 : printTransfer;
  return `${from}:${fromPort} → ${to}:${toPort}\n${text(payload)}`;
}

function printMessage6(payload: Uint8Array): string {
  const message = decodeDhcp6(payload);
  return message.ok ? printDhcp6(message.value) : `bad: ${message.reason}`;
}

function printMessage(payload: Uint8Array): string {
  const message = decodeDhcp(payload);
  return message.ok ? printDhcp(message.value) : `bad: ${message.reason}`;
}

function printTransfer(payload: Uint8Array): string {
  const packet = decodeTftp(payload);
  return packet.ok ? `tftp ${packet.value.kind}${details(packet.value)}` : `bad: ${packet.reason}`;
}

function details(packet: TftpPacket): string {
  switch (packet.kind) {
    case 'read':
    case 'write':
      return ` ${packet.file} ${packet.mode} ${optionText(packet.options)}`;
    case 'oack':
      return ` ${optionText(packet.options)}`;
    case 'data': // its bytes are cut short by the capture
    case 'ack':
      return ` ${packet.block}`;
    case 'error':
      return ` ${packet.code} ${packet.message}`;
  }
}

const optionText = (options: ReadonlyMap<string, string>) =>
  [...options].map(([name, value]) => `${name}=${value}`).join(' ');

test('the captures are there, and each has its test', () => {
  expect(readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'))).toEqual(WANTED);
});

test.each(WANTED)('%s decodes to its golden text', async (capture) => {
  const text = read(capture).map(print).join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot(join(CAPTURES, `${capture}.txt`));
});

test.each([
  ['seabios-ipxe.pcap', [{ kind: 'iPXE', arch: 0 }]],
  [
    'ovmf-snponly.pcap',
    [
      { kind: 'PXEClient', arch: 7 },
      { kind: 'iPXE', arch: 7 },
    ],
  ],
])('%s: who asks to netboot, in this order', (capture, expected) => {
  const asked = read(capture)
    .filter((datagram) => isDhcp(datagram) && datagram.toPort === 67)
    .map(({ payload }) => decodeDhcp(payload))
    .map((message) => (message.ok ? readPxeClient(message.value) : message))
    .flatMap((client) => (client.ok ? [{ kind: client.value.kind, arch: client.value.arch }] : []));
  const changes = asked.filter((client, at) => client.kind !== asked[at - 1]?.kind);
  expect(changes).toEqual(expected);
});

const NOBODY = { boot: null, mac: null };

test.each([
  [
    'ovmf-pxe6.pcap',
    [
      'PXEClient 7 tftp://[fd77::1]/snponly.efi',
      'iPXE 7 http://[fd77::1]:8080/boot/7/52-54-00-99-66-01.ipxe',
    ],
  ],
  [
    'ovmf-http6.pcap',
    [
      'HTTPClient 16 http://[fd77::1]:8080/boot/snponly.efi',
      'iPXE 7 http://[fd77::1]:8080/boot/7/52-54-00-99-66-01.ipxe',
    ],
  ],
])('%s: who asks to netboot by DHCPv6, and what it was told', (capture, expected) => {
  const clients = new Map<number, string>();
  const told = new Set<string>();
  for (const { payload, from, toPort } of read(capture).filter(isDhcp6)) {
    const message = decodeDhcp6(payload);
    if (!message.ok || isRelayMessage(message.value)) throw new Error('no client’s or server’s message');
    const { xid, options } = message.value;
    const { boot, mac } =
      toPort === 547 ? readDhcp6Client(message.value, { address: from, relayedMac: null }) : NOBODY;
    if (boot) clients.set(xid, `${boot.kind} ${boot.arch}`);
    if (boot) expect(mac).toBe('52:54:00:99:66:01');
    if (options.bootfileUrl) told.add(`${clients.get(xid)} ${options.bootfileUrl}`);
  }
  expect([...told]).toEqual(expected);
});
