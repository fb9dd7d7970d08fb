import type { BootNetwork } from '../core/dhcp-network.ts';
import { BlackstartError } from '../errors.ts';
import { close } from '../net/libc.ts';
import { enlargeBuffers, openUdpDescriptor, portOf, takesSegments } from '../net/udp-descriptor.ts';
import { ANY_ADDRESS6 } from '../wire/ipv6.ts';
import type { TftpSocket } from './tftp-thread.ts';

export interface TftpSockets {
  readonly all: readonly TftpSocket[];
  /** Of the requests. */
  readonly port: number;
  readonly segments: boolean;
  /** Why there is no IPv6; null when there is. */
  readonly ipv6Missing: string | null;
  close(): void;
}

/**
 * Transfers share few sockets, so that one system call reads and one sends for many machines. Several, since a machine
 * that uses its port again must see another of ours: that is what tells its transfers apart. RFC 1350 §4.
 */
const TRANSFER_SOCKETS = { 4: 4, 6: 2 } as const;
const BUFFER_BYTES = 4 * 1024 * 1024;

/** Opens a network's sockets: on its own address, and on whatever its interface has of IPv6. */
export function openTftpSockets(network: BootNetwork, port: number): TftpSockets {
  const all: TftpSocket[] = [];
  const closeAll = () => {
    for (const { fd } of all) close(fd);
  };
  const open = (family: 4 | 6, use: TftpSocket['use'], at: number) => {
    const address = family === 4 ? network.address : ANY_ADDRESS6;
    const fd = openUdpDescriptor({ device: network.interface, address, port: at });
    enlargeBuffers(fd, BUFFER_BYTES);
    all.push({ fd, family, use });
    return fd;
  };
  const openFamily = (family: 4 | 6, at: number) => {
    const requests = open(family, 'requests', at);
    for (let count = 0; count < TRANSFER_SOCKETS[family]; count++) open(family, 'transfers', 0);
    return requests;
  };
  try {
    const requests = openFamily(4, port);
    const bound = portOf(requests);
    const ipv6Missing = tryOpen(() => openFamily(6, bound));
    return { all, port: bound, segments: takesSegments(requests), ipv6Missing, close: closeAll };
  } catch (error) {
    closeAll();
    throw error;
  }
}

/** IPv6 may be switched off on the host: boot goes by IPv4 then. */
function tryOpen(open: () => void): string | null {
  try {
    open();
    return null;
  } catch (error) {
    if (error instanceof BlackstartError && error.code === 'E_PORT_TAKEN') return error.message;
    if (error instanceof Error && /errno 97/.test(error.message)) return 'the host has no IPv6';
    throw error;
  }
}
