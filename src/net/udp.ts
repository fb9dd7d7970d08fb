import { createSocket, type Socket } from 'node:dgram';
import type { Datagram } from './datagram.ts';
import { UdpBurst } from './udp-burst.ts';
import { bindFailed, enlargeBuffers, isIpv6, openUdpDescriptor } from './udp-descriptor.ts';

export interface UdpOptions {
  /** The interface to be tied to; without one the socket is an ordinary one. */
  readonly device?: string;
  /** IPv4 or IPv6, and the socket is of that family alone. A link-local peer's address carries its `%interface`. */
  readonly address: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly broadcast?: boolean;
  /** The port is this process's already, by a socket for all addresses: this one takes what comes for its own. */
  readonly besideOwn?: boolean;
  /** For bursts of small datagrams: up to 64 are read and sent by one system call. IPv4, wants `device`. */
  readonly bursts?: boolean;
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
  const fd = await bindNode(node, options);
  if (options.broadcast) node.setBroadcast(true);
  for (const group of options.groups ?? []) node.addMembership(group, `::%${options.device}`);
  node.on('error', options.onError);
  if (options.bursts && fd !== null) return burstSocket(node, fd, options);
  node.on('message', (bytes, from) => options.onDatagram({ bytes, from }));
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

function burstSocket(node: Socket, fd: number, { onDatagram, onError }: UdpOptions): UdpSocket {
  enlargeBuffers(fd, RECEIVE_BUFFER_BYTES);
  const burst = new UdpBurst(fd, onError);
  node.on('message', (bytes, from) => {
    onDatagram({ bytes, from });
    burst.drain(onDatagram);
  });
  return {
    port: node.address().port,
    send: (bytes, port, address) => burst.send(bytes, port, address),
    close: () => {
      burst.close();
      return new Promise((resolve) => node.close(() => resolve()));
    },
  };
}

/** Returns the descriptor of a socket that is tied to an interface; null of another. */
async function bindNode(
  node: Socket,
  { device, address, port, besideOwn }: UdpOptions,
): Promise<number | null> {
  const fd =
    device === undefined
      ? null
      : openUdpDescriptor({ device, address, port, ...(besideOwn ? { besideOwn } : {}) });
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
  return fd;
}
