import koffi from 'koffi';
import { AF_INET, bind, bindToDevice, errno, SOCK_DGRAM, setsockopt, socket } from '../src/net/libc.ts';
import { ipv4Bytes } from '../src/wire/ipv4.ts';

// A load generator that costs as much as the server it measures would measure itself. So this one sends and receives
// 64 datagrams by one system call, and waits in poll(2) instead of an event loop.

const libc = koffi.load('libc.so.6');
const sendmmsg: (fd: number, headers: Uint8Array, count: number, flags: number) => number = libc.func(
  'int sendmmsg(int fd, void *headers, uint32_t count, int flags)',
);
const recvmmsg: (fd: number, headers: Uint8Array, count: number, flags: number, timeout: null) => number =
  libc.func('int recvmmsg(int fd, void *headers, uint32_t count, int flags, void *timeout)');
const poll: (descriptors: Uint8Array, count: number, timeoutMs: number) => number = libc.func(
  'int poll(void *descriptors, uint64_t count, int timeout)',
);
const addressOf: (bytes: Uint8Array, same: Uint8Array, length: number) => number | bigint = libc.func(
  'uintptr_t memmove(void *to, void *from, size_t length)',
);

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const POLLOUT = 4;
const EAGAIN = 11;
const EINTR = 4;
const ENOBUFS = 105;
const BUFFER_BYTES = 16 * 1024 * 1024;

const BATCH = 64;
const SLOT_BYTES = 2048;
/** struct mmsghdr on 64-bit Linux: msghdr (56 bytes), then the length that was moved. */
const HEADER_BYTES = 64;
const LENGTH_AT = 56;
const VECTOR_BYTES = 16;

/** Slots for one batch: headers, vectors and bytes laid out as the kernel reads them. */
class Batch {
  readonly headers = Buffer.alloc(HEADER_BYTES * BATCH);
  readonly slots = Buffer.alloc(SLOT_BYTES * BATCH);
  readonly #vectors = Buffer.alloc(VECTOR_BYTES * BATCH);

  constructor(peer: Buffer | null) {
    const slotsAt = addressIn(this.slots);
    const vectorsAt = addressIn(this.#vectors);
    const peerAt = peer === null ? 0n : addressIn(peer);
    for (let index = 0; index < BATCH; index += 1) {
      this.#vectors.writeBigUInt64LE(slotsAt + BigInt(index * SLOT_BYTES), index * VECTOR_BYTES);
      this.setLength(index, SLOT_BYTES);
      const at = index * HEADER_BYTES;
      this.headers.writeBigUInt64LE(peerAt, at);
      this.headers.writeUInt32LE(peer?.length ?? 0, at + 8);
      this.headers.writeBigUInt64LE(vectorsAt + BigInt(index * VECTOR_BYTES), at + 16);
      this.headers.writeBigUInt64LE(1n, at + 24);
    }
  }

  setLength(index: number, bytes: number): void {
    this.#vectors.writeUInt32LE(bytes, index * VECTOR_BYTES + 8);
  }

  movedBytes(index: number): number {
    return this.headers.readUInt32LE(index * HEADER_BYTES + LENGTH_AT);
  }
}

const addressIn = (bytes: Buffer): bigint => BigInt(addressOf(bytes, bytes, 0));

interface BatchSocketOptions {
  readonly device: string;
  readonly address: string;
  readonly port: number;
  /** Where everything goes. */
  readonly to: { readonly address: string; readonly port: number };
}

/** A UDP socket of one interface that moves datagrams in batches, without an event loop. */
export class BatchSocket {
  readonly #fd: number;
  readonly #peer: Buffer;
  readonly #out: Batch;
  readonly #in = new Batch(null);
  #queued = 0;

  constructor({ device, address, port, to }: BatchSocketOptions) {
    this.#fd = socket(AF_INET, SOCK_DGRAM, 0);
    bindToDevice(this.#fd, device);
    for (const [name, value] of [
      [SO_REUSEADDR, 1],
      [SO_BROADCAST, 1],
      [SO_SNDBUFFORCE, BUFFER_BYTES],
      [SO_RCVBUFFORCE, BUFFER_BYTES],
    ] as const)
      if (setsockopt(this.#fd, SOL_SOCKET, name, int32(value), 4) !== 0)
        throw new Error(`setsockopt ${name} failed: errno ${errno()}`);
    const own = socketAddress(address, port);
    if (bind(this.#fd, own, own.length) !== 0)
      throw new Error(`cannot bind ${address}:${port} on ${device}: errno ${errno()}`);
    this.#peer = socketAddress(to.address, to.port);
    this.#out = new Batch(this.#peer);
  }

  /** Queues what `write` puts into the slot it is given, and returns the length of; sent by `flush` at the latest. */
  queue(write: (slot: Buffer) => number): void {
    const slot = this.#out.slots.subarray(this.#queued * SLOT_BYTES, (this.#queued + 1) * SLOT_BYTES);
    this.#out.setLength(this.#queued, write(slot));
    this.#queued += 1;
    if (this.#queued === BATCH) this.flush();
  }

  flush(): void {
    let sent = 0;
    while (sent < this.#queued) {
      const headers = this.#out.headers.subarray(sent * HEADER_BYTES);
      const moved = sendmmsg(this.#fd, headers, this.#queued - sent, 0);
      if (moved > 0) sent += moved;
      else this.#await(POLLOUT, 10);
    }
    this.#queued = 0;
  }

  /** Hands over what has come in, `limit` datagrams at most. The bytes are good until the next call. */
  receive(onDatagram: (bytes: Buffer) => void): number {
    const count = recvmmsg(this.#fd, this.#in.headers, BATCH, MSG_DONTWAIT, null);
    for (let index = 0; index < count; index += 1) {
      const at = index * SLOT_BYTES;
      onDatagram(this.#in.slots.subarray(at, at + this.#in.movedBytes(index)));
    }
    return Math.max(0, count);
  }

  /** Sleeps until something comes in, `timeoutMs` at most. */
  wait(timeoutMs: number): void {
    this.#await(POLLIN, timeoutMs);
  }

  #await(events: number, timeoutMs: number): void {
    const number = errno();
    if (events === POLLOUT && ![EAGAIN, EINTR, ENOBUFS].includes(number))
      throw new Error(`sendmmsg failed: errno ${number}`);
    const descriptor = Buffer.alloc(8);
    descriptor.writeInt32LE(this.#fd, 0);
    descriptor.writeInt16LE(events, 4);
    poll(descriptor, 1, timeoutMs);
  }
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

/** struct sockaddr_in: family in host order, port and address in network order. */
function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(ipv4Bytes(address), 4);
  return bytes;
}
