import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('packets from the wire', () => {
  test.each<[string, string, TftpPacket]>([
    [
      'OVMF’s request',
      '\0\x01snponly.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0',
      {
        kind: 'read',
        file: 'snponly.efi',
        mode: 'octet',
        options: new Map([
          ['tsize', '0'],
          ['blksize', '1468'],
          ['windowsize', '4'],
        ]),
      },
    ],
    [
      'names in capitals',
      '\0\x01F\0OCTET\0BLKSIZE\x00512\0',
      { kind: 'read', file: 'F', mode: 'octet', options: new Map([['blksize', '512']]) },
    ],
    ['a write', '\0\x02f\0octet\0', { kind: 'write', file: 'f', mode: 'octet', options: new Map() }],
    ['an acknowledgement', '\0\x04\x01\x02', { kind: 'ack', block: 258 }],
    ['an error without its NUL', '\0\x05\0\x08no', { kind: 'error', code: 8, message: 'no' }],
  ])('%s', (_, text, packet) => {
    expect(decodeTftp(bytes(text))).toEqual({ ok: true, value: packet });
  });

  test.each([
    ['nothing', ''],
    ['one byte', '\0'],
    ['an acknowledgement of nothing', '\0\x04\0'],
    ['a request without NUL', '\0\x01file\0octet'],
    ['a request without mode', '\0\x01file\0'],
    ['an option without value', '\0\x01f\0octet\0tsize\0'],
    ['an unknown operation', '\0\x09'],
  ])('%s is bad', (_, text) => {
    expect(decodeTftp(bytes(text)).ok).toBe(false);
  });
});

const anyText = fc.stringMatching(/^[a-z0-9./-]{1,40}$/);
const anyOptions = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,12}$/), anyText, { maxKeys: 8 })
  .map((all) => new Map(Object.entries(all)));
const anyBlock = fc.integer({ min: 0, max: 0xffff });
const anyPacket: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    kind: fc.constant('read' as const),
    file: anyText,
    mode: fc.constant('octet'),
    options: anyOptions,
  }),
  fc.record({
    kind: fc.constant('data' as const),
    block: anyBlock,
    bytes: fc.uint8Array({ maxLength: 1468 }),
  }),
  fc.record({ kind: fc.constant('ack' as const), block: anyBlock }),
  fc.record({ kind: fc.constant('error' as const), code: anyBlock, message: anyText }),
  fc.record({ kind: fc.constant('oack' as const), options: anyOptions }),
);

test('what we encode, we decode', () => {
  fc.assert(
    fc.property(anyPacket, (packet) => {
      expect(decodeTftp(encodeTftp(packet))).toEqual({ ok: true, value: packet });
    }),
  );
});

test('no bytes from the network make decode throw', () => {
  const anyBytes = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 600 }));
  fc.assert(
    fc.property(anyBytes, ([operation, rest]) => {
      decodeTftp(Uint8Array.of(0, operation, ...rest));
      decodeTftp(rest);
    }),
    { numRuns: 2000 },
  );
});
