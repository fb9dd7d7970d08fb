import type { DhcpMessage } from '../wire/dhcp-message.ts';
import { formatRelayId, readRelayInformation } from '../wire/dhcp-relay-information.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { type Rate, TokenBuckets } from './token-bucket.ts';

/** How many machines that nobody knows may turn up. */
export interface UnknownLimits {
  /** All together. */
  readonly all: Rate;
  /** Behind one relay, by giaddr. */
  readonly relay: Rate;
  /** At one switch port, where relays tell it by option 82. */
  readonly port: Rate;
}

const NO_LIMIT: Rate = { perSecond: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY };

/** For those who measure, and for tests. */
export const UNLIMITED: UnknownLimits = { all: NO_LIMIT, relay: NO_LIMIT, port: NO_LIMIT };

const MAX_RELAYS = 1024;
const MAX_PORTS = 16_384;

/**
 * Guards the pools against forged MACs: a MAC that is no node's and holds no address here is a new machine, and new
 * machines are counted by switch port, by relay and in all. Known nodes are never asked about here.
 */
export class UnknownGate {
  readonly #all: TokenBuckets;
  readonly #relays: TokenBuckets;
  readonly #ports: TokenBuckets;

  constructor({ all, relay, port }: UnknownLimits) {
    this.#all = new TokenBuckets(all, 1);
    this.#relays = new TokenBuckets(relay, MAX_RELAYS);
    this.#ports = new TokenBuckets(port, MAX_PORTS);
  }

  /** Why a new machine is not answered now; null when it is, and is counted. */
  admit(request: DhcpMessage, nowMs: number): string | null {
    const { giaddr } = request;
    const relay = giaddr === ANY_ADDRESS ? null : giaddr;
    const port = portOf(request);
    if (port !== null && !this.#ports.has(port.key, nowMs))
      return `too many unknown machines at the switch port ${port.name}`;
    if (relay !== null && !this.#relays.has(relay, nowMs))
      return `too many unknown machines behind the relay ${relay}`;
    if (!this.#all.has('', nowMs)) return 'too many unknown machines';
    if (port !== null) this.#ports.take(port.key, nowMs);
    if (relay !== null) this.#relays.take(relay, nowMs);
    this.#all.take('', nowMs);
    return null;
  }
}

/** The switch port: the circuit at the remote end, or at the relay where there is no remote id. RFC 3046 §3. */
function portOf({ giaddr, options }: DhcpMessage): { key: string; name: string } | null {
  const raw = options.dhcpAgentOptions;
  const information = raw ? readRelayInformation(raw) : null;
  if (!information?.circuitId) return null;
  const circuit = formatRelayId(information.circuitId).slice(0, MAX_NAME);
  const remote = information.remoteId ? formatRelayId(information.remoteId).slice(0, MAX_NAME) : giaddr;
  return { key: `${circuit} ${remote}`, name: `${circuit} of ${remote}` };
}

const MAX_NAME = 128;
