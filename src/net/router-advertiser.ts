import { isRouterSolicitation, ROUTER_SOLICITATION } from '../wire/router-advertisement.ts';
import { noInterface, notAllowed } from './errors.ts';
import {
  AF_INET6,
  bindToDevice,
  close,
  if_nametoindex,
  recv,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  sendto,
  setsockopt,
  socket,
} from './libc.ts';

const IPPROTO_ICMPV6 = 58;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_ADD_MEMBERSHIP = 20;
const ICMP6_FILTER = 1;
const SOCKADDR_IN6_BYTES = 28;
const ALL_NODES = 'ff020000000000000000000000000001';
const ALL_ROUTERS = 'ff020000000000000000000000000002';
/** Node cannot watch a raw socket, so it is looked at this often: far below any client's patience. */
const POLL_MS = 50;
/** How often all are told unasked, so that nobody forgets the prefix. RFC 4861 §6.2.1: 600 s at most. */
export const ADVERTISE_SECONDS = 200;

/**
 * Answers each router solicitation on one interface with this advertisement, and sends it at once and now and then.
 * Spares iPXE its IPv6 wait; see wire/router-advertisement. Throws E_NO_INTERFACE or E_NOT_ALLOWED.
 */
export function advertise(device: string, packet: Uint8Array): { close(): void } {
  const index = if_nametoindex(device);
  if (index === 0) throw noInterface(device);
  const fd = openRawSocket(device, index);
  const destination = socketAddress(ALL_NODES, index);
  const scratch = Buffer.alloc(1500);
  // A failed send (the link-local address is still tentative) is made good at the next solicitation.
  const send = () => sendto(fd, packet, packet.length, 0, destination, destination.length);
  const timer = setInterval(() => {
    if (wasSolicited(fd, scratch)) send();
  }, POLL_MS).unref();
  const reminder = setInterval(send, ADVERTISE_SECONDS * 1000).unref();
  send();
  return {
    close() {
      clearInterval(timer);
      clearInterval(reminder);
      close(fd);
    },
  };
}

/** Empties the socket's queue; whether a solicitation was in it. One answer does for all that came together. */
function wasSolicited(fd: number, scratch: Buffer): boolean {
  let asked = false;
  let length = recv(fd, scratch, scratch.length, 0);
  while (length > 0) {
    asked ||= isRouterSolicitation(scratch.subarray(0, length));
    length = recv(fd, scratch, scratch.length, 0);
  }
  return asked;
}

function openRawSocket(device: string, index: number): number {
  const fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
  if (fd < 0) throw notAllowed('open a raw ICMPv6 socket');
  const set = (level: number, name: number, value: Buffer) =>
    setsockopt(fd, level, name, value, value.length);
  bindToDevice(fd, device);
  set(IPPROTO_ICMPV6, ICMP6_FILTER, passOnly(ROUTER_SOLICITATION));
  // RFC 4861 §6.1.2: an advertisement with any other hop limit is dropped.
  set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, int32(255));
  set(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, int32(255));
  set(IPPROTO_IPV6, IPV6_MULTICAST_IF, int32(index));
  set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, Buffer.concat([Buffer.from(ALL_ROUTERS, 'hex'), int32(index)]));
  return fd;
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

/** struct icmp6_filter: 256 bits, of which a set one blocks its type. RFC 3542 §3.2. */
function passOnly(type: number): Buffer {
  const filter = Buffer.alloc(32, 0xff);
  const word = (type >> 5) * 4;
  filter.writeUInt32LE((filter.readUInt32LE(word) & ~(1 << (type & 31))) >>> 0, word);
  return filter;
}

/** struct sockaddr_in6 with a scope. */
function socketAddress(addressHex: string, scope: number): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_IN6_BYTES);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.write(addressHex, 8, 'hex');
  bytes.writeUInt32LE(scope, 24);
  return bytes;
}
