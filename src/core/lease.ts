/**
 * One address of one network, and whom it was given to. Keyed by MAC: client identifiers change between a ROM, iPXE
 * and the operating system within one boot, and an address that changed with them would break it.
 */
export interface Lease {
  readonly network: string;
  readonly address: string;
  readonly mac: string;
  /**
   * offered: held for the REQUEST to come; never stored. bound: acknowledged. released: given back, kept so that the
   * machine gets it again. declined: somebody else was seen using it; quarantined until it expires.
   */
  readonly state: 'offered' | 'bound' | 'released' | 'declined';
  readonly expiresAtMs: number;
  readonly uuid: string | null;
  readonly hostname: string | null;
}

/** Whether nobody else may have the address now. */
export const holds = (lease: Lease, nowMs: number): boolean =>
  lease.state !== 'released' && nowMs < lease.expiresAtMs;
