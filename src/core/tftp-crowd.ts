export interface CrowdLimits {
  readonly maxTransfers: number;
  readonly maxTransfersPerMachine: number;
}

/** Counts who is being served, so that one machine, or one that forges many, cannot take it all. */
export class TftpCrowd {
  readonly #limits: CrowdLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Lets one more in; or says why not. */
  enter(address: string): string | null {
    const { maxTransfers, maxTransfersPerMachine } = this.#limits;
    const own = this.#byAddress.get(address) ?? 0;
    if (this.#total >= maxTransfers) return `${maxTransfers} transfers are under way, the most there may be`;
    if (own >= maxTransfersPerMachine)
      return `the machine has ${maxTransfersPerMachine} transfers under way, the most it may have`;
    this.#total++;
    this.#byAddress.set(address, own + 1);
    return null;
  }

  leave(address: string): void {
    const own = this.#byAddress.get(address) ?? 0;
    if (own === 0) return;
    this.#total--;
    if (own === 1) this.#byAddress.delete(address);
    else this.#byAddress.set(address, own - 1);
  }
}
