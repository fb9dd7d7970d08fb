import type { Generated } from 'kysely';
import type { IntentKind } from '../core/boot-node.ts';
import type { TraceEvent } from './trace-event.ts';

/** The seed's tables. Times are milliseconds since the epoch; columns that end in `Json` hold JSON text. */
export interface SeedTables {
  nodes: NodeRow;
  discoveries: DiscoveryRow;
  intents: IntentRow;
  operations: OperationRow;
  journal: JournalRow;
  bootEvents: BootEventRow;
  hostKeys: HostKeyRow;
  oneTimeTokens: OneTimeTokenRow;
}

interface NodeRow {
  name: string;
  approval: 'pending' | 'approved' | 'rejected';
  approvedBy: string | null;
  approvedAtMs: number | null;
  discoveryId: string | null;
  /** What its BMC said of the machine: a SystemDescription. */
  bmcJson: string | null;
  /** What the login found: hostname, system UUID, disk. */
  loginJson: string | null;
}

interface DiscoveryRow {
  /** The system UUID, or the first MAC where there is none: one row for one machine. */
  id: string;
  identityJson: string;
  inventoryJson: string;
  address: string;
  firstSeenAtMs: number;
  lastSeenAtMs: number;
  conflict: string | null;
}

interface IntentRow {
  node: string;
  kind: IntentKind;
  reason: string;
  createdAtMs: number;
  endsAtMs: number;
}

interface OperationRow {
  id: Generated<number>;
  kind: string;
  target: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  createdAtMs: number;
  endedAtMs: number | null;
  summary: string | null;
}

interface JournalRow {
  id: Generated<number>;
  operation: number;
  /** A node's name, or `site` for what concerns all. */
  node: string;
  step: string;
  phase: 'begin' | 'done' | 'failed' | 'interrupted';
  atMs: number;
  detailJson: string;
}

interface BootEventRow extends TraceEvent {
  id: Generated<number>;
}

interface HostKeyRow {
  node: string;
  /** As `ssh-ed25519 AAAA…`. */
  hostKey: string;
  recordedAtMs: number;
}

interface OneTimeTokenRow {
  /** SHA-256 in hex: the token itself is nowhere on the seed. */
  hash: string;
  node: string;
  file: string;
  issuedAtMs: number;
  expiresAtMs: number;
  ended: 'used' | 'replaced' | null;
  endedAtMs: number | null;
}
