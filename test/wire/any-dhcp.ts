import fc from 'fast-check';
import type { DhcpMessage } from '../../src/wire/dhcp-message.ts';
import { type DhcpOptions, OPTION_NAMES } from '../../src/wire/dhcp-options.ts';

export const anyAddress = fc.ipV4();
const anyBytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
const anyText = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
});
const anyUint8 = fc.integer({ min: 0, max: 255 });
const anyUint16 = fc.integer({ min: 0, max: 0xffff });
const anyUint32 = fc.integer({ min: 0, max: 0xffffffff });
const anyAddresses = fc.array(anyAddress, { minLength: 1, maxLength: 80 });
const anyLabel = fc.stringMatching(/^[a-z0-9-]{1,20}$/);

const anyRoute = fc
  .tuple(fc.integer({ min: 0, max: 32 }), fc.array(anyUint8, { minLength: 4, maxLength: 4 }), anyAddress)
  .map(([prefixLength, octets, router]) => ({
    prefixLength,
    // only the significant octets travel
    destination: octets.map((octet, index) => (index < Math.ceil(prefixLength / 8) ? octet : 0)).join('.'),
    router,
  }));

const unnamedCode = fc.integer({ min: 1, max: 254 }).filter((code) => !OPTION_NAMES.has(code));

/** Any options that can be written: every name of the table, and unnamed ones. */
export const anyOptions: fc.Arbitrary<DhcpOptions> = fc.record(
  {
    subnetMask: anyAddress,
    routers: anyAddresses,
    domainNameServers: anyAddresses,
    hostName: anyText,
    domainName: anyText,
    interfaceMtu: anyUint16,
    broadcastAddress: anyAddress,
    ntpServers: anyAddresses,
    vendorEncapsulatedOptions: anyBytes(0, 600),
    dhcpRequestedAddress: anyAddress,
    dhcpLeaseTime: anyUint32,
    dhcpMessageType: anyUint8,
    dhcpServerIdentifier: anyAddress,
    dhcpParameterRequestList: fc.array(anyUint8, { minLength: 1, maxLength: 300 }),
    dhcpMessage: anyText,
    dhcpMaxMessageSize: anyUint16,
    dhcpRenewalTime: anyUint32,
    dhcpRebindingTime: anyUint32,
    vendorClassIdentifier: anyText,
    dhcpClientIdentifier: anyBytes(0, 300),
    tftpServerName: anyText,
    bootFileName: anyText,
    userClass: anyBytes(0, 300),
    dhcpAgentOptions: anyBytes(0, 300),
    clientSystem: fc.array(anyUint16, { minLength: 1, maxLength: 8 }),
    clientNdi: anyBytes(0, 8),
    uuidGuid: anyBytes(0, 20),
    domainSearch: fc.array(
      fc.array(anyLabel, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      { minLength: 1, maxLength: 5 },
    ),
    classlessStaticRoutes: fc.array(anyRoute, { minLength: 1, maxLength: 20 }),
    tftpServerAddress: anyAddresses,
    ipxeEncapsulated: fc
      .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 254 }), anyBytes(0, 40)), {
        maxLength: 8,
        selector: ([code]) => code,
      })
      .map((entries) => new Map(entries)),
    other: fc
      .uniqueArray(fc.tuple(unnamedCode, anyBytes(0, 300)), {
        minLength: 1,
        maxLength: 5,
        selector: ([code]) => code,
      })
      .map((entries) => new Map(entries)),
  },
  { requiredKeys: [] },
);

const anyMac = anyBytes(6, 6).map((raw) =>
  [...raw].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
);
const headerText = (max: number) =>
  fc.string({
    unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    maxLength: max,
  });

export const anyMessage: fc.Arbitrary<DhcpMessage> = fc.record({
  op: fc.constantFrom(1 as const, 2 as const),
  htype: anyUint8,
  hops: anyUint8,
  xid: anyUint32,
  secs: anyUint16,
  flags: anyUint16,
  ciaddr: anyAddress,
  yiaddr: anyAddress,
  siaddr: anyAddress,
  giaddr: anyAddress,
  chaddr: anyMac,
  sname: headerText(63),
  file: headerText(127),
  options: anyOptions,
});
