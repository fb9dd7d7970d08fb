import { ascii, bytes, type Codec, ipv4, listOf, subOptions, uint8, uint16, uint32 } from './dhcp-codec.ts';
import { domainNames } from './dhcp-option-domain-search.ts';
import { staticRoutes } from './dhcp-option-routes.ts';

interface Option<T> extends Codec<T> {
  readonly code: number;
}

const option = <T>(code: number, codec: Codec<T>): Option<T> => ({ code, ...codec });

const addresses = listOf(ipv4, 4);

/** The DHCPv4 options we read or write: Kea's names, IANA's codes. RFC 2132 unless noted. */
export const OPTIONS = {
  subnetMask: option(1, ipv4),
  routers: option(3, addresses),
  domainNameServers: option(6, addresses),
  hostName: option(12, ascii),
  domainName: option(15, ascii),
  interfaceMtu: option(26, uint16), // bytes
  broadcastAddress: option(28, ipv4),
  ntpServers: option(42, addresses),
  vendorEncapsulatedOptions: option(43, bytes), // PXE discovery control and the like; some send it malformed
  dhcpRequestedAddress: option(50, ipv4),
  dhcpLeaseTime: option(51, uint32), // seconds
  dhcpOptionOverload: option(52, uint8), // 1 file, 2 sname, 3 both
  dhcpMessageType: option(53, uint8),
  dhcpServerIdentifier: option(54, ipv4),
  dhcpParameterRequestList: option(55, listOf(uint8, 1)),
  dhcpMessage: option(56, ascii), // why a NAK or DECLINE was sent
  dhcpMaxMessageSize: option(57, uint16), // bytes, with IP and UDP headers
  dhcpRenewalTime: option(58, uint32), // seconds
  dhcpRebindingTime: option(59, uint32), // seconds
  vendorClassIdentifier: option(60, ascii), // "PXEClient:…" or "HTTPClient:…"
  dhcpClientIdentifier: option(61, bytes), // RFC 6842: echoed
  tftpServerName: option(66, ascii),
  bootFileName: option(67, ascii),
  userClass: option(77, bytes), // RFC 3004, but iPXE sends bare "iPXE"
  dhcpAgentOptions: option(82, bytes), // RFC 3046: echo unchanged, last
  clientSystem: option(93, listOf(uint16, 2)), // RFC 4578 §2.1
  clientNdi: option(94, bytes), // RFC 4578 §2.2: type, major, minor of UNDI
  uuidGuid: option(97, bytes), // RFC 4578 §2.3: type 0, then 16 bytes
  domainSearch: option(119, domainNames), // RFC 3397
  classlessStaticRoutes: option(121, staticRoutes), // RFC 3442
  tftpServerAddress: option(150, addresses), // RFC 5859
  ipxeEncapsulated: option(175, subOptions), // Etherboot's, never registered; iPXE's features and settings
} as const;

export type OptionName = keyof typeof OPTIONS;

/** Every option found, by name; `other` holds those without a name here, and values too malformed to read. */
export type DhcpOptions = {
  readonly [K in OptionName]?: NonNullable<ReturnType<(typeof OPTIONS)[K]['decode']>>;
} & { readonly other?: ReadonlyMap<number, Uint8Array> };

/** The option's name by its code. */
export const OPTION_NAMES: ReadonlyMap<number, OptionName> = new Map(
  Object.entries(OPTIONS).map(([name, { code }]) => [code, name as OptionName]),
);

export const PAD_CODE = 0;
export const END_CODE = 255;
