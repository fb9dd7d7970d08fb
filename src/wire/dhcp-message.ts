import { bad, ok, type Result } from '../result.ts';
import { ascii, concatBytes, latin1 } from './dhcp-codec.ts';
import { type DhcpOptions, OPTIONS } from './dhcp-options.ts';
import { encodeOptions, nameOptions, readRawOptions } from './dhcp-options-coding.ts';
import { ipv4Bytes, readIpv4 } from './ipv4.ts';
import { formatMac, macBytes } from './mac.ts';

/** RFC 2132 §9.6. */
export const MESSAGE_TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export const ETHERNET = 1;

/** A DHCPv4 message, header fields as in RFC 2131 §2. `chaddr` is in colon form, `hlen` bytes long. */
export interface DhcpMessage {
  readonly op: 1 | 2; // BOOTREQUEST, BOOTREPLY
  readonly htype: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  readonly chaddr: string;
  readonly sname: string;
  readonly file: string;
  readonly options: DhcpOptions;
}

const COOKIE = Uint8Array.of(99, 130, 83, 99);
const CHADDR_AT = 28;
const SNAME_AT = 44;
const FILE_AT = 108;
const COOKIE_AT = 236;
const OPTIONS_AT = 240;
const CHADDR_BYTES = 16;
/** RFC 1542 §2.1: relays and old clients drop a BOOTP message that is shorter. */
const MIN_MESSAGE_BYTES = 300;

/** One UDP payload → a message. Options may continue in `file` and `sname`: RFC 2131 §4.1, RFC 3396 §5. */
export function decodeDhcp(packet: Uint8Array): Result<DhcpMessage> {
  if (packet.length < OPTIONS_AT) return bad(`${packet.length} bytes are too few for a DHCP message`);
  if (COOKIE.some((byte, index) => packet[COOKIE_AT + index] !== byte)) return bad('no DHCP magic cookie');
  const op = packet[0];
  if (op !== 1 && op !== 2) return bad(`operation ${op} is neither request nor reply`);
  const hlen = packet[2] ?? 0;
  if (hlen > CHADDR_BYTES) return bad(`hardware address of ${hlen} bytes`);
  const file = packet.subarray(FILE_AT, COOKIE_AT);
  const sname = packet.subarray(SNAME_AT, FILE_AT);
  const raw = readRawOptions(packet.subarray(OPTIONS_AT));
  if (!raw.ok) return raw;
  const overload = raw.value.get(OPTIONS.dhcpOptionOverload.code)?.[0] ?? 0;
  for (const [bit, field] of [
    [1, file],
    [2, sname],
  ] as const) {
    if (!(overload & bit)) continue;
    const more = readRawOptions(field, raw.value);
    if (!more.ok) return bad(`in the overloaded header: ${more.reason}`);
  }
  const header = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  return ok({
    op,
    htype: packet[1] ?? 0,
    hops: packet[3] ?? 0,
    xid: header.getUint32(4),
    secs: header.getUint16(8),
    flags: header.getUint16(10),
    ciaddr: readIpv4(packet, 12),
    yiaddr: readIpv4(packet, 16),
    siaddr: readIpv4(packet, 20),
    giaddr: readIpv4(packet, 24),
    chaddr: formatMac(packet.subarray(CHADDR_AT, CHADDR_AT + hlen)),
    sname: overload & 2 ? '' : untilNul(sname),
    file: overload & 1 ? '' : untilNul(file),
    options: nameOptions(raw.value),
  });
}

/** A message → one UDP payload of at least 300 bytes. The caller keeps `sname` and `file` within 63 and 127. */
export function encodeDhcp(message: DhcpMessage): Uint8Array {
  const chaddr = macBytes(message.chaddr);
  const head = new Uint8Array(OPTIONS_AT);
  const header = new DataView(head.buffer);
  head.set([message.op, message.htype, chaddr.length, message.hops]);
  header.setUint32(4, message.xid);
  header.setUint16(8, message.secs);
  header.setUint16(10, message.flags);
  head.set(ipv4Bytes(message.ciaddr), 12);
  head.set(ipv4Bytes(message.yiaddr), 16);
  head.set(ipv4Bytes(message.siaddr), 20);
  head.set(ipv4Bytes(message.giaddr), 24);
  head.set(chaddr, CHADDR_AT);
  head.set(ascii.encode(message.sname).subarray(0, FILE_AT - SNAME_AT - 1), SNAME_AT);
  head.set(ascii.encode(message.file).subarray(0, COOKIE_AT - FILE_AT - 1), FILE_AT);
  head.set(COOKIE, COOKIE_AT);
  const options = encodeOptions(message.options);
  const padding = Math.max(0, MIN_MESSAGE_BYTES - OPTIONS_AT - options.length);
  return concatBytes([head, options, new Uint8Array(padding)]);
}

function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return latin1(end === -1 ? field : field.subarray(0, end));
}
