import { QUARANTINE_MS } from '../core/dhcp.ts';
import { isUnusable } from '../core/dhcp-address.ts';
import type { Lease } from '../core/lease.ts';
import { reasonOf } from '../errors.ts';
import { type AddressProber, openArpProber } from '../net/arp-probe.ts';
import { type BootSegment, reportEvent } from './boot-segment.ts';
import type { Closable } from './network-boot.ts';

/** So many of the next addresses are kept probed: what a hall switched on at once takes within some seconds. */
const STOCK = 512;
/** How long an address counts as free after nobody answered for it. */
const FRESH_MS = 600_000;
const ROUND_MS = 1000;

/**
 * Asks by ARP whether somebody sits on the addresses that will be given out next, and quarantines those that are taken
 * (RFC 2131 §4.3.1, RFC 5227). Always some ahead of the offers, so that none waits for it. On the seed's own wire only:
 * past a router ARP does not reach, and a ping is no proof, so there a machine's own DECLINE must do.
 */
export function probeAddresses(
  segment: BootSegment,
  open: (device: string) => AddressProber = openArpProber,
): Closable {
  const { network, deps } = segment;
  if (network.mode !== 'authoritative' || network.observe || network.pools.length === 0) return NOTHING;
  try {
    const stock = new ProbedStock(segment, open(network.interface));
    const timer = setInterval(() => {
      stock
        .fill()
        .catch((error: unknown) =>
          deps.log.error({ network: network.name, reason: reasonOf(error) }, 'address probing failed'),
        );
    }, ROUND_MS);
    timer.unref();
    return {
      async close() {
        clearInterval(timer);
        stock.close();
      },
    };
  } catch (error) {
    deps.log.warn({ network: network.name, reason: reasonOf(error) }, 'no probing of addresses');
    return NOTHING;
  }
}

const NOTHING: Closable = { close: async () => {} };

/** The addresses of one network that were found free. */
export class ProbedStock {
  readonly #segment: BootSegment;
  readonly #prober: AddressProber;
  readonly #probedAtMs = new Map<string, number>();
  #busy = false;

  constructor(segment: BootSegment, prober: AddressProber) {
    this.#segment = segment;
    this.#prober = prober;
  }

  /** Probes what will be given out next and was not probed of late. */
  async fill(): Promise<void> {
    if (this.#busy) return;
    const { leases, deps, network } = this.#segment;
    const nowMs = deps.clock.nowMs();
    const reservedForOther = (address: string) => deps.directory.reservedBy(address) !== null;
    const taken = (address: string) => isUnusable(address, { network, reservedForOther });
    this.#forgetOld(nowMs);
    const next = leases.upcoming(STOCK, nowMs, taken).filter((address) => !this.#probedAtMs.has(address));
    if (next.length === 0) return;
    this.#busy = true;
    try {
      const conflicts = await this.#prober.probe(next);
      for (const address of next) this.#probedAtMs.set(address, deps.clock.nowMs());
      for (const [address, mac] of conflicts) await this.#quarantine(address, mac);
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    this.#prober.close();
  }

  #forgetOld(nowMs: number): void {
    for (const [address, atMs] of this.#probedAtMs) {
      if (nowMs - atMs < FRESH_MS) return; // in the order of their times
      this.#probedAtMs.delete(address);
    }
  }

  /** Not where a machine was given the address meanwhile, and answered for it itself. */
  async #quarantine(address: string, mac: string): Promise<void> {
    const { network, leases, deps } = this.#segment;
    const holder = leases.byAddress(address);
    if (holder?.mac === mac || holder?.state === 'bound') return;
    const lease: Lease = {
      network: network.name,
      address,
      mac,
      state: 'declined',
      expiresAtMs: deps.clock.nowMs() + QUARANTINE_MS,
      uuid: null,
      hostname: null,
    };
    leases.put(lease);
    const reason = `${address} is in use by ${mac}, which has no lease of it; not given out for an hour`;
    reportEvent(this.#segment, { stage: 'dhcp conflict', decision: 'quarantined', reason, mac, address });
    await deps.leases.commit([lease]);
  }
}
