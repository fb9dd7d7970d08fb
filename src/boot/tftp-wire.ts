import type { TftpBlocks, TftpPeer } from '../core/tftp-server.ts';
import { AF_INET, AF_INET6 } from '../net/libc.ts';
import { Arena, UdpPeerName, type UdpReceiver, UdpSender } from '../net/udp-batch.ts';
import { readIpv4 } from '../wire/ipv4.ts';
import { readIpv6 } from '../wire/ipv6.ts';
import { encodeTftp, type TftpPacket } from '../wire/tftp-packet.ts';
import type { MemorySource } from './tftp-sources.ts';

/** A machine as the wire knows it. */
export interface WirePeer extends TftpPeer {
  readonly name: UdpPeerName;
}

const HEADER_BYTES = 4;
const BLOCK_NUMBERS = 65_536;

/** The header of every DATA packet there is: operation 3 and the block number. RFC 1350 §5. */
function everyDataHeader(): Arena {
  const headers = new Arena(BLOCK_NUMBERS * HEADER_BYTES);
  for (let block = 0; block < BLOCK_NUMBERS; block++)
    headers.bytes.set([0, 3, block >>> 8, block & 255], block * HEADER_BYTES);
  return headers;
}

/** TFTP packets onto sockets: blocks straight from the file's memory, whole windows in one message where that goes. */
export class TftpWire {
  readonly #sender: UdpSender;
  readonly #headers = everyDataHeader();

  constructor(sender: UdpSender) {
    this.#sender = sender;
  }

  sendPacket(fd: number, { name }: WirePeer, packet: TftpPacket): void {
    const bytes = encodeTftp(packet);
    const arena = new Arena(bytes.length);
    arena.bytes.set(bytes);
    this.#sender.begin(fd, name, 0, 1);
    this.#sender.add(arena.address, bytes.length);
    this.#sender.end(arena);
  }

  sendBlocks(
    fd: number,
    peer: WirePeer,
    source: MemorySource,
    { first, last, blockBytes }: TftpBlocks,
  ): void {
    const packetBytes = HEADER_BYTES + blockBytes;
    const most = this.#sender.segments
      ? Math.min(UdpSender.MAX_SEGMENTS, Math.floor(UdpSender.MAX_SEGMENTED_BYTES / packetBytes))
      : 1;
    for (let block = first; block <= last; block += most) {
      const until = Math.min(block + most - 1, last);
      const pieces = 2 * (until - block + 1);
      this.#sender.begin(fd, peer.name, until > block ? packetBytes : 0, pieces);
      for (let each = block; each <= until; each++) this.#addBlock(source, each, blockBytes);
      this.#sender.end(source.keep);
    }
  }

  flush(): void {
    this.#sender.flush();
  }

  #addBlock(source: MemorySource, block: number, blockBytes: number): void {
    const offset = (block - 1) * blockBytes;
    const bytes = Math.min(blockBytes, source.bytes - offset);
    this.#sender.add(this.#headers.address + (block % BLOCK_NUMBERS) * HEADER_BYTES, HEADER_BYTES);
    if (bytes > 0) this.#sender.add(source.address + offset, bytes);
  }
}

/** Tells machines apart by address and port, cheaply: asked for every packet. */
export function peerKey({ bytes }: UdpReceiver, name: number): number | string {
  const high = (bytes[name + 4] ?? 0) * 0x1_0000 + (bytes[name + 5] ?? 0) * 0x100 + (bytes[name + 6] ?? 0);
  const port = (bytes[name + 2] ?? 0) * 0x100 + (bytes[name + 3] ?? 0);
  if (bytes[name] === AF_INET) return (high * 0x100 + (bytes[name + 7] ?? 0)) * 0x1_0000 + port;
  return `${port} ${readIpv6(bytes, name + 8)} ${bytes[name + 24]}`; // with its link: link-local ones repeat
}

/** The sender of datagram `index`; null if it is of no family we serve. */
export function readPeer(received: UdpReceiver, index: number): WirePeer | null {
  const { bytes } = received;
  const name = received.nameOf(index);
  const family = bytes[name];
  if (family !== AF_INET && family !== AF_INET6) return null;
  const is6 = family === AF_INET6;
  return {
    key: peerKey(received, name),
    family: is6 ? 6 : 4,
    address: is6 ? readIpv6(bytes, name + 8) : readIpv4(bytes.subarray(name + 4, name + 8)),
    port: (bytes[name + 2] ?? 0) * 0x100 + (bytes[name + 3] ?? 0),
    name: new UdpPeerName(bytes.slice(name, name + (is6 ? 28 : 16)), received.pktinfoOf(index)),
  };
}
