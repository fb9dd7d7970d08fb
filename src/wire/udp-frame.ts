import { BROADCAST_ADDRESS, ipv4Bytes, readIpv4 } from './ipv4.ts';
import { formatMac, macBytes } from './mac.ts';

export const ETHERTYPE_IPV4 = 0x0800;

const ETHERNET_HEAD_BYTES = 14;
const IP_HEAD_BYTES = 20;
const UDP_HEAD_BYTES = 8;
const UDP = 17;
const FRAGMENT = 0x3fff;

/** A UDP datagram as it lay in an Ethernet frame. */
export interface UdpFrame {
  readonly fromMac: string;
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly payload: Uint8Array;
}

/** The UDP datagram in an Ethernet frame; null for any other, and for fragments. */
export function decodeUdpFrame(frame: Uint8Array): UdpFrame | null {
  const ip = ETHERNET_HEAD_BYTES;
  if (frame.length < ip + IP_HEAD_BYTES + UDP_HEAD_BYTES) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(12) !== ETHERTYPE_IPV4 || frame[ip + 9] !== UDP) return null;
  if ((view.getUint16(ip + 6) & FRAGMENT) !== 0) return null;
  const udp = ip + ((frame[ip] ?? 0) & 15) * 4;
  if (udp + UDP_HEAD_BYTES > frame.length) return null;
  const end = Math.min(frame.length, udp + view.getUint16(udp + 4));
  return {
    fromMac: formatMac(frame.subarray(6, 12)),
    from: readIpv4(frame, ip + 12),
    to: readIpv4(frame, ip + 16),
    fromPort: view.getUint16(udp),
    toPort: view.getUint16(udp + 2),
    payload: frame.subarray(udp + UDP_HEAD_BYTES, Math.max(udp + UDP_HEAD_BYTES, end)),
  };
}

/** A UDP datagram to everybody on the wire, from a host that need not have an address. */
export function encodeUdpBroadcast({
  fromMac,
  from,
  fromPort,
  toPort,
  payload,
}: Omit<UdpFrame, 'to'>): Uint8Array {
  const ip = ETHERNET_HEAD_BYTES;
  const udp = ip + IP_HEAD_BYTES;
  const frame = new Uint8Array(udp + UDP_HEAD_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  frame.fill(0xff, 0, 6);
  frame.set(macBytes(fromMac), 6);
  view.setUint16(12, ETHERTYPE_IPV4);
  frame[ip] = 0x45; // version 4, five words
  view.setUint16(ip + 2, frame.length - ip);
  frame[ip + 8] = 64; // hops
  frame[ip + 9] = UDP;
  frame.set(ipv4Bytes(from), ip + 12);
  frame.set(ipv4Bytes(BROADCAST_ADDRESS), ip + 16);
  view.setUint16(ip + 10, checksum(view, ip, IP_HEAD_BYTES));
  view.setUint16(udp, fromPort);
  view.setUint16(udp + 2, toPort);
  view.setUint16(udp + 4, UDP_HEAD_BYTES + payload.length); // no UDP checksum: RFC 768 lets it be 0
  frame.set(payload, udp + UDP_HEAD_BYTES);
  return frame;
}

/** RFC 1071. */
function checksum(view: DataView, start: number, bytes: number): number {
  let sum = 0;
  for (let at = start; at < start + bytes; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
