import { ipv4Bytes, readIpv4 } from './ipv4.ts';
import { formatMac, macBytes } from './mac.ts';

export const ETHERTYPE_ARP = 0x0806;

const ETHERNET_HEAD_BYTES = 14;
const FRAME_BYTES = 42;
const REPLY = 2;
/** Ethernet and IPv4, six and four bytes: the only ARP there is here. RFC 826. */
const ETHERNET_IPV4 = Uint8Array.of(0, 1, 8, 0, 6, 4);

/**
 * The Ethernet frame that asks whether anybody has `address`. The sender's address is 0.0.0.0, so that no cache
 * learns a false one. RFC 5227 §1.1.
 */
export function encodeArpProbe(senderMac: string, address: string): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES);
  frame.fill(0xff, 0, 6);
  frame.set(macBytes(senderMac), 6);
  frame.set([ETHERTYPE_ARP >> 8, ETHERTYPE_ARP & 255, ...ETHERNET_IPV4, 0, 1], 12);
  frame.set(macBytes(senderMac), 22);
  frame.set(ipv4Bytes(address), 38);
  return frame;
}

/** Who says in this frame that an address is theirs; null when nobody does. */
export function readArpReply(frame: Uint8Array): { mac: string; address: string } | null {
  if (frame.length < FRAME_BYTES) return null;
  if (ETHERNET_IPV4.some((byte, index) => frame[ETHERNET_HEAD_BYTES + index] !== byte)) return null;
  if (frame[20] !== 0 || frame[21] !== REPLY) return null;
  return { mac: formatMac(frame.subarray(22, 28)), address: readIpv4(frame, 28) };
}
