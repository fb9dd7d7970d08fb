/** Machines whose DISCOVER is remembered until their ACK. */
const MAX_MACHINES = 4_096;
/** A machine that asks again later begins anew: OVMF's slowest retry comes after 32 s. */
const FRESH_MS = 60_000;

/** How long machines take from their first DISCOVER to the ACK. Bounded: a flood of forged MACs drives out the oldest. */
export class DoraTimer {
  readonly #discovers = new Map<string, number>();

  offered(mac: string, discoverAtMs: number): void {
    const earlier = this.#discovers.get(mac);
    if (earlier !== undefined && discoverAtMs - earlier < FRESH_MS) return;
    this.#discovers.set(mac, discoverAtMs);
    if (this.#discovers.size <= MAX_MACHINES) return;
    const oldest = this.#discovers.keys().next();
    if (!oldest.done) this.#discovers.delete(oldest.value);
  }

  /** Null for an ACK without a DISCOVER: a renewal. */
  acknowledged(mac: string, ackAtMs: number): number | null {
    const discoverAtMs = this.#discovers.get(mac);
    if (discoverAtMs === undefined) return null;
    this.#discovers.delete(mac);
    return ackAtMs - discoverAtMs;
  }
}
