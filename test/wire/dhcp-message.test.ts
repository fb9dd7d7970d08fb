import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { anyMessage } from './any-dhcp.ts';

/** A message's 240 bytes up to its options, with what the test needs in it. */
function packet(options: number[], file: number[] = [], sname: number[] = []): Uint8Array {
  const bytes = new Uint8Array(240 + options.length);
  bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef]);
  bytes.set([0x52, 0x54, 0, 0x99, 0, 1], 28);
  bytes.set(sname, 44);
  bytes.set(file, 108);
  bytes.set([99, 130, 83, 99], 236);
  bytes.set(options, 240);
  return bytes;
}

describe('messages from the wire', () => {
  test('the header', () => {
    const decoded = decodeDhcp(packet([53, 1, 1, 255], [0x61, 0x62, 0, 0x7a]));
    expect(decoded).toMatchObject({
      ok: true,
      value: {
        op: 1,
        xid: 0xdeadbeef,
        chaddr: '52:54:00:99:00:01',
        file: 'ab',
        options: { dhcpMessageType: 1 },
      },
    });
  });

  test('options go on in file, then in sname: RFC 3396 §5', () => {
    const decoded = decodeDhcp(packet([52, 1, 3, 67, 1, 0x61, 255], [67, 1, 0x62, 255], [67, 1, 0x63, 255]));
    expect(decoded).toMatchObject({
      ok: true,
      value: { file: '', sname: '', options: { bootFileName: 'abc' } },
    });
  });

  test.each([
    ['too short', new Uint8Array(239), '239 bytes are too few for a DHCP message'],
    ['no cookie', new Uint8Array(300), 'no DHCP magic cookie'],
    ['a hardware address too long', packet([255]).with(2, 17), 'hardware address of 17 bytes'],
    ['neither request nor reply', packet([255]).with(0, 3), 'operation 3 is neither request nor reply'],
    [
      'an overloaded file cut short',
      packet([52, 1, 1, 255], Array(128).fill(200)),
      'in the overloaded header: option 200 runs past the end',
    ],
  ])('%s is bad', (_, bytes, reason) => {
    expect(decodeDhcp(bytes)).toEqual({ ok: false, reason });
  });
});

test('what we encode, we decode, and it is long enough for any relay', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const bytes = encodeDhcp(message);
      expect(bytes.length).toBeGreaterThanOrEqual(300);
      expect(decodeDhcp(bytes)).toEqual({ ok: true, value: message });
    }),
    { numRuns: 300 },
  );
});

test('no bytes from the network make decode throw', () => {
  const almostDhcp = fc.uint8Array({ minLength: 240, maxLength: 1500 }).map((bytes) => {
    bytes.set([1, 1, 6]);
    bytes.set([99, 130, 83, 99], 236);
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(almostDhcp, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      decodeDhcp(bytes);
    }),
    { numRuns: 2000 },
  );
});
