import { ipv4Bytes } from '../wire/ipv4.ts';
import { ipv6Bytes } from '../wire/ipv6.ts';
import { noAddress, notAllowed, portTaken } from './errors.ts';
import {
  AF_INET,
  AF_INET6,
  bind,
  bindToDevice,
  close,
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EPERM,
  errno,
  getsockname,
  IPPROTO_IPV6,
  IPV6_RECVPKTINFO,
  IPV6_V6ONLY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SOL_UDP,
  setsockopt,
  socket,
  UDP_SEGMENT,
} from './libc.ts';

export interface UdpDescriptorOptions {
  /** The interface to be tied to: Node cannot set SO_BINDTODEVICE. */
  readonly device: string;
  /** IPv4 or IPv6; `::` is all that the interface has of IPv6. */
  readonly address: string;
  readonly port: number;
  /** The port is this process's already, by a socket for all addresses: this one takes what comes for its own. */
  readonly besideOwn?: boolean;
}

/**
 * Makes and binds a UDP socket, and gives its descriptor, which the caller closes. One of IPv6 hears no IPv4, and is
 * told which of its addresses was meant. Throws E_PORT_TAKEN, E_NO_INTERFACE, E_NO_ADDRESS or E_NOT_ALLOWED.
 */
export function openUdpDescriptor({ device, address, port, besideOwn }: UdpDescriptorOptions): number {
  const family = isIpv6(address) ? AF_INET6 : AF_INET;
  const fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw bindFailed(nameOf(errno()), address, port);
  try {
    bindToDevice(fd, device);
    if (family === AF_INET6) {
      setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
      setSocketOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    }
    // libuv sets the same on the descriptor that it adopted first: the kernel allows both, and nobody else's.
    if (besideOwn) setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    const bytes = socketAddress(address, port);
    if (bind(fd, bytes, bytes.length) === 0) return fd;
    throw bindFailed(nameOf(errno()), address, port);
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** The port that a socket is bound to. */
export function portOf(fd: number): number {
  const name = Buffer.alloc(28);
  const length = Buffer.alloc(4);
  length.writeInt32LE(name.length);
  return getsockname(fd, name, length) === 0 ? name.readUInt16BE(2) : 0;
}

/** Sets an option of type int; whether the kernel took it. */
export function setSocketOption(fd: number, level: number, name: number, value: number): boolean {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return setsockopt(fd, level, name, bytes, bytes.length) === 0;
}

const ERROR_CODES = new Map([
  [EADDRINUSE, 'EADDRINUSE'],
  [EACCES, 'EACCES'],
  [EPERM, 'EPERM'],
  [EADDRNOTAVAIL, 'EADDRNOTAVAIL'],
]);
const nameOf = (number: number): string => ERROR_CODES.get(number) ?? `errno ${number}`;

export const isIpv6 = (address: string): boolean => address.includes(':');

/** struct sockaddr_in or sockaddr_in6: family in host order, port and address in network order. */
function socketAddress(address: string, port: number): Uint8Array {
  const is6 = isIpv6(address);
  const bytes = Buffer.alloc(is6 ? 28 : 16);
  bytes.writeUInt16LE(is6 ? AF_INET6 : AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  if (is6) bytes.set(ipv6Bytes(address), 8);
  else bytes.set(ipv4Bytes(address), 4);
  return bytes;
}

export function bindFailed(code: string, address: string, port: number, cause?: unknown): Error {
  switch (code) {
    case 'EADDRINUSE':
      return portTaken('UDP', port, cause);
    case 'EADDRNOTAVAIL':
      return noAddress(address, cause);
    case 'EACCES':
    case 'EPERM':
      return notAllowed(`bind UDP port ${port}`, cause);
    default:
      return new Error(`cannot bind UDP ${address}:${port}: ${code}`, { cause });
  }
}

/** Whether the kernel cuts a run of datagrams itself (UDP_SEGMENT, since Linux 4.18). */
export const takesSegments = (fd: number): boolean => setSocketOption(fd, SOL_UDP, UDP_SEGMENT, 0);

/** Makes room for bursts both ways. Without CAP_NET_ADMIN the kernel caps it at net.core.rmem_max and wmem_max. */
export function enlargeBuffers(fd: number, bytes: number): void {
  for (const [force, capped] of [
    [SO_RCVBUFFORCE, SO_RCVBUF],
    [SO_SNDBUFFORCE, SO_SNDBUF],
  ] as const)
    if (!setSocketOption(fd, SOL_SOCKET, force, bytes)) setSocketOption(fd, SOL_SOCKET, capped, bytes);
}
