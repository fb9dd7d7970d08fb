import { type DhcpMessage, MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import type { Random } from '../random.ts';
import type { SimClock } from './sim-clock.ts';
import { askDhcp, dhcpRequest, fetchFile, Mailbox } from './sim-firmware.ts';
import type { SimWire } from './sim-wire.ts';

/** What a machine believes: that the address is its own until then. */
export interface Belief {
  readonly address: string;
  readonly untilMs: number;
}

export interface MachineParts {
  readonly clock: SimClock;
  readonly wire: SimWire;
  readonly random: Random;
  readonly seedAddress: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Told of every ACK, at the moment it arrives. */
  readonly onAck: (machine: SimMachine, belief: Belief) => void;
  readonly onWrong: (what: string) => void;
}

const WAITS_MS = [4000, 8000, 16_000, 32_000];
/** Longer than any packet is late: a RELEASE that came after the next boot's ACK would be taken for a new one. */
const SELF_TEST_MS = 8000;
const PLACE = { address: '0.0.0.0', port: 68 };
const TFTP_OPTIONS: readonly (readonly [string, string][])[] = [
  [],
  [
    ['tsize', '0'],
    ['blksize', '1432'],
  ],
  [
    ['tsize', '0'],
    ['blksize', '1468'],
    ['windowsize', '4'],
  ],
  [
    ['blksize', '512'],
    ['windowsize', '16'],
  ],
];

/** One machine: it boots by the network, runs and renews, and is switched off and on, until `life` is to end. */
export class SimMachine {
  readonly mac: string;
  belief: Belief | null = null;
  boots = 0;
  /** Ends what it does at the next turn: it is switched off for good. */
  stopping = false;
  readonly #parts: MachineParts;

  constructor(mac: string, parts: MachineParts) {
    this.mac = mac;
    this.#parts = parts;
  }

  async live(): Promise<void> {
    const { clock, random } = this.#parts;
    await clock.sleep(random.below(20_000));
    while (!this.stopping) {
      if (await this.#boot()) {
        this.boots++;
        await this.#run(1 + random.below(3));
      }
      this.belief = null;
      await clock.sleep(SELF_TEST_MS + random.below(30_000));
    }
  }

  /** ROM, boot program, iPXE, and iPXE's script; false when it gave up. */
  async #boot(): Promise<boolean> {
    const { random, files, wire, clock, seedAddress } = this.#parts;
    const rom = await this.#lease({
      vendorClassIdentifier: 'PXEClient:Arch:00007:UNDI:003016',
      clientSystem: [7],
    });
    if (!rom || !this.belief) return false;
    const file = rom.options.bootFileName ?? rom.file;
    const own = {
      address: this.belief.address,
      port: 1024 + random.below(40_000),
    };
    const mailbox = new Mailbox(wire, clock, own);
    const options = new Map(random.pick(TFTP_OPTIONS));
    const cutOffAfter = random.oneIn(8) ? random.below(4) : Number.POSITIVE_INFINITY;
    const got = await fetchFile({ wire, clock, mailbox }, own, seedAddress, file, options, cutOffAfter);
    mailbox.close();
    if (got === null) return false;
    if (!Buffer.from(got).equals(files.get(file) ?? Buffer.alloc(0)))
      this.#parts.onWrong(`${this.mac} got ${got.length} bytes that are not those of ${file}`);
    const ipxe = await this.#lease({
      vendorClassIdentifier: 'PXEClient:Arch:00007:UNDI:003010',
      clientSystem: [7],
      userClass: Buffer.from('iPXE'),
      dhcpClientIdentifier: Uint8Array.of(1, ...Buffer.from(this.mac.replaceAll(':', ''), 'hex')),
    });
    return ipxe !== null;
  }

  /** DISCOVER to ACK, as firmware does it; null when it gave up. */
  async #lease(who: DhcpOptions): Promise<DhcpMessage | null> {
    const { clock, wire, random } = this.#parts;
    const mailbox = new Mailbox(wire, clock, PLACE);
    try {
      for (const waitMs of WAITS_MS) {
        const xid = random.below(2 ** 32);
        const ask = { mac: this.mac, xid };
        const type = (kind: keyof typeof MESSAGE_TYPE) => ({
          ...who,
          dhcpMessageType: MESSAGE_TYPE[kind],
        });
        const offer = await askDhcp(
          { wire, clock, mailbox },
          { ...ask, options: type('discover') },
          ['offer'],
          waitMs,
        );
        const server = offer?.options.dhcpServerIdentifier;
        if (!offer || server === undefined) continue;
        const options = {
          ...type('request'),
          dhcpRequestedAddress: offer.yiaddr,
          dhcpServerIdentifier: server,
        };
        const sentAtMs = clock.nowMs();
        for (let tries = 0; tries < 3; tries++) {
          const reply = await askDhcp({ wire, clock, mailbox }, { ...ask, options }, ['ack', 'nak'], 4000);
          if (reply?.options.dhcpMessageType === MESSAGE_TYPE.nak) break;
          if (reply) return this.#believe(reply, sentAtMs);
        }
      }
      return null;
    } finally {
      mailbox.close();
    }
  }

  #believe(ack: DhcpMessage, sentAtMs: number): DhcpMessage {
    this.belief = {
      address: ack.yiaddr,
      untilMs: sentAtMs + (ack.options.dhcpLeaseTime ?? 0) * 1000,
    };
    this.#parts.onAck(this, this.belief);
    return ack;
  }

  /** Runs for so many renewals; now and then it gives its address back at the end. */
  async #run(renewals: number): Promise<void> {
    const { clock, wire, random, seedAddress } = this.#parts;
    for (let each = 0; each < renewals && this.belief && !this.stopping; each++) {
      const { address, untilMs } = this.belief;
      await clock.sleep((untilMs - clock.nowMs()) / 2);
      if (!(await this.#renew(address, untilMs))) return;
    }
    if (!this.belief || !random.oneIn(4)) return;
    const { address } = this.belief;
    this.belief = null;
    const options = {
      dhcpMessageType: MESSAGE_TYPE.release,
      dhcpServerIdentifier: seedAddress,
    };
    const bytes = dhcpRequest(this.mac, random.below(2 ** 32), options, address);
    wire.send(bytes, { address, port: 68 }, { address: seedAddress, port: 67 });
  }

  /** RENEWING, then REBINDING: every twenty seconds until the lease ends. RFC 2131 §4.4.5. */
  async #renew(address: string, untilMs: number): Promise<boolean> {
    const { clock, wire, random, seedAddress } = this.#parts;
    const mailbox = new Mailbox(wire, clock, { address, port: 68 });
    try {
      for (let sentAtMs = clock.nowMs(); sentAtMs < untilMs; sentAtMs = clock.nowMs()) {
        const isLate = untilMs - sentAtMs < 60_000;
        const ask = {
          mac: this.mac,
          xid: random.below(2 ** 32),
          ciaddr: address,
        };
        const options = { dhcpMessageType: MESSAGE_TYPE.request };
        const to = isLate ? '255.255.255.255' : seedAddress;
        const waitMs = Math.min(20_000, untilMs - sentAtMs);
        const reply = await askDhcp(
          { wire, clock, mailbox },
          { ...ask, options, to },
          ['ack', 'nak'],
          waitMs,
        );
        if (reply?.options.dhcpMessageType === MESSAGE_TYPE.nak) {
          this.#parts.onWrong(
            `${this.mac} was refused to renew ${address}, which it has for ${untilMs - sentAtMs} ms yet`,
          );
          this.belief = null;
          return false;
        }
        if (reply) {
          this.#believe(reply, sentAtMs);
          return true;
        }
      }
      this.belief = null; // it ran out: a long outage
      return false;
    } finally {
      mailbox.close();
    }
  }
}
