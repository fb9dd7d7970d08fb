import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDhcp6Client } from '../../src/wire/dhcp6-client.ts';
import { duidOfMac, readDuid } from '../../src/wire/dhcp6-duid.ts';
import { decodeDhcp6, encodeDhcp6, isRelayMessage } from '../../src/wire/dhcp6-message.ts';
import { decodeOptions6 } from '../../src/wire/dhcp6-options.ts';
import { printDhcp6 } from '../../src/wire/dhcp6-print.ts';
import { udpPayloads } from '../pcap.ts';
import { testDataFolder } from '../test-data.ts';
import { anyMessage6, anyRelayMessage } from './any-dhcp6.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

describe('laws', () => {
  test('what we encode, we decode', () => {
    fc.assert(
      fc.property(fc.oneof(anyMessage6, anyRelayMessage), (message) => {
        expect(decodeDhcp6(encodeDhcp6(message))).toEqual({ ok: true, value: message });
      }),
    );
  });

  test('no bytes make decoding, reading or printing throw', () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 1500 }),
      fc
        .tuple(
          fc.oneof(anyMessage6, anyRelayMessage),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        )
        .map(([message, changes]) => {
          const bytes = encodeDhcp6(message);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          return bytes;
        }),
    );
    fc.assert(
      fc.property(packet, (bytes) => {
        const message = decodeDhcp6(bytes);
        if (!message.ok) return;
        printDhcp6(message.value);
        if (!isRelayMessage(message.value))
          readDhcp6Client(message.value, { address: 'fe80::1', relayedMac: null });
      }),
    );
  });
});

describe('bad bytes are a value', () => {
  test.each([
    ['nothing', '', '0 bytes are too few for a DHCPv6 message'],
    ['a relay’s header cut short', '0c00 fe80', '4 bytes are too few for a DHCPv6 message'],
    ['half an option', '01000001 0001', 'an option without code and length'],
    ['an option that is longer than the message', '01000001 0001 0005 00', 'option 1 runs past the end'],
  ])('%s', (_, bytes, reason) => {
    expect(decodeDhcp6(hex(bytes))).toEqual({ ok: false, reason });
  });

  test.each([
    ['an association cut short', '0003 0004 00000001', [3]],
    ['an association with a broken address', '0003 0014 000000010000000000000000 0005 0004 fd770000', [3]],
    ['DNS servers of 15 bytes', `0017 000f ${'00'.repeat(15)}`, [23]],
    ['a vendor class whose text is too long', '0010 0008 00000157 0009 5058', [16]],
    ['an empty boot file URL', '003b 0000', [59]],
  ])('%s stays raw, and does not spoil the message', (_, bytes, codes) => {
    const options = decodeOptions6(hex(`${bytes} 0007 0001 ff`));
    expect(options).toMatchObject({ ok: true, value: { preference: 255 } });
    expect(options.ok && [...(options.value.other ?? []).keys()]).toEqual(codes);
  });

  test('of an option that may come once, the first counts', () => {
    expect(decodeOptions6(hex('0007 0001 01 0007 0001 02'))).toEqual({ ok: true, value: { preference: 1 } });
  });
});

describe('DUIDs', () => {
  test.each([
    ['0001 0001 2067c35a 8851fb6bd76d', { mac: '88:51:fb:6b:d7:6d', uuid: null }],
    ['0003 0001 525400996601', { mac: '52:54:00:99:66:01', uuid: null }],
    ['0003 0020 525400996601', { mac: null, uuid: null }], // InfiniBand
    ['0002 00000009 464745', { mac: null, uuid: null }],
    ['0004 0058ed0204dcba808ea6793ce1cbd406', { mac: null, uuid: '0058ed02-04dc-ba80-8ea6-793ce1cbd406' }],
    [`0004 ${'00'.repeat(16)}`, { mac: null, uuid: null }],
    ['', { mac: null, uuid: null }],
  ])('%s', (bytes, facts) => {
    expect(readDuid(hex(bytes))).toEqual(facts);
  });

  test('a server’s is made of its card’s address', () => {
    expect(readDuid(duidOfMac('52:54:00:99:66:01')).mac).toBe('52:54:00:99:66:01');
  });
});

const folder = testDataFolder('2-packets');
const isDhcp6 = ({ toPort }: { toPort: number }) => toPort === 546 || toPort === 547;

describe.skipIf(folder === null)('captures of others (reads BLACKSTART_TEST_DATA)', () => {
  const payloads = (name: string) =>
    udpPayloads(readFileSync(join(folder ?? '', name)))
      .filter(isDhcp6)
      .map(({ payload }) => payload);

  test.each([
    ['netboot-dhcpv6-boot.pcap', ['solicit', 'advertise', 'request', 'reply']],
    ['dhcpv6-ia-na.pcap', ['solicit', 'advertise', 'request', 'reply']],
    ['dhcpv6-rfc6355-duid-uuid.pcap', ['renew', 'reply']],
    ['dhcpv6-domain-list.pcap', ['reply']],
    ['dhcpv6-mud.pcap', ['relayForw', 'relayForw', 'relayForw', 'relayForw', 'relayForw']],
  ])('%s decodes, and is written again as it was', (name, types) => {
    const messages = payloads(name).map(decodeDhcp6);
    const text = messages.map((message) => (message.ok ? printDhcp6(message.value) : message.reason));
    expect(text.map((each) => each.split(' ')[0])).toEqual(types);
    for (const message of messages) {
      if (!message.ok) continue;
      const again = decodeDhcp6(encodeDhcp6(message.value));
      expect(again).toEqual(message);
    }
  });

  test('addresses and name servers are read', () => {
    const texts = payloads('netboot-dhcpv6-boot.pcap')
      .map(decodeDhcp6)
      .map((message) => (message.ok ? message.value.options : {}));
    expect(
      texts.map(({ dnsServers, iaNa }) => [dnsServers ?? null, iaNa?.[0]?.addresses[0]?.address]),
    ).toEqual([
      [null, undefined],
      [['2001:db8:1:1::201'], '2001:db8:1:1::99'],
      [null, '2001:db8:1:1::99'],
      [['2001:db8:1:1::201'], '2001:db8:1:1::99'],
    ]);
  });

  test('a switch that boots by itself says so with its vendor class, and asks for the URL', () => {
    const text = readFileSync(join(folder ?? '', 'pcapplusplus-dhcpv6-pxeclient-arch9.hex.txt'), 'latin1');
    const frame = hex(text.trim());
    const message = decodeDhcp6(frame.subarray(62));
    if (!message.ok || isRelayMessage(message.value)) throw new Error('no client’s message');
    expect(printDhcp6(message.value)).toContain('PXEClient:Arch:00009:UNDI:003010:PID:NCS-5508');
    expect(message.value.options.oro).toContain(59);
    const sender = { address: 'fe80::82e0:1dff:fe00:fcea', relayedMac: null };
    expect(readDhcp6Client(message.value, sender)).toMatchObject({
      mac: '80:e0:1d:00:fc:ea',
      boot: { kind: 'PXEClient', arch: 9 },
    });
  });

  test('a crafted one is refused, not thrown at', () => {
    for (const { payload } of udpPayloads(readFileSync(join(folder ?? '', 'dhcp6_reconf_asan.pcap')))) {
      const message = decodeDhcp6(payload);
      if (message.ok) printDhcp6(message.value);
    }
  });
});
