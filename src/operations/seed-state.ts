import type { Clock } from '../clock.ts';
import type { Lease } from '../core/lease.ts';
import type { Log } from '../log.ts';
import type { LoadedSite } from '../site/load-site.ts';
import type { BootTrace } from '../store/boot-trace.ts';
import type { HostKeys } from '../store/host-keys.ts';
import type { Journal } from '../store/journal.ts';
import type { NodeBook } from '../store/node-book.ts';
import type { SeedDatabase } from '../store/open-store.ts';
import type { NodeDirectory } from './directory.ts';
import type { History } from './history.ts';

/** Everything that the seed remembers, opened and loaded. */
export interface SeedState {
  readonly site: LoadedSite;
  readonly database: SeedDatabase;
  readonly book: NodeBook;
  readonly directory: NodeDirectory;
  readonly trace: BootTrace;
  readonly journal: Journal;
  readonly history: History;
  readonly hostKeys: HostKeys;
  readonly addresses: Addresses;
  readonly clock: Clock;
  readonly log: Log;
}

/** Strangers may come by the thousands, with a MAC for each packet. */
const MAX_ADDRESSES = 50_000;

/** Which address each NIC was given last: from the leases at the start, then from what the DHCP server says. */
export class Addresses {
  readonly #byMac = new Map<string, string>();

  constructor(leases: readonly Lease[]) {
    for (const lease of leases) if (lease.state === 'bound') this.#byMac.set(lease.mac, lease.address);
  }

  given(mac: string, address: string): void {
    this.#byMac.delete(mac);
    this.#byMac.set(mac, address);
    const oldest = this.#byMac.keys().next();
    if (this.#byMac.size > MAX_ADDRESSES && !oldest.done) this.#byMac.delete(oldest.value);
  }

  /** The NIC that was given an address: the one that netboots. The first one when none was. */
  bootMac(macs: readonly string[]): string | null {
    return macs.find((mac) => this.#byMac.has(mac)) ?? macs[0] ?? null;
  }

  of(macs: readonly string[]): string | null {
    for (const mac of macs) {
      const address = this.#byMac.get(mac);
      if (address !== undefined) return address;
    }
    return null;
  }
}
