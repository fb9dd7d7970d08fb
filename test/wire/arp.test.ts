import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeArpProbe, readArpReply } from '../../src/wire/arp.ts';
import { hexOf } from '../../src/wire/mac.ts';
import { decodeUdpFrame, encodeUdpBroadcast } from '../../src/wire/udp-frame.ts';

const MAC = '52:54:00:99:00:01';

test('a probe asks everybody, and says nothing about who asks', () => {
  expect(hexOf(encodeArpProbe(MAC, '10.0.0.7'))).toBe(
    [
      'ffffffffffff',
      '525400990001',
      '0806',
      '0001080006040001',
      '525400990001',
      '00000000',
      '000000000000',
      '0a000007',
    ].join(''),
  );
});

test('an answer tells who has the address; a question does not', () => {
  const reply = encodeArpProbe(MAC, '10.0.0.1');
  reply.set([10, 0, 0, 7], 28);
  expect(readArpReply(reply)).toBeNull();
  reply[21] = 2;
  expect(readArpReply(reply)).toEqual({ mac: MAC, address: '10.0.0.7' });
});

test('a datagram survives its frame', () => {
  const payload = Uint8Array.of(1, 2, 3);
  const frame = encodeUdpBroadcast({ fromMac: MAC, from: '10.0.0.1', fromPort: 68, toPort: 67, payload });
  expect(decodeUdpFrame(frame)).toEqual({
    fromMac: MAC,
    from: '10.0.0.1',
    to: '255.255.255.255',
    fromPort: 68,
    toPort: 67,
    payload,
  });
});

test('no frame makes them throw', () => {
  const head = encodeUdpBroadcast({
    fromMac: MAC,
    from: '10.0.0.1',
    fromPort: 68,
    toPort: 67,
    payload: new Uint8Array(40),
  });
  const mangled = fc
    .array(fc.tuple(fc.nat(head.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => {
      const frame = head.slice();
      for (const [at, byte] of changes) frame[at] = byte;
      return frame;
    });
  fc.assert(
    fc.property(fc.oneof(mangled, fc.uint8Array({ maxLength: 80 })), (frame) => {
      decodeUdpFrame(frame);
      readArpReply(frame);
    }),
    { numRuns: 1000 },
  );
});
