import { bad, ok, type Result } from '../result.ts';
import { latin1 } from './dhcp-codec.ts';
import { type DhcpOptions, END_CODE, OPTIONS } from './dhcp-options.ts';
import {
  nameOptions,
  type RawOption,
  rawOptions,
  readRawOptions,
  wireBytes,
  writeOption,
} from './dhcp-options-coding.ts';
import { packOptions } from './dhcp-options-packing.ts';
import { ANY_ADDRESS, ipv4Number, readIpv4 } from './ipv4.ts';
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

/** 99.130.83.99: RFC 2131 §3. */
const COOKIE = 0x63825363;
const CHADDR_AT = 28;
const SNAME_AT = 44;
const FILE_AT = 108;
const COOKIE_AT = 236;
const OPTIONS_AT = 240;
const CHADDR_BYTES = 16;
/** RFC 1542 §2.1: relays and old clients drop a BOOTP message that is shorter. */
const MIN_MESSAGE_BYTES = 300;
/** What every host takes: RFC 2131 §2. */
const MIN_DATAGRAM_BYTES = 576;
const IP_AND_UDP_BYTES = 28;

/** One UDP payload → a message. Options may continue in `file` and `sname`: RFC 2131 §4.1, RFC 3396 §5. */
export function decodeDhcp(datagram: Uint8Array): Result<DhcpMessage> {
  if (datagram.length < OPTIONS_AT) return bad(`${datagram.length} bytes are too few for a DHCP message`);
  const packet = new Uint8Array(datagram); // options lie in this copy: a socket may use its buffer again
  const header = new DataView(packet.buffer);
  if (header.getUint32(COOKIE_AT) !== COOKIE) return bad('no DHCP magic cookie');
  const op = packet[0];
  if (op !== 1 && op !== 2) return bad(`operation ${op} is neither request nor reply`);
  const hlen = packet[2] ?? 0;
  if (hlen > CHADDR_BYTES) return bad(`hardware address of ${hlen} bytes`);
  const file = packet.subarray(FILE_AT, COOKIE_AT);
  const sname = packet.subarray(SNAME_AT, FILE_AT);
  const raw = readRawOptions(packet.subarray(OPTIONS_AT));
  if (!raw.ok) return raw;
  const overload = raw.value.get(OPTIONS.dhcpOptionOverload.code)?.[0] ?? 0;
  const overloaded = [...(overload & 1 ? [file] : []), ...(overload & 2 ? [sname] : [])];
  for (const field of overloaded) {
    const more = readRawOptions(field, raw.value);
    if (!more.ok) return bad(`in the overloaded header: ${more.reason}`);
  }
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

/**
 * A message → one UDP payload of at least 300 bytes, and of at most `maxBytes` (see `payloadLimit`): options that do
 * not fit go into empty header fields, and what then still has no room is left out. The caller keeps `sname` and
 * `file` within 63 and 127.
 */
export function encodeDhcp(message: DhcpMessage, maxBytes = Number.POSITIVE_INFINITY): Uint8Array {
  const raw = rawOptions(message.options);
  let length = OPTIONS_AT + 1;
  for (const [, value] of raw) length += wireBytes(value.length);
  if (length > maxBytes) return encodeTight(message, raw, maxBytes);
  const packet = new Uint8Array(Math.max(MIN_MESSAGE_BYTES, length));
  writeHeader(packet, message);
  let at = OPTIONS_AT;
  for (const [code, value] of raw) at = writeOption(packet, at, code, value);
  packet[at] = END_CODE;
  return packet;
}

/**
 * The longest UDP payload that a reply to `request` may have. Option 57 counts IP's and UDP's headers too, and is 576
 * when absent or less (RFC 2132 §9.10); a reply is never longer than the network's MTU, so that none is fragmented.
 */
export function payloadLimit(request: DhcpMessage, mtuBytes: number): number {
  const asked = Math.max(MIN_DATAGRAM_BYTES, request.options.dhcpMaxMessageSize ?? MIN_DATAGRAM_BYTES);
  return Math.min(asked, Math.max(MIN_DATAGRAM_BYTES, mtuBytes)) - IP_AND_UDP_BYTES;
}

function encodeTight(message: DhcpMessage, raw: readonly RawOption[], maxBytes: number): Uint8Array {
  const { file, sname } = message;
  const isTwice = file !== '' && message.options.bootFileName === file; // option 67 repeats the header
  const packed = packOptions(
    raw.filter(([code]) => !(isTwice && code === OPTIONS.bootFileName.code)),
    {
      optionsBytes: maxBytes - OPTIONS_AT,
      fileBytes: file === '' ? COOKIE_AT - FILE_AT : 0,
      snameBytes: sname === '' ? FILE_AT - SNAME_AT : 0,
    },
  );
  const packet = new Uint8Array(Math.max(MIN_MESSAGE_BYTES, OPTIONS_AT + packed.options.length));
  writeHeader(packet, message);
  if (packed.sname) packet.set(packed.sname, SNAME_AT);
  if (packed.file) packet.set(packed.file, FILE_AT);
  packet.set(packed.options, OPTIONS_AT);
  return packet;
}

function writeHeader(packet: Uint8Array, message: DhcpMessage): void {
  const chaddr = macBytes(message.chaddr);
  packet[0] = message.op;
  packet[1] = message.htype;
  packet[2] = chaddr.length;
  packet[3] = message.hops;
  writeUint32(packet, 4, message.xid);
  packet[8] = message.secs >>> 8;
  packet[9] = message.secs;
  packet[10] = message.flags >>> 8;
  packet[11] = message.flags;
  writeAddress(packet, 12, message.ciaddr);
  writeAddress(packet, 16, message.yiaddr);
  writeAddress(packet, 20, message.siaddr);
  writeAddress(packet, 24, message.giaddr);
  packet.set(chaddr, CHADDR_AT);
  writeText(packet, SNAME_AT, message.sname, FILE_AT - SNAME_AT - 1);
  writeText(packet, FILE_AT, message.file, COOKIE_AT - FILE_AT - 1);
  writeUint32(packet, COOKIE_AT, COOKIE);
}

function writeUint32(packet: Uint8Array, at: number, value: number): void {
  packet[at] = value >>> 24;
  packet[at + 1] = value >>> 16;
  packet[at + 2] = value >>> 8;
  packet[at + 3] = value;
}

function writeAddress(packet: Uint8Array, at: number, address: string): void {
  if (address !== ANY_ADDRESS) writeUint32(packet, at, ipv4Number(address));
}

function writeText(packet: Uint8Array, at: number, text: string, maxBytes: number): void {
  for (let index = 0; index < text.length && index < maxBytes; index++)
    packet[at + index] = text.charCodeAt(index);
}

function untilNul(field: Uint8Array): string {
  const end = field.indexOf(0);
  return latin1(field, end === -1 ? field.length : end);
}
