import { createSocket, type Socket } from 'node:dgram';
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
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  setsockopt,
  socket,
} from './libc.ts';

export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: { readonly address: string; readonly port: number };
}

export interface UdpOptions {
  /** The interface to be tied to; without one the socket is an ordinary one. */
  readonly device?: string;
  /** IPv4 or IPv6, and the socket is of that family alone. A link-local peer's address carries its `%interface`. */
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly broadcast?: boolean;
  /** IPv6 multicast groups to be heard as well; wants `device`. */
  readonly groups?: readonly string[];
  readonly onDatagram: (datagram: Datagram) => void;
  /** What came up later: an unreachable peer, a receive error. The socket lives on. */
  readonly onError: (error: Error) => void;
}

export interface UdpSocket {
  readonly port: number;
  /** Sends, or drops it: the network may do the same. Errors go to `onError`. */
  send(bytes: Uint8Array, port: number, address: string): void;
  close(): Promise<void>;
}

/** A burst of 500 machines at once fits. The kernel caps it at net.core.rmem_max. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Opens and binds a UDP socket. Throws E_PORT_TAKEN, E_NO_INTERFACE, E_NO_ADDRESS or E_NOT_ALLOWED. */
export async function openUdpSocket(options: UdpOptions): Promise<UdpSocket> {
  const family = isIpv6(options.address) ? 6 : 4;
  const node = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
    lookup: (address, _, done) => done(null, address, family), // peers are addresses: never ask a resolver
  });
  await bindNode(node, options);
  if (options.broadcast) node.setBroadcast(true);
  for (const group of options.groups ?? []) node.addMembership(group, `::%${options.device}`);
  node.on('message', (bytes, from) => options.onDatagram({ bytes, from }));
  node.on('error', options.onError);
  return {
    port: node.address().port,
    send: (bytes, port, address) => {
      node.send(bytes, port, address, (error) => {
        if (error) options.onError(error);
      });
    },
    close: () => new Promise((resolve) => node.close(() => resolve())),
  };
}

async function bindNode(node: Socket, { device, address, port }: UdpOptions): Promise<void> {
  const fd = device === undefined ? null : openDeviceSocket(device, address, port);
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => {
      node.close();
      reject(bindFailed(error.code ?? '', address, port, error));
    };
    node.once('error', fail);
    node.once('listening', () => {
      node.off('error', fail);
      resolve();
    });
    node.bind(fd === null ? { address, port } : { fd });
  });
}

/** Node cannot set SO_BINDTODEVICE: the socket is made and bound here, and Node adopts its descriptor. */
function openDeviceSocket(device: string, address: string, port: number): number {
  const family = isIpv6(address) ? AF_INET6 : AF_INET;
  const fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  try {
    bindToDevice(fd, device);
    if (family === AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, Uint8Array.of(1, 0, 0, 0), 4);
    const to = socketAddress(address, port);
    if (bind(fd, to, to.length) === 0) return fd;
    const number = errno();
    throw bindFailed(ERROR_CODES.get(number) ?? `errno ${number}`, address, port);
  } catch (error) {
    close(fd);
    throw error;
  }
}

const isIpv6 = (address: string): boolean => address.includes(':');

const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SOCKET_ADDRESS_BYTES = 16;
const SOCKET_ADDRESS6_BYTES = 28;
const ERROR_CODES = new Map([
  [EADDRINUSE, 'EADDRINUSE'],
  [EACCES, 'EACCES'],
  [EPERM, 'EPERM'],
  [EADDRNOTAVAIL, 'EADDRNOTAVAIL'],
]);

/** struct sockaddr_in or sockaddr_in6: family in host order, port and address in network order. */
function socketAddress(address: string, port: number): Uint8Array {
  const is6 = isIpv6(address);
  const bytes = Buffer.alloc(is6 ? SOCKET_ADDRESS6_BYTES : SOCKET_ADDRESS_BYTES);
  bytes.writeUInt16LE(is6 ? AF_INET6 : AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  if (is6) bytes.set(ipv6Bytes(address), 8);
  else bytes.set(ipv4Bytes(address), 4);
  return bytes;
}

function bindFailed(code: string, address: string, port: number, cause?: unknown): Error {
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
