import { type DhcpMessage, ETHERNET, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import { messageTypeName } from '../wire/dhcp-print.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { formatMac, macBytes } from '../wire/mac.ts';

/** A DHCP server that was heard on one of our wires. */
export interface OtherDhcpServer {
  /** Its server identifier, else the address that it sent from. */
  readonly address: string;
  /** Of the frame: its own, or that of a relay before it. */
  readonly mac: string;
  /** What it said to whom, for people. */
  readonly said: string;
}

/** A server's message to a client → who sent it; null when it is no server's, or one of `ours`. */
export function readOtherServer(
  message: DhcpMessage,
  sender: { readonly address: string; readonly mac: string },
  ours: ReadonlySet<string>,
): OtherDhcpServer | null {
  const type = message.options.dhcpMessageType;
  if (message.op !== 2 || type === undefined || !FROM_SERVERS.has(type)) return null;
  const address = message.options.dhcpServerIdentifier ?? sender.address;
  if (ours.has(address) || ours.has(sender.address)) return null;
  return { address, mac: sender.mac, said: saidBy(message, type) };
}

const FROM_SERVERS: ReadonlySet<number> = new Set([MESSAGE_TYPE.offer, MESSAGE_TYPE.ack, MESSAGE_TYPE.nak]);

function saidBy({ yiaddr, chaddr, siaddr, file, options }: DhcpMessage, type: number): string {
  const what = yiaddr === ANY_ADDRESS ? 'no address' : yiaddr;
  const bootFile = options.bootFileName ?? file;
  const more = [
    options.routers?.[0] && `router ${options.routers[0]}`,
    siaddr !== ANY_ADDRESS && `boot server ${siaddr}`,
    bootFile && `boot file ${JSON.stringify(bootFile.slice(0, 100))}`,
  ].filter(Boolean);
  return [`${messageTypeName(type)} of ${what} to ${chaddr}`, ...more].join(', ');
}

const REMIND_MS = 600_000;
const MAX_SERVERS = 64;

/**
 * The other DHCP servers of one network, and which of them are news. In proxy mode one other server belongs there: the
 * first that is heard, or those that the site names.
 */
export class OtherDhcpServers {
  readonly #expected: Set<string>;
  #expectsFirst: boolean;
  readonly #toldAtMs = new Map<string, number>();

  constructor({ expected, expectsOne }: { expected: readonly string[]; expectsOne: boolean }) {
    this.#expected = new Set(expected);
    this.#expectsFirst = expectsOne && expected.length === 0;
  }

  /** rogue: tell people, now or again. expected: belongs here, and was heard for the first time. null: no news. */
  judge({ address, mac }: OtherDhcpServer, nowMs: number): 'rogue' | 'expected' | null {
    if (this.#expectsFirst) {
      this.#expectsFirst = false;
      this.#expected.add(address);
      return 'expected';
    }
    if (this.#expected.has(address)) return null;
    const key = `${address} ${mac}`;
    const toldAtMs = this.#toldAtMs.get(key);
    if (toldAtMs !== undefined && nowMs - toldAtMs < REMIND_MS) return null;
    if (this.#toldAtMs.size >= MAX_SERVERS) this.#forget(nowMs);
    if (this.#toldAtMs.size >= MAX_SERVERS) return null; // so many are forged, and enough was told
    this.#toldAtMs.set(key, nowMs);
    return 'rogue';
  }

  #forget(nowMs: number): void {
    for (const [key, toldAtMs] of this.#toldAtMs)
      if (nowMs - toldAtMs >= REMIND_MS) this.#toldAtMs.delete(key);
  }
}

/**
 * The DISCOVER of a host that does not exist, to see who answers. Its address is made from the interface's own, so
 * that however often it asks it takes one address of a foreign pool, and is marked locally administered.
 */
export function serverProbe(interfaceMac: string, xid: number): DhcpMessage {
  const [first = 0, ...rest] = macBytes(interfaceMac);
  return {
    op: 1,
    htype: ETHERNET,
    hops: 0,
    xid,
    secs: 0,
    flags: 0x8000, // answer by broadcast: nobody has the address yet
    ciaddr: ANY_ADDRESS,
    yiaddr: ANY_ADDRESS,
    siaddr: ANY_ADDRESS,
    giaddr: ANY_ADDRESS,
    chaddr: formatMac(Uint8Array.of(((first ^ 0x40) & 0xfe) | 2, ...rest)),
    sname: '',
    file: '',
    options: {
      dhcpMessageType: MESSAGE_TYPE.discover,
      dhcpParameterRequestList: [1, 3, 6, 66, 67],
      hostName: 'blackstart-probe',
    },
  };
}
