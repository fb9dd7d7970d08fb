import { beforeEach, describe, expect, test } from 'vitest';
import { TftpServer } from '../../src/core/tftp-server.ts';
import type { TftpPacket } from '../../src/wire/tftp-packet.ts';

const LISTENER = 0;
const PORTS = [1, 2];
const LIMITS = {
  maxBlockBytes: { 4: 1468, 6: 1448 },
  maxWindowBlocks: 64,
  maxTransfers: 4,
  maxTransfersPerMachine: 2,
};
type Peer = { key: string; family: 4 | 6; address: string; port: number };
const peer = (address = '10.0.0.5', port = 2000): Peer => ({
  key: `${address}:${port}`,
  family: address.includes('::') ? 6 : 4,
  address,
  port,
});
const read = (file: string, options: [string, string][] = []): TftpPacket => ({
  kind: 'read',
  file,
  mode: 'octet',
  options: new Map(options),
});

let looked: { number: number; file: string }[];
let sent: string[];
let packets: TftpPacket[];
let ended: object[];
let released: number;
let server: TftpServer<Peer, { bytes: number; release(): void }>;

const source = (bytes: number) => ({ bytes, release: () => void released++ });
/** A request that is found at once; the port its transfer comes from. */
function fetch(bytes: number, from = peer(), options: [string, string][] = []): number {
  server.takeRequest(LISTENER, read('file', options), from, 0);
  server.found(looked.at(-1)?.number ?? 0, source(bytes), 0);
  return Number(/^(\d)/.exec(sent.at(-1) ?? '')?.[1]);
}

beforeEach(() => {
  looked = [];
  sent = [];
  packets = [];
  ended = [];
  released = 0;
  server = new TftpServer(
    {
      look: (number, { file }) => looked.push({ number, file }),
      portsFor: () => PORTS,
      sendPacket: (port, to, packet) => {
        packets.push(packet);
        sent.push(`${port} ${to.key} ${packet.kind}${packet.kind === 'error' ? ` ${packet.code}` : ''}`);
      },
      sendBlocks: (port, to, _, { first, last }) => sent.push(`${port} ${to.key} ${first}-${last}`),
      ended: (report) => ended.push(report),
    },
    LIMITS,
    0,
  );
});

test('a transfer from the request to the end', () => {
  const port = fetch(600);
  expect(PORTS).toContain(port);
  expect(server.busy).toBe(true);
  expect(server.takeAck(port, peer().key, 1, 2)).toBe(true);
  expect(server.takeAck(port, peer().key, 2, 3)).toBe(true);
  expect(sent).toEqual([`${port} 10.0.0.5:2000 1-1`, `${port} 10.0.0.5:2000 2-2`]);
  expect(ended).toMatchObject([
    { how: 'completed', file: 'file', bytes: 600, tookMs: 3, address: '10.0.0.5' },
  ]);
  expect([released, server.busy]).toEqual([1, false]);
});

test('what is sent again is sent by the clock', () => {
  const port = fetch(600);
  server.tick(200);
  expect(sent).toHaveLength(1);
  server.tick(300);
  expect(sent).toEqual([`${port} 10.0.0.5:2000 1-1`, `${port} 10.0.0.5:2000 1-1`]);
});

test('a file that is not there ends at once, with an event', () => {
  server.takeRequest(LISTENER, read('no'), peer(), 0);
  server.found(1, 'there is no such file', 1);
  expect(sent).toEqual(['0 10.0.0.5:2000 error 1']);
  expect(ended).toMatchObject([{ how: 'not found', file: 'no' }]);
  expect(server.busy).toBe(false);
});

test.each([
  ['10.0.0.5', '1468'],
  ['fe80::5', '1448'],
])('blocks for %s fit its frames', (address, blockBytes) => {
  server.takeRequest(LISTENER, read('file', [['blksize', '1468']]), peer(address), 0);
  server.found(1, source(5000), 0);
  expect(packets).toEqual([{ kind: 'oack', options: new Map([['blksize', blockBytes]]) }]);
});

describe('a request again', () => {
  test('while it is being looked up, or before anything was acknowledged, is a repeat', () => {
    server.takeRequest(LISTENER, read('file'), peer(), 0);
    server.takeRequest(LISTENER, read('file'), peer(), 1);
    server.found(1, source(5000), 2);
    server.takeRequest(LISTENER, read('file'), peer(), 3);
    expect(looked).toHaveLength(1);
  });

  test('after that is a machine that started over: it is served from another port', () => {
    const first = fetch(5000);
    server.takeAck(first, peer().key, 1, 1);
    expect(fetch(5000)).not.toBe(first);
  });

  test('from the port of a transfer that just ended is served from another one', () => {
    const first = fetch(100);
    server.takeAck(first, peer().key, 1, 1);
    expect(fetch(100)).not.toBe(first);
  });
});

describe('transfer identifiers', () => {
  test('a stranger at a transfer’s port is told so, and disturbs nothing', () => {
    const port = fetch(5000);
    const stranger = peer('10.0.0.66', 9);
    expect(server.takeAck(port, stranger.key, 1, 1)).toBe(false);
    server.takePacket(port, { kind: 'ack', block: 1 }, stranger, 1);
    server.takePacket(port, { kind: 'error', code: 0, message: '' }, stranger, 1);
    expect(sent.slice(1)).toEqual([`${port} 10.0.0.66:9 error 5`]);
    expect([ended, server.busy]).toEqual([[], true]);
  });

  test('a machine that is done may say so twice', () => {
    const port = fetch(100);
    server.takeAck(port, peer().key, 1, 1);
    expect(server.takeAck(port, peer().key, 1, 2)).toBe(true);
    expect(sent).toHaveLength(1);
  });
});

describe('limits', () => {
  test('of one machine', () => {
    for (const port of [1, 2, 3]) server.takeRequest(LISTENER, read('file'), peer('10.0.0.5', port), 0);
    expect([looked.length, sent]).toEqual([2, []]);
    expect(ended).toEqual([
      {
        how: 'refused',
        reason: 'the machine has 2 transfers under way, the most it may have',
        file: 'file',
        address: '10.0.0.5',
        bytes: 0,
        resends: 0,
        number: 0,
        tookMs: 0,
      },
    ]);
  });

  test('of all, and whoever ends makes room', () => {
    for (const host of [1, 2, 3, 4, 5]) server.takeRequest(LISTENER, read('file'), peer(`10.0.0.${host}`), 0);
    expect(ended).toMatchObject([
      { how: 'refused', reason: '4 transfers are under way, the most there may be', address: '10.0.0.5' },
    ]);
    server.found(1, 'there is no such file', 1);
    server.takeRequest(LISTENER, read('file'), peer('10.0.0.5'), 2);
    expect(looked).toHaveLength(5);
  });
});

test('closing ends all of it, and lets go of the files', () => {
  fetch(5000);
  fetch(5000, peer('10.0.0.6'));
  server.close(9);
  expect(ended).toMatchObject([{ how: 'failed', reason: 'the server stops' }, { how: 'failed' }]);
  expect([released, server.busy]).toEqual([2, false]);
});
