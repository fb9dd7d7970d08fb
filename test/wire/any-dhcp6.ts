import fc from 'fast-check';
import type { Dhcp6Message, Dhcp6RelayMessage } from '../../src/wire/dhcp6-message.ts';
import { type Dhcp6Options, hasName6 } from '../../src/wire/dhcp6-options.ts';
import { formatIpv6 } from '../../src/wire/ipv6.ts';

export const anyAddress6 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).map(formatIpv6);
const anyBytes = (max: number) => fc.uint8Array({ maxLength: max });
const anyUint16 = fc.integer({ min: 0, max: 0xffff });
const anyUint32 = fc.integer({ min: 0, max: 0xffffffff });
const anyText = fc.stringMatching(/^[ -~]{1,60}$/);
const anyStatus = fc.record({ code: anyUint16, message: anyText });
const anyLabel = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const anyMac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join(':'));

const anyIa = fc.record({
  iaid: anyUint32,
  t1Seconds: anyUint32,
  t2Seconds: anyUint32,
  addresses: fc.array(
    fc.record({
      address: anyAddress6,
      preferredSeconds: anyUint32,
      validSeconds: anyUint32,
      status: fc.option(anyStatus),
    }),
    { maxLength: 3 },
  ),
  status: fc.option(anyStatus),
});

/** Any options that can be written: every name of the table, and unnamed ones. */
export const anyOptions6: fc.Arbitrary<Dhcp6Options> = fc.record(
  {
    clientid: anyBytes(130),
    serverid: anyBytes(130),
    iaNa: fc.array(anyIa, { minLength: 1, maxLength: 3 }),
    oro: fc.array(anyUint16, { minLength: 1, maxLength: 20 }),
    preference: fc.integer({ min: 0, max: 255 }),
    elapsedTime: anyUint16,
    relayMsg: anyBytes(300),
    statusCode: anyStatus,
    rapidCommit: fc.constant(true as const),
    userClass: fc.array(anyBytes(20), { maxLength: 3 }),
    vendorClass: fc.record({ enterprise: anyUint32, classes: fc.array(anyBytes(40), { maxLength: 3 }) }),
    interfaceId: anyBytes(40),
    dnsServers: fc.array(anyAddress6, { minLength: 1, maxLength: 4 }),
    domainSearch: fc.array(
      fc.array(anyLabel, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      { minLength: 1, maxLength: 5 },
    ),
    bootfileUrl: anyText,
    bootfileParam: fc.array(anyBytes(20), { maxLength: 3 }),
    clientArchType: fc.array(anyUint16, { minLength: 1, maxLength: 4 }),
    nii: anyBytes(3),
    clientLinklayerAddr: fc.record({ type: anyUint16, address: anyMac }),
    other: fc
      .uniqueArray(
        fc.tuple(
          anyUint16.filter((code) => !hasName6(code)),
          anyBytes(80),
        ),
        {
          minLength: 1,
          maxLength: 5,
          selector: ([code]) => code,
        },
      )
      .map((entries) => new Map(entries)),
  },
  { requiredKeys: [] },
);

export const anyMessage6: fc.Arbitrary<Dhcp6Message> = fc.record({
  type: fc.integer({ min: 0, max: 255 }).filter((type) => type !== 12 && type !== 13),
  xid: fc.integer({ min: 0, max: 0xffffff }),
  options: anyOptions6,
});

export const anyRelayMessage: fc.Arbitrary<Dhcp6RelayMessage> = fc.record({
  type: fc.constantFrom(12, 13),
  hopCount: fc.integer({ min: 0, max: 255 }),
  linkAddress: anyAddress6,
  peerAddress: anyAddress6,
  options: anyOptions6,
});
