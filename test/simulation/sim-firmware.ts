import type { Datagram } from '../../src/net/datagram.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp, MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../src/wire/tftp-packet.ts';
import type { SimClock } from './sim-clock.ts';
import type { Place, SimWire } from './sim-wire.ts';

const NOWHERE = '0.0.0.0';
const BROADCAST = '255.255.255.255';

/** What comes to one socket of a machine, waited for one datagram at a time. */
export class Mailbox {
  readonly #waiting: Datagram[] = [];
  readonly #clock: SimClock;
  readonly #ear: { close(): void };
  #wake: (() => void) | null = null;

  constructor(wire: SimWire, clock: SimClock, place: Place) {
    this.#clock = clock;
    this.#ear = wire.listen(place, (datagram) => {
      this.#waiting.push(datagram);
      this.#wake?.();
    });
  }

  /** The next datagram; null when none comes before `untilMs`. */
  async next(untilMs: number): Promise<Datagram | null> {
    if (this.#waiting.length === 0 && this.#clock.nowMs() < untilMs)
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        this.#clock.sleep(untilMs - this.#clock.nowMs()),
      ]);
    this.#wake = null;
    return this.#waiting.shift() ?? null;
  }

  close(): void {
    this.#ear.close();
  }
}

export const dhcpRequest = (mac: string, xid: number, options: DhcpOptions, ciaddr = NOWHERE): Uint8Array =>
  encodeDhcp({
    op: 1,
    htype: 1,
    hops: 0,
    xid,
    secs: 0,
    flags: 0x8000,
    ciaddr,
    yiaddr: NOWHERE,
    siaddr: NOWHERE,
    giaddr: NOWHERE,
    chaddr: mac,
    sname: '',
    file: '',
    options,
  });

/** Sends a DHCP message and waits for the first reply of the wanted kinds to this exchange. */
export async function askDhcp(
  { wire, clock, mailbox }: { wire: SimWire; clock: SimClock; mailbox: Mailbox },
  {
    mac,
    xid,
    options,
    ciaddr = NOWHERE,
    to = BROADCAST,
  }: {
    mac: string;
    xid: number;
    options: DhcpOptions;
    ciaddr?: string;
    to?: string;
  },
  kinds: readonly (keyof typeof MESSAGE_TYPE)[],
  waitMs: number,
): Promise<DhcpMessage | null> {
  const wanted = new Set<number | undefined>(kinds.map((kind) => MESSAGE_TYPE[kind]));
  wire.send(dhcpRequest(mac, xid, options, ciaddr), { address: ciaddr, port: 68 }, { address: to, port: 67 });
  const untilMs = clock.nowMs() + waitMs;
  for (;;) {
    const datagram = await mailbox.next(untilMs);
    if (!datagram) return null;
    const reply = decodeDhcp(datagram.bytes);
    if (!reply.ok) throw new Error(`the seed sent nonsense: ${reply.reason}`);
    const { op, chaddr, xid: theirs, options: said } = reply.value;
    if (op === 2 && chaddr === mac && theirs === xid && wanted.has(said.dhcpMessageType)) return reply.value;
  }
}

/** A file by TFTP, as a ROM fetches it; null when it gives up, or its power is cut after so many blocks. */
export async function fetchFile(
  { wire, clock, mailbox }: { wire: SimWire; clock: SimClock; mailbox: Mailbox },
  own: Place,
  server: string,
  file: string,
  options: ReadonlyMap<string, string>,
  cutOffAfter = Number.POSITIVE_INFINITY,
): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let say: TftpPacket = { kind: 'read', file, mode: 'octet', options };
  let peer: Place = { address: server, port: 69 };
  let [blockBytes, windowBlocks, got, sinceAck] = [512, 1, 0, 0];
  const speak = () => {
    sinceAck = 0;
    wire.send(encodeTftp(say), own, peer);
  };
  speak();
  for (let silences = 0; silences < 25; ) {
    const datagram = await mailbox.next(clock.nowMs() + 1000);
    const packet = datagram && decodeTftp(datagram.bytes);
    if (!datagram || !packet?.ok) {
      silences++;
      speak();
      continue;
    }
    if (peer.port === 69) peer = datagram.from;
    else if (datagram.from.port !== peer.port) continue; // of an older transfer, or a life before
    const { value } = packet;
    if (value.kind === 'error') return null;
    if (value.kind === 'oack' && got === 0) {
      blockBytes = Number(value.options.get('blksize') ?? 512);
      windowBlocks = Number(value.options.get('windowsize') ?? 1);
      say = { kind: 'ack', block: 0 };
      speak();
    }
    if (value.kind !== 'data') continue;
    silences = 0;
    const isNext = value.block === got + 1;
    if (isNext) parts.push(value.bytes);
    if (isNext) got++;
    if (got >= cutOffAfter) return null;
    say = { kind: 'ack', block: got };
    const isLast = isNext && value.bytes.length < blockBytes;
    if (isLast || !isNext || ++sinceAck >= windowBlocks) speak();
    if (isLast) return new Uint8Array(Buffer.concat(parts));
  }
  return null;
}
