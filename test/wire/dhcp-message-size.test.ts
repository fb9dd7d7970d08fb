import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DhcpMessage, decodeDhcp, encodeDhcp, payloadLimit } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import { aMessage } from '../core/dhcp-samples.ts';
import { anyMessage } from './any-dhcp.ts';

const PLAIN_LIMIT = 548;
const read = (bytes: Uint8Array): DhcpMessage => {
  const message = decodeDhcp(bytes);
  if (!message.ok) throw new Error(message.reason);
  return message.value;
};
const reply = (options: DhcpOptions, header: Partial<DhcpMessage> = {}): DhcpMessage => ({
  ...aMessage('ack', options),
  op: 2,
  ...header,
});
const addresses = (count: number) => Array.from({ length: count }, (_, index) => `10.0.${index}.1`);

describe('a reply’s greatest length', () => {
  test.each([
    ['no option 57: what every host takes', undefined, 1500, 548],
    ['less than every host takes', 300, 1500, 548],
    ['what iPXE asks', 1472, 1500, 1444],
    ['more than the wire carries', 65280, 1500, 1472],
    ['jumbo frames', 9000, 9000, 8972],
  ])('%s', (_, asked, mtu, limit) => {
    const request = aMessage('discover', asked === undefined ? {} : { dhcpMaxMessageSize: asked });
    expect(payloadLimit(request, mtu)).toBe(limit);
  });
});

describe('options that do not fit one after another', () => {
  const many: DhcpOptions = {
    subnetMask: '255.255.0.0',
    ntpServers: addresses(30),
    domainNameServers: addresses(30),
    domainName: 'x'.repeat(90),
    dhcpAgentOptions: Uint8Array.of(1, 3, 98, 114, 48),
  };

  test('go on in the empty header fields, with option 82 last before END', () => {
    const bytes = encodeDhcp(reply(many), PLAIN_LIMIT);
    expect(bytes.length).toBeLessThanOrEqual(PLAIN_LIMIT);
    expect([...bytes.subarray(-8)]).toEqual([82, 5, 1, 3, 98, 114, 48, 255]);
    const { dhcpOptionOverload, ...options } = read(bytes).options;
    expect(dhcpOptionOverload).toBe(1);
    expect(options).toEqual({ ...many, dhcpMessageType: 5 });
  });

  test('leave a boot file in the header where it is, and its copy in option 67 out', () => {
    const file = 'snponly.efi';
    const decoded = read(encodeDhcp(reply({ ...many, bootFileName: file }, { file }), PLAIN_LIMIT));
    expect(decoded).toMatchObject({ file, options: { subnetMask: '255.255.0.0' } });
    expect(decoded.options.bootFileName).toBeUndefined();
  });

  test('a URL that the boot needs goes before what is only nice to have', () => {
    const bootFileName = `http://10.0.0.1/${'y'.repeat(200)}`;
    const decoded = read(encodeDhcp(reply({ ...many, bootFileName }), PLAIN_LIMIT));
    expect(decoded.options.bootFileName).toBe(bootFileName);
  });

  test('one that fits in no field goes in pieces over several: RFC 3396', () => {
    const raw = Uint8Array.from({ length: 450 }, (_, index) => index);
    const decoded = read(encodeDhcp(reply({ other: new Map([[224, raw]]) }), PLAIN_LIMIT));
    expect(decoded.options).toMatchObject({ dhcpOptionOverload: 3, other: new Map([[224, raw]]) });
  });
});

test('no message is longer than allowed, and what it carries is what it was given', () => {
  fc.assert(
    fc.property(anyMessage, fc.integer({ min: PLAIN_LIMIT, max: 1472 }), (message, limit) => {
      const given = { ...message.options, dhcpAgentOptions: Uint8Array.of(1, 1, 7) };
      const bytes = encodeDhcp({ ...message, options: given }, limit);
      expect(bytes.length).toBeLessThanOrEqual(limit);
      const { options, ...header } = read(bytes);
      const { options: _, ...givenHeader } = message;
      expect(header).toEqual(givenHeader);
      for (const [name, value] of Object.entries(options))
        if (name === 'other')
          expect([...(given.other ?? [])]).toEqual(
            expect.arrayContaining([...(value as Map<number, Uint8Array>)]),
          );
        else if (name !== 'dhcpOptionOverload') expect(value).toEqual(given[name as keyof DhcpOptions]);
    }),
    { numRuns: 500 },
  );
});
