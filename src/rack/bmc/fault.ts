/**
 * What a BMC can be asked to do wrong, each seen on real ones: take a boot override or a power command with
 * success and not do it, never answer, cut the connection, say 503.
 */
export const FAULT_KINDS = ['ignore-boot', 'ignore-power', 'hang', 'drop', 'busy'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** How many requests it strikes before it is gone; until it is taken back when absent. */
  readonly count?: number;
}

/** The fault that a BMC has at the moment: one at most. */
export class FaultSwitch {
  #kind: FaultKind | null = null;
  #left = Number.POSITIVE_INFINITY;

  set(fault: Fault | null): void {
    this.#kind = fault?.kind ?? null;
    this.#left = fault?.count ?? Number.POSITIVE_INFINITY;
  }

  get kind(): FaultKind | null {
    return this.#kind;
  }

  /** The fault, if it is one of these, for one request: a counted fault is used up by it. */
  strike<K extends FaultKind>(kinds: readonly K[]): K | null {
    const kind = kinds.find((each) => each === this.#kind);
    if (kind === undefined) return null;
    this.#left -= 1;
    if (this.#left <= 0) this.#kind = null;
    return kind;
  }
}
