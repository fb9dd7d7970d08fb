import { ipv4Bytes, readIpv4 } from '../wire/ipv4.ts';
import type { Datagram } from './datagram.ts';
import { AF_INET, EAGAIN, EINTR, errno, MSG_DONTWAIT, recvmmsg, sendmmsg } from './libc.ts';
import { Arena } from './udp-batch.ts';

const BATCH = 64;
/** The longest DHCP message that an Ethernet carries in one piece, and some. */
const DATAGRAM_BYTES = 1536;
const NAME_BYTES = 16;
const HEADER_BYTES = 64;
/** How often one turn of the event loop reads on: the disk and the timers want theirs, or nothing is acknowledged. */
const READS_A_TURN = 4;

// struct mmsghdr, 64-bit Linux: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, flags 48, len 56.
const NAME_LENGTH_AT = 8;
const MOVED_AT = 56;

/** Room for 64 datagrams with their addresses (struct sockaddr_in), as recvmmsg(2) and sendmmsg(2) want it. */
class Slots {
  readonly arena = new Arena(BATCH * (HEADER_BYTES + 16 + NAME_BYTES + DATAGRAM_BYTES));
  readonly #pieces = BATCH * HEADER_BYTES;
  readonly #names = this.#pieces + BATCH * 16;
  readonly #data = this.#names + BATCH * NAME_BYTES;

  constructor() {
    const { arena } = this;
    for (let index = 0; index < BATCH; index++) {
      const header = index * HEADER_BYTES;
      arena.put64(header, arena.address + this.nameAt(index));
      arena.put32(header + NAME_LENGTH_AT, NAME_BYTES);
      arena.put64(header + 16, arena.address + this.#pieces + 16 * index);
      arena.put64(header + 24, 1);
      arena.put64(this.#pieces + 16 * index, arena.address + this.dataAt(index));
      this.setLength(index, DATAGRAM_BYTES);
    }
  }

  nameAt(index: number): number {
    return this.#names + index * NAME_BYTES;
  }

  dataAt(index: number): number {
    return this.#data + index * DATAGRAM_BYTES;
  }

  setLength(index: number, bytes: number): void {
    this.arena.put64(this.#pieces + 16 * index + 8, bytes);
  }

  movedBytes(index: number): number {
    return this.arena.get32(index * HEADER_BYTES + MOVED_AT);
  }
}

/**
 * What Node's sockets lack when a hall is switched on at once: up to 64 datagrams by one system call, in and out. Node
 * says when there is something to read, and this reads on from there. IPv4; longer datagrams than 1,536 bytes are cut.
 */
export class UdpBurst {
  readonly #fd: number;
  readonly #onError: (error: Error) => void;
  readonly #in = new Slots();
  readonly #out = new Slots();
  #queued = 0;
  #readsLeft = READS_A_TURN;
  #closed = false;

  constructor(fd: number, onError: (error: Error) => void) {
    this.#fd = fd;
    this.#onError = onError;
  }

  /** Reads what else has come in; Node calls for it up to 32 times a turn, which is bounded here. */
  drain(onDatagram: (datagram: Datagram) => void): void {
    if (this.#readsLeft === READS_A_TURN)
      setImmediate(() => {
        this.#readsLeft = READS_A_TURN;
      });
    for (; this.#readsLeft > 0 && !this.#closed; this.#readsLeft--) {
      const count = recvmmsg(this.#fd, this.#in.arena.address, BATCH, MSG_DONTWAIT, null);
      for (const datagram of this.#take(count)) onDatagram(datagram);
      if (count < BATCH) return;
    }
  }

  /** Copies a batch out of the slots, so that it may be kept: one piece of memory for all of it. */
  #take(count: number): Datagram[] {
    const { arena } = this.#in;
    let size = 0;
    for (let index = 0; index < count; index++) size += this.#in.movedBytes(index);
    const copy = new Uint8Array(size);
    const datagrams: Datagram[] = [];
    let at = 0;
    for (let index = 0; index < count; index++) {
      const from = this.#in.dataAt(index);
      const length = this.#in.movedBytes(index);
      const name = this.#in.nameAt(index);
      copy.set(arena.bytes.subarray(from, from + length), at);
      datagrams.push({
        bytes: copy.subarray(at, at + length),
        from: { address: readIpv4(arena.bytes, name + 4), port: portAt(arena.bytes, name) },
      });
      at += length;
    }
    return datagrams;
  }

  /** Sends at the end of this turn of the event loop, together with what else is sent in it. */
  send(bytes: Uint8Array, port: number, address: string): void {
    if (bytes.length > DATAGRAM_BYTES) {
      this.#onError(new Error(`${bytes.length} bytes are too many`));
      return;
    }
    if (this.#queued === 0) process.nextTick(() => this.#flush());
    if (this.#queued === BATCH) this.#flush();
    const { arena } = this.#out;
    const name = this.#out.nameAt(this.#queued);
    arena.put32(name, AF_INET | ((port >>> 8) << 16) | ((port & 255) << 24));
    arena.bytes.set(ipv4Bytes(address), name + 4);
    arena.bytes.set(bytes, this.#out.dataAt(this.#queued));
    this.#out.setLength(this.#queued, bytes.length);
    this.#queued++;
  }

  /** The descriptor is about to be closed, and its number may soon be another's. */
  close(): void {
    this.#flush();
    this.#closed = true;
  }

  /** What the kernel does not take is told and dropped: the network may do the same. */
  #flush(): void {
    const { address } = this.#out.arena;
    const count = this.#queued;
    this.#queued = 0;
    for (let sent = 0; sent < count && !this.#closed; ) {
      const moved = sendmmsg(this.#fd, address + sent * HEADER_BYTES, count - sent, MSG_DONTWAIT);
      if (moved > 0) {
        sent += moved;
        continue;
      }
      const error = errno();
      if (error === EINTR) continue;
      this.#onError(
        new Error(`cannot send: ${error === EAGAIN ? 'the send buffer is full' : `errno ${error}`}`),
      );
      sent += 1;
    }
  }
}

const portAt = (bytes: Uint8Array, name: number): number =>
  ((bytes[name + 2] ?? 0) << 8) | (bytes[name + 3] ?? 0);
