import { BatchSocket } from '../batch-socket.ts';
import {
  CHADDR_AT,
  IPXE,
  messageTypeOf,
  OVMF,
  optionAt,
  RomMessage,
  XID_AT,
  YIADDR_AT,
} from '../dhcp/rom-message.ts';
import { IPXE_DHCP_WAITS_MS, type Patience, ROM_DHCP_WAITS_MS } from './patience.ts';

export type Persona = 'rom' | 'ipxe';

/** What a machine was given. */
export interface Given {
  readonly address: number;
  /** Where its boot program is. */
  readonly server: number;
  /** A TFTP name or a URL. */
  readonly file: string;
}

const OFFER = 2;
const ACK = 5;
const NAK = 6;
const SIADDR_AT = 20;
const FILE_AT = 108;
const FILE_BYTES = 128;
const HEADER_BYTES = 240;
/** Set in the transaction id of iPXE's exchange: its answers are not the ROM's. */
const IPXE_BIT = 0x1_0000;
/** One run powers machines on once. */
const RUN = 1;

interface Exchange {
  readonly persona: Persona;
  readonly done: (given: Given) => void;
  readonly fail: (reason: string) => void;
  isOffered: boolean;
}

const MESSAGES = {
  rom: { discover: new RomMessage('discover', null, OVMF), request: new RomMessage('request', null, OVMF) },
  ipxe: { discover: new RomMessage('discover', null, IPXE), request: new RomMessage('request', null, IPXE) },
} as const;

/** The DHCP clients of all machines: DISCOVER, the first OFFER, REQUEST, ACK, all by broadcast. */
export class DhcpClients {
  readonly #socket: BatchSocket;
  readonly #patience: Patience;
  readonly #exchanges = new Map<number, Exchange>();
  /** NAKs. */
  refusals = 0;

  constructor(device: string, patience: Patience) {
    const to = { address: '255.255.255.255', port: 67 };
    this.#socket = new BatchSocket({ device, address: '0.0.0.0', port: 68, to });
    this.#patience = patience;
  }

  begin(
    machine: number,
    persona: Persona,
    done: (given: Given) => void,
    fail: (reason: string) => void,
  ): void {
    const exchange: Exchange = { persona, done, fail, isOffered: false };
    this.#exchanges.set(machine, exchange);
    this.#discover(machine, exchange);
  }

  /** How many answers were taken. */
  receive(): number {
    return this.#socket.receive((reply) => this.#take(reply));
  }

  flush(): void {
    this.#socket.flush();
  }

  #discover(machine: number, exchange: Exchange): void {
    const { discover } = MESSAGES[exchange.persona];
    exchange.isOffered = false;
    this.#ask(machine, exchange, 'OFFER', (slot) => discover.write(slot, RUN, machine));
  }

  #ask(machine: number, { persona, fail }: Exchange, wanted: string, write: (slot: Buffer) => number): void {
    const send = () =>
      this.#socket.queue((slot) => {
        const length = write(slot);
        if (persona === 'ipxe') slot.writeUInt32BE(machine | IPXE_BIT, XID_AT);
        return length;
      });
    const waitsMs = persona === 'rom' ? ROM_DHCP_WAITS_MS : IPXE_DHCP_WAITS_MS;
    this.#patience.expect(machine, waitsMs, send, () => fail(`${persona}: no ${wanted}`));
    send();
  }

  #take(reply: Buffer): void {
    if (reply.length < HEADER_BYTES || reply[0] !== 2 || reply.readUInt16BE(CHADDR_AT) !== (0x0200 | RUN))
      return;
    const xid = reply.readUInt32BE(XID_AT);
    const machine = xid & ~IPXE_BIT;
    const exchange = this.#exchanges.get(machine);
    if (!exchange || (exchange.persona === 'ipxe') !== (xid !== machine)) return;
    const type = messageTypeOf(reply);
    if (type === OFFER && !exchange.isOffered) {
      exchange.isOffered = true;
      const offer = Buffer.from(reply);
      const { request } = MESSAGES[exchange.persona];
      this.#ask(machine, exchange, 'ACK', (slot) => request.write(slot, RUN, machine, offer));
    }
    if (type === ACK) {
      this.#exchanges.delete(machine);
      this.#patience.answered(machine);
      exchange.done(readGiven(reply));
    }
    if (type === NAK && exchange.isOffered) {
      // RFC 2131 §3.1: back to the beginning, which costs a machine no more than another round.
      this.refusals += 1;
      this.#discover(machine, exchange);
    }
  }
}

function readGiven(reply: Buffer): Given {
  const option = optionAt(reply, 67);
  const field =
    option === null
      ? reply.subarray(FILE_AT, FILE_AT + FILE_BYTES)
      : reply.subarray(option, option + (reply[option - 1] ?? 0));
  return {
    address: reply.readUInt32BE(YIADDR_AT),
    server: reply.readUInt32BE(SIADDR_AT),
    file: field.toString('latin1').replace(/\0.*$/s, ''),
  };
}
