import { bad, ok, type Result } from '../result.ts';
import { concatBytes } from './dhcp-codec.ts';
import { type Dhcp6Options, decodeOptions6, encodeOptions6 } from './dhcp6-options.ts';
import { ipv6Bytes, readIpv6 } from './ipv6.ts';

/** RFC 8415 §7.3. */
export const MESSAGE_TYPE6 = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  informationRequest: 11,
  relayForw: 12,
  relayRepl: 13,
} as const;

/** RFC 8415 §21.13. */
export const STATUS6 = {
  success: 0,
  unspecFail: 1,
  noAddrsAvail: 2,
  noBinding: 3,
  notOnLink: 4,
} as const;

/** Between a client and a server. RFC 8415 §8. */
export interface Dhcp6Message {
  readonly type: number;
  /** 24 bits: the client's, echoed. */
  readonly xid: number;
  readonly options: Dhcp6Options;
}

/** Between relays and servers: another message travels in its option `relayMsg`. RFC 8415 §9. */
export interface Dhcp6RelayMessage {
  readonly type: number;
  readonly hopCount: number;
  readonly linkAddress: string;
  readonly peerAddress: string;
  readonly options: Dhcp6Options;
}

const HEAD_BYTES = 4;
const RELAY_HEAD_BYTES = 34;

const isRelayType = (type: number | undefined): boolean =>
  type === MESSAGE_TYPE6.relayForw || type === MESSAGE_TYPE6.relayRepl;

export const isRelayMessage = (message: Dhcp6Message | Dhcp6RelayMessage): message is Dhcp6RelayMessage =>
  isRelayType(message.type);

/** One UDP payload → a message of either form. */
export function decodeDhcp6(packet: Uint8Array): Result<Dhcp6Message | Dhcp6RelayMessage> {
  const [type = 0, second = 0, third = 0, fourth = 0] = packet;
  const headBytes = isRelayType(type) ? RELAY_HEAD_BYTES : HEAD_BYTES;
  if (packet.length < headBytes) return bad(`${packet.length} bytes are too few for a DHCPv6 message`);
  const options = decodeOptions6(packet.subarray(headBytes));
  if (!options.ok) return options;
  if (!isRelayType(type))
    return ok({ type, xid: (second << 16) | (third << 8) | fourth, options: options.value });
  return ok({
    type,
    hopCount: second,
    linkAddress: readIpv6(packet, 2),
    peerAddress: readIpv6(packet, 18),
    options: options.value,
  });
}

/** A message → one UDP payload. */
export function encodeDhcp6(message: Dhcp6Message | Dhcp6RelayMessage): Uint8Array {
  const options = encodeOptions6(message.options);
  if (!isRelayMessage(message)) {
    const { type, xid } = message;
    return concatBytes([Uint8Array.of(type, xid >>> 16, (xid >>> 8) & 255, xid & 255), options]);
  }
  const { type, hopCount, linkAddress, peerAddress } = message;
  return concatBytes([
    Uint8Array.of(type, hopCount),
    ipv6Bytes(linkAddress),
    ipv6Bytes(peerAddress),
    options,
  ]);
}
