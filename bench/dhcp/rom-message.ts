import { ipv4Bytes } from '../../src/wire/ipv4.ts';

// The messages of a PXE ROM as bytes, by hand: the generator shares no code with the server that it measures.

export const CHADDR_AT = 28;
export const XID_AT = 4;
export const YIADDR_AT = 16;
const FLAGS_AT = 10;
const GIADDR_AT = 24;
const OPTIONS_AT = 240;
const MESSAGE_TYPE_AT = OPTIONS_AT + 2;
const BROADCAST_FLAG = 0x8000;

/** The options that tell who asks. */
interface Persona {
  readonly options: Buffer;
  /** Where the last four bytes of the board's UUID are. */
  readonly uuidTailAt: number;
}

/** As OVMF asks, capture u_full_60_43: a UEFI x64 PXE client with the UUID of its board. */
const OVMF_OPTIONS = Buffer.concat([
  Buffer.of(57, 2, 0x05, 0xc0),
  Buffer.of(55, 35, 1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60),
  Buffer.of(66, 67, 97, 128, 129, 130, 131, 132, 133, 134, 135),
  Buffer.of(97, 17, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0),
  Buffer.of(94, 3, 1, 3, 0),
  Buffer.of(93, 2, 0, 7),
  Buffer.of(60, 32),
  Buffer.from('PXEClient:Arch:00007:UNDI:003000'),
]);
export const OVMF: Persona = { options: OVMF_OPTIONS, uuidTailAt: 4 + 37 + 2 + 13 };

/** As Debian's iPXE asks on the same board: its UUID in the other byte order (RFC 4122's), a bare user class. */
export const IPXE: Persona = {
  options: Buffer.concat([
    Buffer.of(97, 17, 0, 4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 0, 0, 0, 0),
    Buffer.of(57, 2, 0x05, 0xc0, 93, 2, 0, 7, 94, 3, 1, 3, 10),
    Buffer.of(60, 32),
    Buffer.from('PXEClient:Arch:00007:UNDI:003010'),
    Buffer.of(77, 4),
    Buffer.from('iPXE'),
    Buffer.of(
      55,
      21,
      1,
      3,
      6,
      7,
      12,
      15,
      17,
      26,
      43,
      60,
      66,
      67,
      119,
      128,
      129,
      130,
      131,
      132,
      133,
      134,
      135,
    ),
    Buffer.of(175, 9, 19, 1, 1, 24, 1, 1, 36, 1, 1),
  ]),
  uuidTailAt: 2 + 13,
};

/** Option 82 as a top-of-rack switch writes it: the port, and its own name. */
const AGENT_OPTIONS = Buffer.concat([
  Buffer.of(82, 22, 1, 8),
  Buffer.from('Eth1/12 '),
  Buffer.of(2, 10),
  Buffer.from('tor-switch'),
]);

/** A machine's message but for its numbers. `relay` is the address of the relay it came through. */
export class RomMessage {
  readonly #template: Buffer;
  readonly #uuidAt: number;
  readonly #requestedAt: number | null;

  constructor(type: 'discover' | 'request', relay: string | null, persona: Persona = OVMF) {
    const header = Buffer.alloc(OPTIONS_AT);
    header.set([1, 1, 6, relay === null ? 0 : 1]);
    header.writeUInt16BE(BROADCAST_FLAG, FLAGS_AT);
    if (relay !== null) header.set(ipv4Bytes(relay), GIADDR_AT);
    header.set([99, 130, 83, 99], 236);
    const isRequest = type === 'request';
    const choice = isRequest ? Buffer.of(50, 4, 0, 0, 0, 0, 54, 4, 0, 0, 0, 0) : Buffer.alloc(0);
    const head = Buffer.concat([header, Buffer.of(53, 1, isRequest ? 3 : 1), choice]);
    this.#requestedAt = isRequest ? OPTIONS_AT + 3 : null;
    this.#uuidAt = head.length + persona.uuidTailAt;
    const agent = relay === null ? Buffer.alloc(0) : AGENT_OPTIONS;
    this.#template = Buffer.concat([head, persona.options, agent, Buffer.of(255)]);
  }

  /** Writes it into a slot for machine number `machine` of run `run`; for a REQUEST, of what `offer` offers. */
  write(slot: Buffer, run: number, machine: number, offer?: Buffer): number {
    slot.set(this.#template);
    slot.writeUInt32BE(machine, XID_AT);
    slot.writeUInt16BE(0x0200 | run, CHADDR_AT);
    slot.writeUInt32BE(machine, CHADDR_AT + 2);
    slot.writeUInt32BE(machine, this.#uuidAt);
    if (offer && this.#requestedAt !== null) {
      offer.copy(slot, this.#requestedAt + 2, YIADDR_AT, YIADDR_AT + 4);
      const server = optionAt(offer, 54);
      if (server !== null) offer.copy(slot, this.#requestedAt + 8, server, server + 4);
    }
    return this.#template.length;
  }
}

/** 2 OFFER, 5 ACK, 6 NAK …; 0 when there is none. Servers put it first, so that is looked at first. */
export function messageTypeOf(reply: Buffer): number {
  if (reply[OPTIONS_AT] === 53) return reply[MESSAGE_TYPE_AT] ?? 0;
  const at = optionAt(reply, 53);
  return at === null ? 0 : (reply[at] ?? 0);
}

/** Where an option's value begins; its length is the byte before. */
export function optionAt(reply: Buffer, wanted: number): number | null {
  for (let at = OPTIONS_AT; at < reply.length; ) {
    const code = reply[at] ?? 255;
    if (code === wanted) return at + 2;
    if (code === 255) return null;
    at += code === 0 ? 1 : 2 + (reply[at + 1] ?? 0);
  }
  return null;
}
