import type { Subject } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';

/** The pool that every server gives out of: large enough for machines that never come twice. */
export const PREFIX_LENGTH = 8;
export const POOL = { first: '10.100.0.0', last: '10.199.255.255' } as const;
export const LEASE_SECONDS = 3600;

/** A DHCP server under test; its name tells whether a lease is on the disk before it is acknowledged. */
export interface DhcpSubject extends Subject {
  /** Starts it in the wire's server namespace, without any lease; it need not answer yet. */
  start(wire: Wire, folder: string): Promise<BenchProcess>;
}
