import type { Subject } from '../interleave.ts';
import type { BenchProcess } from '../process.ts';
import type { Wire } from '../wire.ts';

/** A TFTP server that is measured. It serves what is in `folder`/served. */
export interface TftpSubject extends Subject {
  /** Whether it takes RFC 7440's windows. */
  readonly windows: boolean;
  start(wire: Wire, folder: string): Promise<BenchProcess>;
}
