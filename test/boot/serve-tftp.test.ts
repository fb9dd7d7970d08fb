import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootEvent, Closable } from '../../src/boot/network-boot.ts';
import { serveTftp } from '../../src/boot/serve-tftp.ts';
import { openUdpSocket } from '../../src/net/udp.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';
import { aSegment, someArtefacts } from './a-segment.ts';
import { fetchByTftp } from './tftp-client.ts';

const made = someArtefacts();
const { folder } = made;
const big = Buffer.alloc(2 * 1024 * 1024 + 17, 'blackstart');
writeFileSync(join(folder, 'big'), big);
const artefacts = {
  ...made.artefacts,
  programs: {
    ...made.artefacts.programs,
    big: join(folder, 'big'),
    text: join(folder, 'text'),
    gone: join(folder, 'gone'),
  },
};
let tftp: Closable & { port: number };
let events: BootEvent[];

beforeAll(async () => {
  const { segment, events: reported } = aSegment({ artefacts });
  events = reported;
  tftp = await serveTftp(segment, 0);
});
afterAll(async () => {
  await tftp.close();
  rmSync(folder, { recursive: true });
});

/** Sends one raw packet and waits for the first answer. */
async function ask(bytes: Uint8Array): Promise<TftpPacket> {
  const answer = Promise.withResolvers<TftpPacket>();
  const socket = await openUdpSocket({
    address: '127.0.0.1',
    port: 0,
    onDatagram: (datagram) => {
      const packet = decodeTftp(datagram.bytes);
      if (packet.ok) answer.resolve(packet.value);
      if (packet.ok && packet.value.kind !== 'error')
        socket.send(
          encodeTftp({ kind: 'error', code: 8, message: 'enough' }),
          datagram.from.port,
          datagram.from.address,
        );
    },
    onError: answer.reject,
  });
  socket.send(bytes, tftp.port, '127.0.0.1');
  const packet = await answer.promise;
  await new Promise((resolve) => setTimeout(resolve, 20));
  await socket.close();
  return packet;
}

const read = (file: string, mode = 'octet', options: [string, string][] = []) =>
  encodeTftp({ kind: 'read', file, mode, options: new Map(options) });

test('a file larger than memory is kept for arrives whole', async () => {
  expect(big.equals(Buffer.from(await fetchByTftp(tftp.port, 'big')))).toBe(true);
  await expect
    .poll(() => events.find(({ file }) => file === 'big'))
    .toMatchObject({ stage: 'tftp program', decision: 'completed', bytes: big.length });
});

test.each(['/snponly.efi', './snponly.efi', '//snponly.efi'])('%s is snponly.efi', async (name) => {
  expect(Buffer.from(await fetchByTftp(tftp.port, name)).toString()).toBe('snponly.efi');
});

describe('nothing else is served', () => {
  test.each([
    'autoexec.ipxe',
    '../secret',
    '/etc/passwd',
    'constructor',
    '__proto__',
    'gone',
    'big/../snponly.efi',
  ])('%s', async (name) => {
    expect(await fetchByTftp(tftp.port, name)).toBe('there is no such file');
  });
});

test.each<[string, Uint8Array, number]>([
  ['a write', encodeTftp({ kind: 'write', file: 'snponly.efi', mode: 'octet', options: new Map() }), 2],
  ['mail mode', read('snponly.efi', 'mail'), 4],
  ['data out of nowhere', encodeTftp({ kind: 'data', block: 1, bytes: new Uint8Array(3) }), 5],
])('%s is refused', async (_, bytes, code) => {
  expect(await ask(bytes)).toMatchObject({ kind: 'error', code });
});

test('text grows by its carriage returns, and its size says so', async () => {
  writeFileSync(join(folder, 'text'), 'two\nlines\n');
  expect(await ask(read('text', 'netascii', [['tsize', '0']]))).toEqual({
    kind: 'oack',
    options: new Map([['tsize', '12']]),
  });
  expect(await ask(read('text', 'netascii'))).toMatchObject({
    kind: 'data',
    bytes: Uint8Array.from(Buffer.from('two\r\nlines\r\n')),
  });
});

test('IPv6 is served from the address that was asked, in blocks that fit its frames', async () => {
  const heard = Promise.withResolvers<[string, TftpPacket | null]>();
  const socket = await openUdpSocket({
    address: '::1',
    port: 0,
    onDatagram: ({ bytes, from }) => {
      const packet = decodeTftp(bytes);
      heard.resolve([from.address, packet.ok ? packet.value : null]);
    },
    onError: heard.reject,
  });
  socket.send(read('snponly.efi', 'octet', [['blksize', '1468']]), tftp.port, '::1');
  expect(await heard.promise).toEqual(['::1', { kind: 'oack', options: new Map([['blksize', '1448']]) }]);
  await socket.close();
});

test('a ROM that asks the size and goes away leaves an event, not a failure', async () => {
  expect(await ask(read('undionly.kpxe', 'octet', [['tsize', '0']]))).toEqual({
    kind: 'oack',
    options: new Map([['tsize', '13']]),
  });
  await expect
    .poll(() => events.find(({ file }) => file === 'undionly.kpxe'))
    .toMatchObject({
      decision: 'aborted',
      bytes: 0,
    });
});

test('broken datagrams are survived', async () => {
  const socket = await openUdpSocket({
    address: '127.0.0.1',
    port: 0,
    onDatagram: () => {},
    onError: () => {},
  });
  for (const bytes of [[], [0], [0, 1], [0, 1, 65], [255, 255, 255]])
    socket.send(Uint8Array.from(bytes), tftp.port, '127.0.0.1');
  await socket.close();
  expect(Buffer.from(await fetchByTftp(tftp.port, 'snponly.efi')).toString()).toBe('snponly.efi');
});
