import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPTIONS } from '../../src/wire/dhcp-options.ts';
import { decodeOptions, encodeOptions } from '../../src/wire/dhcp-options-coding.ts';
import { anyOptions } from './any-dhcp.ts';

const field = (...bytes: number[]) => Uint8Array.from(bytes);
const text = (value: string) => [...value].map((character) => character.charCodeAt(0));

describe('options from the wire', () => {
  test.each([
    ['a mask', [1, 4, 255, 255, 255, 0], { subnetMask: '255.255.255.0' }],
    ['two routers', [3, 8, 10, 0, 0, 1, 10, 0, 0, 2], { routers: ['10.0.0.1', '10.0.0.2'] }],
    ['a lease time', [51, 4, 0, 0, 14, 16], { dhcpLeaseTime: 3600 }],
    ['an MTU', [26, 2, 35, 40], { interfaceMtu: 9000 }],
    ['a name with its NUL', [67, 5, ...text('a.b'), 0, 0], { bootFileName: 'a.b' }],
    ['a list of architectures', [93, 4, 0, 7, 0, 9], { clientSystem: [7, 9] }],
    [
      'iPXE settings',
      [175, 6, 176, 1, 1, 19, 1, 1],
      {
        ipxeEncapsulated: new Map([
          [176, field(1)],
          [19, field(1)],
        ]),
      },
    ],
    [
      'routes, RFC 3442’s own example',
      [121, 14, 8, 10, 10, 0, 0, 1, 24, 10, 0, 0, 10, 0, 0, 2],
      {
        classlessStaticRoutes: [
          { prefixLength: 8, destination: '10.0.0.0', router: '10.0.0.1' },
          { prefixLength: 24, destination: '10.0.0.0', router: '10.0.0.2' },
        ],
      },
    ],
    ['pads around an option', [0, 0, 52, 1, 1, 0, 255, 12, 1], { dhcpOptionOverload: 1 }],
    ['an unnamed option', [116, 1, 1], { other: new Map([[116, field(1)]]) }],
    ['a value too short for its kind, kept raw', [51, 2, 1, 2], { other: new Map([[51, field(1, 2)]]) }],
    ['no END', [53, 1, 1], { dhcpMessageType: 1 }],
  ])('%s', (_, bytes, expected) => {
    expect(decodeOptions(Uint8Array.from(bytes))).toEqual({ ok: true, value: expected });
  });

  test('search domains follow a pointer backwards', () => {
    const names = [3, ...text('eng'), 3, ...text('abc'), 0, 6, ...text('market'), 0xc0, 4];
    const decoded = decodeOptions(field(119, names.length, ...names));
    expect(decoded).toEqual({ ok: true, value: { domainSearch: ['eng.abc', 'market.abc'] } });
  });

  test('a pointer that loops is no name', () => {
    const decoded = decodeOptions(field(119, 2, 0xc0, 0));
    expect(decoded).toEqual({ ok: true, value: { other: new Map([[119, field(0xc0, 0)]]) } });
  });

  test.each([
    ['a code without length', [12], 'option 12 has no length'],
    ['a value past the end', [12, 5, 1, 2], 'option 12 runs past the end'],
  ])('%s is bad', (_, bytes, reason) => {
    expect(decodeOptions(Uint8Array.from(bytes))).toEqual({ ok: false, reason });
  });

  test('instances of one option are one value: RFC 3396', () => {
    const decoded = decodeOptions(field(67, 2, ...text('ab'), 12, 1, 120, 67, 1, ...text('c'), 255));
    expect(decoded).toEqual({ ok: true, value: { bootFileName: 'abc', hostName: 'x' } });
  });
});

describe('options to the wire', () => {
  test('message type first, relay information last, END after it', () => {
    const bytes = encodeOptions({
      dhcpAgentOptions: field(1, 1, 9),
      dhcpMessageType: 5,
      vendorClassIdentifier: 'PXEClient',
      clientSystem: [7],
      subnetMask: '255.0.0.0',
    });
    expect([...bytes]).toEqual([
      ...[53, 1, 5],
      ...[1, 4, 255, 0, 0, 0],
      ...[60, 9, ...text('PXEClient')],
      ...[93, 2, 0, 7],
      ...[82, 3, 1, 1, 9],
      255,
    ]);
  });

  test('a long value is split into pieces of 255 bytes', () => {
    const bytes = encodeOptions({ bootFileName: 'x'.repeat(300) });
    expect([bytes[0], bytes[1], bytes[257], bytes[258], bytes.length]).toEqual([67, 255, 67, 45, 305]);
  });

  test('no two options share a code', () => {
    const codes = Object.values(OPTIONS).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});

test('what we encode, we decode', () => {
  fc.assert(
    fc.property(anyOptions, (options) => {
      expect(decodeOptions(encodeOptions(options))).toEqual({ ok: true, value: options });
    }),
    { numRuns: 500 },
  );
});

test('no bytes from the network make decode throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
      decodeOptions(bytes);
    }),
    { numRuns: 2000 },
  );
});
