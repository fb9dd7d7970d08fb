import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { close } from '../../src/net/libc.ts';
import { Arena, Poller, UdpPeerName, UdpReceiver, UdpSender } from '../../src/net/udp-batch.ts';
import { openUdpDescriptor, portOf } from '../../src/net/udp-descriptor.ts';

const PATIENCE_MS = 5_000;
let from: number;
let to: number;

/** struct sockaddr_in of the loopback. */
function loopback(port: number): UdpPeerName {
  const name = Buffer.alloc(16);
  name.writeUInt16LE(2, 0);
  name.writeUInt16BE(port, 2);
  name.set([127, 0, 0, 1], 4);
  return new UdpPeerName(name, null);
}

beforeEach(() => {
  from = openUdpDescriptor({ device: 'lo', address: '127.0.0.1', port: 0 });
  to = openUdpDescriptor({ device: 'lo', address: '127.0.0.1', port: 0 });
});
afterEach(() => {
  close(from);
  close(to);
});

/** All that arrives until so many datagrams did. */
function receive(count: number, datagramBytes = 2048): string[] {
  const received = new UdpReceiver(datagramBytes);
  const poller = new Poller([to]);
  const all: string[] = [];
  while (all.length < count) {
    poller.wait(PATIENCE_MS);
    if (!poller.isReady(0)) break;
    const came = received.receive(to);
    for (let index = 0; index < came; index++) {
      const at = received.offsetOf(index);
      all.push(Buffer.from(received.bytes.subarray(at, at + received.lengthOf(index))).toString());
    }
  }
  return all;
}

/** Sends `runs` of equal datagrams, of which each is made of two pieces. */
function send(sender: UdpSender, runs: readonly (readonly string[])[]): void {
  const name = loopback(portOf(to));
  for (const run of runs) {
    const size = run.length > 1 ? (run[0] ?? '').length : 0;
    sender.begin(from, name, size, 2 * run.length);
    for (const text of run) {
      const arena = new Arena(text.length);
      arena.bytes.set(Buffer.from(text));
      sender.add(arena.address, 1);
      sender.add(arena.address + 1, text.length - 1);
      keep.push(arena);
    }
    sender.end(null);
  }
  sender.flush();
}
const keep: Arena[] = [];

describe('sent by the batch', () => {
  test('single datagrams, more than a batch of them', () => {
    const texts = Array.from({ length: 100 }, (_, index) => `datagram ${index}`);
    send(
      new UdpSender(false, () => {}),
      texts.map((text) => [text]),
    );
    expect(receive(100)).toEqual(texts);
  });

  test('a run that the kernel cuts: the last may be shorter', () => {
    const refusals: number[] = [];
    const run = ['first of five', 'secondof five', 'third of five', 'fourthof five', 'last'];
    send(new UdpSender(true, (errno) => refusals.push(errno)), [run, ['alone']]);
    expect(receive(6)).toEqual([...run, 'alone']);
    expect(refusals).toEqual([]);
  });

  test('what the kernel refuses to cut is told once, and plain sends follow', () => {
    const refusals: number[] = [];
    const sender = new UdpSender(true, (errno) => refusals.push(errno));
    const run = Array.from({ length: 2 }, () => 'x'.repeat(40_000)); // more than one message can hold
    send(sender, [run, ['after it']]);
    expect([receive(1), sender.segments, refusals.length]).toEqual([['after it'], false, 1]);
  });
});

test('a datagram that is too long is told to be empty', () => {
  send(new UdpSender(false, () => {}), [['x'.repeat(1000)], ['short']]);
  expect(receive(2, 100)).toEqual(['', 'short']);
});

test('a poller sleeps no longer than it is told, and sees what is there', () => {
  const poller = new Poller([to, -1]);
  poller.wait(1);
  expect([poller.isReady(0), poller.isReady(1)]).toEqual([false, false]);
});
