import {
  addressOf,
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  EMSGSIZE,
  errno,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  MSG_DONTWAIT,
  POLLIN,
  POLLOUT,
  poll,
  recvmmsg,
  SOL_UDP,
  sendmmsg,
  UDP_SEGMENT,
} from './libc.ts';

/** Memory that system calls are told of by address: as bytes, and as the words of their structures. */
export class Arena {
  readonly buffer: ArrayBuffer;
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;

  constructor(size: number) {
    this.buffer = new ArrayBuffer(size);
    this.address = addressOf(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
    this.words = new Uint32Array(this.buffer, 0, size >>> 2);
  }

  /** Writes a pointer or a size_t at a byte offset. */
  put64(offset: number, value: number): void {
    this.words[offset >>> 2] = value % 0x1_0000_0000;
    this.words[(offset >>> 2) + 1] = value / 0x1_0000_0000;
  }

  put32(offset: number, value: number): void {
    this.words[offset >>> 2] = value;
  }

  get32(offset: number): number {
    return this.words[offset >>> 2] ?? 0;
  }
}

// struct mmsghdr, 64-bit Linux: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48, len 56.
const HEADER_BYTES = 64;
const NAME_BYTES = 32;
const CONTROL_BYTES = 128;
const CONTROL_HEADER_BYTES = 16; // struct cmsghdr
const PKTINFO_BYTES = 20; // struct in6_pktinfo
const MSG_TRUNC = 0x20;

/** struct pollfd of several descriptors; waits in the kernel, so only for a thread of its own. */
export class Poller {
  readonly #arena: Arena;
  readonly #count: number;

  constructor(fds: readonly number[]) {
    this.#count = fds.length;
    this.#arena = new Arena(8 * fds.length);
    for (const [index, fd] of fds.entries()) this.watch(index, fd);
  }

  /** Replaces a descriptor; a negative one is never ready. */
  watch(index: number, fd: number): void {
    this.#arena.put32(8 * index, fd);
    this.#arena.put32(8 * index + 4, POLLIN);
  }

  /** Sleeps until one can be read, or the time is over. */
  wait(timeoutMs: number): void {
    if (poll(this.#arena.address, this.#count, timeoutMs) >= 0) return;
    for (let index = 0; index < this.#count; index++) this.#arena.put32(8 * index + 4, POLLIN); // interrupted
  }

  isReady(index: number): boolean {
    return this.#arena.get32(8 * index + 4) >>> 16 !== 0;
  }
}

/** Reads datagrams by the batch: one system call for up to 64. What it tells is valid until the next `receive`. */
export class UdpReceiver {
  static readonly BATCH = 64;
  readonly #datagramBytes: number;
  readonly #arena: Arena;
  readonly #names: number;
  readonly #controls: number;
  readonly #data: number;
  #used = UdpReceiver.BATCH;

  /** Datagrams longer than `datagramBytes` are cut, and told to be empty. */
  constructor(datagramBytes: number) {
    const { BATCH } = UdpReceiver;
    this.#datagramBytes = datagramBytes;
    const pieces = BATCH * HEADER_BYTES;
    this.#names = pieces + BATCH * 16;
    this.#controls = this.#names + BATCH * NAME_BYTES;
    this.#data = this.#controls + BATCH * CONTROL_BYTES;
    const arena = new Arena(this.#data + BATCH * datagramBytes);
    this.#arena = arena;
    for (let index = 0; index < BATCH; index++) {
      const header = index * HEADER_BYTES;
      const piece = pieces + 16 * index;
      arena.put64(header, arena.address + this.#names + index * NAME_BYTES);
      arena.put64(header + 16, arena.address + piece);
      arena.put64(header + 24, 1);
      arena.put64(header + 32, arena.address + this.#controls + index * CONTROL_BYTES);
      arena.put64(piece, arena.address + this.#data + index * datagramBytes);
      arena.put64(piece + 8, datagramBytes);
    }
  }

  get bytes(): Uint8Array {
    return this.#arena.bytes;
  }

  /** How many came; 0 when there is nothing to read. */
  receive(fd: number): number {
    for (let index = 0; index < this.#used; index++) {
      this.#arena.put32(index * HEADER_BYTES + 8, NAME_BYTES);
      this.#arena.put32(index * HEADER_BYTES + 40, CONTROL_BYTES);
    }
    this.#used = Math.max(recvmmsg(fd, this.#arena.address, UdpReceiver.BATCH, MSG_DONTWAIT, null), 0);
    return this.#used;
  }

  /** Where datagram `index` begins within `bytes`. */
  offsetOf(index: number): number {
    return this.#data + index * this.#datagramBytes;
  }

  lengthOf(index: number): number {
    const header = index * HEADER_BYTES;
    return this.#arena.get32(header + 48) & MSG_TRUNC ? 0 : this.#arena.get32(header + 56);
  }

  /** Where the sender's struct sockaddr lies within `bytes`. */
  nameOf(index: number): number {
    return this.#names + index * NAME_BYTES;
  }

  /** The struct in6_pktinfo of an IPv6 datagram: which of our addresses it was sent to. */
  pktinfoOf(index: number): Uint8Array | null {
    const at = this.controlOf(index, IPPROTO_IPV6, IPV6_PKTINFO);
    return at === null ? null : this.#arena.bytes.slice(at, at + PKTINFO_BYTES);
  }

  /** Where the value of the datagram's first control message lies within `bytes`, if it is of this kind. */
  controlOf(index: number, level: number, type: number): number | null {
    const control = this.#controls + index * CONTROL_BYTES;
    if (this.#arena.get32(index * HEADER_BYTES + 40) <= CONTROL_HEADER_BYTES) return null;
    const isIt = this.#arena.get32(control + 8) === level && this.#arena.get32(control + 12) === type;
    return isIt ? control + CONTROL_HEADER_BYTES : null;
  }
}

/** Where datagrams go: the peer's struct sockaddr, and for IPv6 the address of ours they come from. */
export class UdpPeerName {
  readonly address: number;
  readonly length: number;
  readonly pktinfo: Uint8Array | null;
  readonly #arena: Arena;

  constructor(name: Uint8Array, pktinfo: Uint8Array | null) {
    this.#arena = new Arena(NAME_BYTES);
    this.#arena.bytes.set(name);
    this.address = this.#arena.address;
    this.length = name.length;
    this.pktinfo = pktinfo;
  }
}

const PIECE_ROOM = 2048;
const SEND_PATIENCE_MS = 20;

/**
 * Sends datagrams by the batch, made of pieces that are not copied. With `segments` (UDP_SEGMENT, Linux 4.18) a run of
 * equal datagrams to one peer, of which the last may be shorter, is one message that the kernel or the network card
 * cuts.
 */
export class UdpSender {
  static readonly BATCH = 64;
  /** The kernel's limits: 64 segments, and 65,535 bytes with headers. */
  static readonly MAX_SEGMENTS = 64;
  static readonly MAX_SEGMENTED_BYTES = 65_000;
  readonly #arena = new Arena(UdpSender.BATCH * (HEADER_BYTES + CONTROL_BYTES) + PIECE_ROOM * 16);
  readonly #controls = UdpSender.BATCH * HEADER_BYTES;
  readonly #pieces = this.#controls + UdpSender.BATCH * CONTROL_BYTES;
  readonly #writable = new Arena(8);
  readonly #onRefusal: (errno: number) => void;
  #fd = -1;
  #messages = 0;
  #usedPieces = 0;
  #firstPiece = 0;
  #keep: unknown[] = [];
  #segments: boolean;

  /** `onRefusal` is told when the kernel or the card did not take segments after all; plain sends follow. */
  constructor(segments: boolean, onRefusal: (errno: number) => void) {
    this.#segments = segments;
    this.#onRefusal = onRefusal;
  }

  get segments(): boolean {
    return this.#segments;
  }

  /** Begins a message. `segmentBytes` is not 0 for a run of datagrams of that size. `pieces`: how many may follow. */
  begin(fd: number, to: UdpPeerName, segmentBytes: number, pieces: number): void {
    const full = this.#messages === UdpSender.BATCH || this.#usedPieces + pieces > PIECE_ROOM;
    if (fd !== this.#fd || full) this.flush();
    this.#fd = fd;
    const header = this.#messages * HEADER_BYTES;
    const control = this.#controls + this.#messages * CONTROL_BYTES;
    this.#firstPiece = this.#usedPieces;
    this.#arena.put64(header, to.address);
    this.#arena.put32(header + 8, to.length);
    this.#arena.put64(header + 16, this.#arena.address + this.#pieces + 16 * this.#usedPieces);
    let controlBytes = 0;
    if (segmentBytes > 0) controlBytes = this.#putControl(control, SOL_UDP, UDP_SEGMENT, 2, segmentBytes);
    if (to.pktinfo) {
      const at = control + controlBytes;
      this.#arena.bytes.set(to.pktinfo, at + CONTROL_HEADER_BYTES);
      controlBytes += this.#putControl(at, IPPROTO_IPV6, IPV6_PKTINFO, PKTINFO_BYTES, null);
    }
    this.#arena.put64(header + 32, controlBytes === 0 ? 0 : this.#arena.address + control);
    this.#arena.put64(header + 40, controlBytes);
    this.#keep.push(to);
  }

  /** Adds bytes by their address; they are read at `flush`. */
  add(address: number, length: number): void {
    const piece = this.#pieces + 16 * this.#usedPieces;
    this.#arena.put64(piece, address);
    this.#arena.put64(piece + 8, length);
    this.#usedPieces++;
  }

  /** Ends the message. `keep` is referenced until it is sent. */
  end(keep: unknown): void {
    this.#arena.put64(this.#messages * HEADER_BYTES + 24, this.#usedPieces - this.#firstPiece);
    this.#messages++;
    this.#keep.push(keep);
  }

  /** Sends what was begun. What the network does not take is dropped: it may do the same on the way. */
  flush(): void {
    let sent = 0;
    while (sent < this.#messages) {
      const at = this.#arena.address + sent * HEADER_BYTES;
      const count = sendmmsg(this.#fd, at, this.#messages - sent, MSG_DONTWAIT);
      if (count > 0) sent += count;
      else if (!this.#maySendAgain(errno(), sent)) sent++;
    }
    this.#messages = 0;
    this.#usedPieces = 0;
    this.#keep = [];
  }

  /** After a failed send: whether to try the same message again. */
  #maySendAgain(error: number, message: number): boolean {
    if (error === EINTR) return true;
    if (error === EAGAIN) return this.#untilWritable();
    const isSegmented = this.#arena.get32(this.#controls + message * CONTROL_BYTES + 8) === SOL_UDP;
    const hasControl = this.#arena.get32(message * HEADER_BYTES + 40) > 0;
    if (!(hasControl && isSegmented) || ![EINVAL, EIO, EMSGSIZE].includes(error)) return false;
    if (this.#segments) this.#onRefusal(error);
    this.#segments = false; // the run is lost, and sent again by its transfer's clock
    return false;
  }

  /** The socket's buffer is full: the network card is slower than we are. */
  #untilWritable(): boolean {
    this.#writable.put32(0, this.#fd);
    this.#writable.put32(4, POLLOUT);
    return poll(this.#writable.address, 1, SEND_PATIENCE_MS) > 0;
  }

  /** One struct cmsghdr; gives its room. */
  #putControl(at: number, level: number, type: number, length: number, value: number | null): number {
    this.#arena.put64(at, CONTROL_HEADER_BYTES + length);
    this.#arena.put32(at + 8, level);
    this.#arena.put32(at + 12, type);
    if (value !== null) this.#arena.put32(at + CONTROL_HEADER_BYTES, value);
    return CONTROL_HEADER_BYTES + ((length + 7) & ~7);
  }
}
