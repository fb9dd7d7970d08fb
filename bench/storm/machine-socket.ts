import {
  AF_INET,
  bind,
  bindToDevice,
  errno,
  MSG_DONTWAIT,
  recvmmsg,
  SO_RCVBUFFORCE,
  SOCK_DGRAM,
  SOL_SOCKET,
  sendmmsg,
  socket,
} from '../../src/net/libc.ts';
import { Arena } from '../../src/net/udp-batch.ts';
import { setSocketOption } from '../../src/net/udp-descriptor.ts';

const IPPROTO_IP = 0;
const IP_PKTINFO = 8;
const BUFFER_BYTES = 64 * 1024 * 1024;
const BATCH = 64;
const SLOT_BYTES = 2048;
/** struct mmsghdr, 64-bit Linux: name 0, namelen 8, iov 16, iovlen 24, control 32, controllen 40, len 56. */
const HEADER_BYTES = 64;
const NAME_BYTES = 16;
/** struct cmsghdr (16 bytes) and struct in_pktinfo: interface 16, our own address 20, the one written to 24. */
const CONTROL_BYTES = 32;

/** What came in. The bytes are good until the next call. */
export interface Arrival {
  readonly bytes: Buffer;
  /** The machine's address, which it was sent to. */
  readonly to: number;
  readonly fromPort: number;
}

/** Memory for one batch: headers, names, controls, pieces and bytes as the kernel reads them. */
class Batch {
  readonly arena = new Arena(BATCH * (HEADER_BYTES + NAME_BYTES + CONTROL_BYTES + 16 + SLOT_BYTES));
  readonly bytes = Buffer.from(this.arena.buffer);
  readonly names = BATCH * HEADER_BYTES;
  readonly controls = this.names + BATCH * NAME_BYTES;
  readonly pieces = this.controls + BATCH * CONTROL_BYTES;
  readonly slots = this.pieces + BATCH * 16;

  constructor() {
    const { arena } = this;
    for (let index = 0; index < BATCH; index += 1) {
      const header = index * HEADER_BYTES;
      arena.put64(header, arena.address + this.names + index * NAME_BYTES);
      arena.put64(header + 16, arena.address + this.pieces + index * 16);
      arena.put64(header + 24, 1);
      arena.put64(header + 32, arena.address + this.controls + index * CONTROL_BYTES);
      arena.put64(this.pieces + index * 16, arena.address + this.slots + index * SLOT_BYTES);
      this.reset(index);
    }
  }

  reset(index: number): void {
    this.arena.put32(index * HEADER_BYTES + 8, NAME_BYTES);
    this.arena.put32(index * HEADER_BYTES + 40, CONTROL_BYTES);
    this.arena.put32(this.pieces + index * 16 + 8, SLOT_BYTES);
  }

  slot(index: number): Buffer {
    const at = this.slots + index * SLOT_BYTES;
    return this.bytes.subarray(at, at + SLOT_BYTES);
  }
}

/** One UDP socket for all machines: what is sent says from which of them, what is received says to which. */
export class MachineSocket {
  readonly #fd: number;
  readonly #in = new Batch();
  readonly #out = new Batch();
  #queued = 0;
  #arrived = 0;

  constructor(device: string, port: number) {
    this.#fd = socket(AF_INET, SOCK_DGRAM, 0);
    bindToDevice(this.#fd, device);
    setSocketOption(this.#fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
    setSocketOption(this.#fd, IPPROTO_IP, IP_PKTINFO, 1);
    const any = Buffer.alloc(NAME_BYTES);
    any.writeUInt16LE(AF_INET, 0);
    any.writeUInt16BE(port, 2);
    if (bind(this.#fd, any, any.length) !== 0) throw new Error(`cannot bind port ${port}: errno ${errno()}`);
  }

  /** Queues what `write` puts into the slot it is given, and returns the length of; sent by `flush` at the latest. */
  queue(
    from: number,
    to: { readonly address: number; readonly port: number },
    write: (slot: Buffer) => number,
  ): void {
    const index = this.#queued;
    const { arena, bytes, names, controls, pieces } = this.#out;
    arena.put32(pieces + index * 16 + 8, write(this.#out.slot(index)));
    const name = names + index * NAME_BYTES;
    bytes.writeUInt16LE(AF_INET, name);
    bytes.writeUInt16BE(to.port, name + 2);
    bytes.writeUInt32BE(to.address, name + 4);
    const control = controls + index * CONTROL_BYTES;
    arena.put64(control, 16 + 12);
    arena.put32(control + 8, IPPROTO_IP);
    arena.put32(control + 12, IP_PKTINFO);
    bytes.writeUInt32BE(from, control + 20);
    this.#queued += 1;
    if (this.#queued === BATCH) this.flush();
  }

  /** What the kernel does not take is lost, as on a wire; machines ask again. */
  flush(): void {
    let sent = 0;
    while (sent < this.#queued) {
      const at = this.#out.arena.address + sent * HEADER_BYTES;
      sent += Math.max(1, sendmmsg(this.#fd, at, this.#queued - sent, 0));
    }
    this.#queued = 0;
  }

  /** Hands over what has come in, a batch at most; how many it was. */
  receive(take: (arrival: Arrival) => void): number {
    const { arena, bytes, names, controls } = this.#in;
    for (let index = 0; index < this.#arrived; index += 1) this.#in.reset(index);
    this.#arrived = Math.max(0, recvmmsg(this.#fd, arena.address, BATCH, MSG_DONTWAIT, null));
    for (let index = 0; index < this.#arrived; index += 1)
      take({
        bytes: this.#in.slot(index).subarray(0, arena.get32(index * HEADER_BYTES + 56)),
        to: bytes.readUInt32BE(controls + index * CONTROL_BYTES + 24),
        fromPort: bytes.readUInt16BE(names + index * NAME_BYTES + 2),
      });
    return this.#arrived;
  }
}
