import { networkInterfaces } from 'node:os';
import { noInterface, notAllowed } from './errors.ts';
import {
  bind,
  close,
  errno,
  if_nametoindex,
  recv,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  sendto,
  setFilter,
  socket,
} from './libc.ts';

const AF_PACKET = 17;
const SOCKADDR_LL_BYTES = 20;
const MAX_FRAME_BYTES = 9216;
/** Node cannot watch such a socket, so it is looked at this often. */
const POLL_MS = 50;
const MAX_FRAMES_PER_POLL = 512;

export interface PacketSocketOptions {
  readonly device: string;
  readonly etherType: number;
  /** What the kernel hands on; everything of that type without. */
  readonly filter?: readonly BpfInstruction[];
  readonly onFrame: (frame: Uint8Array) => void;
}

export interface PacketSocket {
  /** The interface's own hardware address. */
  readonly mac: string;
  /** Puts a frame on the wire, or drops it: the network may do the same. The seed's own servers do not hear it. */
  send(frame: Uint8Array): void;
  close(): void;
}

/** One instruction of the kernel's packet filter: struct sock_filter. */
export type BpfInstruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/**
 * Hears and sends whole Ethernet frames of one type on one interface: for what UDP cannot tell, such as who has an
 * address, or which machine sent an offer. Throws E_NO_INTERFACE or E_NOT_ALLOWED.
 */
export function openPacketSocket({ device, etherType, filter, onFrame }: PacketSocketOptions): PacketSocket {
  const index = if_nametoindex(device);
  const mac = networkInterfaces()[device]?.[0]?.mac;
  if (index === 0 || mac === undefined) throw noInterface(device);
  // Protocol 0 hears nothing: frames come once it is bound, with the filter in place.
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw notAllowed('open a packet socket');
  const address = linkAddress(index, etherType);
  if ((filter && setFilter(fd, filter) !== 0) || bind(fd, address, address.length) !== 0) {
    const number = errno();
    close(fd);
    throw new Error(`cannot listen for frames on ${device}: errno ${number}`);
  }
  const scratch = Buffer.alloc(MAX_FRAME_BYTES);
  const timer = setInterval(() => {
    for (let frames = 0; frames < MAX_FRAMES_PER_POLL; frames++) {
      const length = recv(fd, scratch, scratch.length, 0);
      if (length <= 0) return;
      onFrame(new Uint8Array(scratch.subarray(0, length)));
    }
  }, POLL_MS);
  timer.unref();
  return {
    mac,
    send: (frame) => void sendto(fd, frame, frame.length, 0, address, address.length),
    close() {
      clearInterval(timer);
      close(fd);
    },
  };
}

/** struct sockaddr_ll: family and index in host order, protocol in network order. */
function linkAddress(index: number, etherType: number): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_LL_BYTES);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16BE(etherType, 2);
  bytes.writeInt32LE(index, 4);
  return bytes;
}
