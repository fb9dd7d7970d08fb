/** What a machine was heard to say of itself by DHCP. */
interface Heard {
  readonly address: string | null;
  readonly uuid: string | null;
}

const MAX_MACHINES = 16_384;

/**
 * Machines whose addresses another server gives out, as their own DHCP messages told: the address that they asked for
 * or have, and their UUID. Only in memory, and the least recently heard is forgotten first.
 */
export class HeardMachines {
  readonly #byMac = new Map<string, Heard>();
  readonly #byAddress = new Map<string, string>();

  heard(mac: string, { address, uuid }: Heard): void {
    const earlier = this.#byMac.get(mac);
    const now = { address: address ?? earlier?.address ?? null, uuid: uuid ?? earlier?.uuid ?? null };
    if (earlier) this.#forget(mac, earlier);
    this.#byMac.set(mac, now);
    if (now.address !== null) this.#byAddress.set(now.address, mac);
    const oldest = this.#byMac.entries().next();
    if (this.#byMac.size > MAX_MACHINES && !oldest.done) this.#forget(...oldest.value);
  }

  /** The last machine that was heard with this address. */
  macOf(address: string): string | null {
    return this.#byAddress.get(address) ?? null;
  }

  uuidOf(mac: string): string | null {
    return this.#byMac.get(mac)?.uuid ?? null;
  }

  #forget(mac: string, { address }: Heard): void {
    this.#byMac.delete(mac);
    if (address !== null && this.#byAddress.get(address) === mac) this.#byAddress.delete(address);
  }
}
