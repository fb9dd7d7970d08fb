import type { BootStage } from '../core/boot-stages.ts';

/** One thing that a boot server saw a machine do, and what it answered. */
export interface BootEvent {
  /** When it was over; for a transfer, when its last byte was sent. */
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly network: string;
  readonly mac: string | null;
  readonly address: string | null;
  readonly node: string | null;
  readonly stage: BootStage;
  /** The decision's kind, or what became of a transfer: completed, aborted, failed. */
  readonly decision: string;
  readonly reason: string;
  /** The file asked for, and the bytes that were sent of it. */
  readonly file: string | null;
  readonly bytes: number | null;
  /** Architecture code of a netboot client's DHCP message or script request. */
  readonly arch: number | null;
  /** What was asked, where the stage does not tell: `DISCOVER`, `REQUEST`; `GET`, `HEAD`. */
  readonly message: string | null;
  /** The DHCP transaction, by which a packet is found in a capture. */
  readonly xid: number | null;
  /** HTTP's answer. */
  readonly status: number | null;
  /** TFTP blocks that were sent more than once. */
  readonly resends: number | null;
}
