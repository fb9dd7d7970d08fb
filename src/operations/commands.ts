import type { Stage } from '../core/stages.ts';
import type { TraceEvent, TraceRow } from '../store/trace-event.ts';

/** One node as lists and tables show it. Times are milliseconds since the epoch. */
export interface NodeView {
  readonly name: string;
  readonly rack: string | null;
  readonly role: string;
  readonly firmware: 'bios' | 'uefi' | null;
  readonly approval: 'pending' | 'approved' | 'rejected';
  /** Where it is on its way, in one word or Ironic's own. */
  readonly state: string;
  /** What is being done, waited for or in the way. */
  readonly doing: string;
  readonly blocked: { readonly reason: string; readonly remedy: string } | null;
  readonly power: 'on' | 'off' | null;
  readonly provisionState: string | null;
  readonly address: string | null;
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly systemUuid: string | null;
  readonly times: NodeTimes;
  readonly verified: NodeVerification | null;
}

/** When a node passed each point of its last bring-up; null where it has not. */
export interface NodeTimes {
  readonly powerOnAtMs: number | null;
  readonly kernelAtMs: number | null;
  readonly discoveredAtMs: number | null;
  readonly enrolledAtMs: number | null;
  readonly activeAtMs: number | null;
  readonly loginAtMs: number | null;
  readonly configuredAtMs: number | null;
}

export interface NodeVerification {
  readonly hostname: string;
  readonly systemUuid: string;
  readonly rootDisk: string;
}

/** All that is known of one node, with its history. */
export interface NodeDetail extends NodeView {
  readonly matchedBy: readonly string[];
  readonly conflict: string | null;
  readonly states: readonly { readonly state: string; readonly atMs: number }[];
  readonly journal: readonly {
    readonly step: string;
    readonly phase: string;
    readonly atMs: number;
    readonly detail: unknown;
  }[];
}

/** A machine that netbooted the agent and is in no node of the site file. */
export interface StrangerView {
  readonly id: string;
  readonly serial: string | null;
  readonly macs: readonly string[];
  readonly bmcAddress: string | null;
  readonly address: string;
  readonly lastSeenAtMs: number;
  readonly conflict: string | null;
}

export interface SiteStepView {
  readonly step: string;
  readonly title: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly line: string;
  readonly seconds: number | null;
  readonly error: string | null;
  readonly remedy: string | null;
}

export interface OperationView {
  readonly id: number;
  readonly kind: string;
  readonly target: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly summary: string | null;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly site: readonly SiteStepView[];
  readonly nodes: readonly NodeView[];
}

/** What `plan` says would happen to one node, and what would be wiped. */
export interface PlanLine {
  readonly node: string;
  readonly state: string;
  readonly next: string;
  readonly wipes: string | null;
}

export interface UndercloudView {
  readonly state: 'running' | 'starting' | 'stopped' | 'failed';
  readonly detail: string;
  readonly url: string | null;
  readonly version: string | null;
  readonly pid: number | null;
  readonly memoryMib: number | null;
}

export interface SeedView {
  readonly site: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly memoryMib: number;
  /** Networks that boot services answer on. */
  readonly serving: readonly string[];
  readonly undercloud: UndercloudView;
  readonly operation: number | null;
}

/** A machine's boot trace: a row for each packet and request, oldest first. */
export interface TraceView {
  readonly node: string | null;
  readonly macs: readonly string[];
  /** When this seed switched the machine on: its boots begin there. */
  readonly powerOnsMs: readonly number[];
  /** The seed's clock, which the rows are told by. */
  readonly nowMs: number;
  readonly events: readonly TraceRow[];
}

export type PowerAction = 'on' | 'off' | 'cycle' | 'status';

/** What a machine shall boot once. */
export interface BootOnceWish {
  /** `rescue`, `memtest`, or the name of one of the site's tools. */
  readonly what: string;
  /** How long the machine may take to come for it. */
  readonly minutes: number;
  /** Whether to start it anew now, whatever it runs. */
  readonly now: boolean;
  readonly by: string;
}

export interface BootOnceView {
  readonly node: string;
  readonly what: string;
  readonly endsAtMs: number;
  /** null: it has no BMC, and is switched on by hand. */
  readonly power: 'on' | 'off' | null;
}

/**
 * The one way in, for command line, API and web page: over the socket when a daemon runs, in process when none does.
 * Every method may throw a BlackstartError.
 */
export interface Commands {
  seed(): Promise<SeedView>;
  nodes(): Promise<{ nodes: NodeView[]; strangers: StrangerView[] }>;
  node(name: string): Promise<NodeDetail>;
  approve(name: string, by: string): Promise<NodeView>;
  reject(name: string, by: string): Promise<NodeView>;
  power(name: string, action: PowerAction): Promise<{ power: 'on' | 'off' }>;
  bootOnce(name: string, wish: BootOnceWish): Promise<BootOnceView>;
  /** False when there was no such wish. */
  cancelBootOnce(name: string): Promise<{ cancelled: boolean }>;
  /** The trace of a node, or of a MAC address; only what came after a row when one is given. */
  trace(name: string, afterId: number): Promise<TraceView>;
  /** The machines seen last, each by the last thing it did. */
  machines(): Promise<TraceEvent[]>;
  plan(to: Stage): Promise<PlanLine[]>;
  up(to: Stage): Promise<OperationView>;
  operation(id: number): Promise<OperationView>;
  cancel(id: number): Promise<OperationView>;
  undercloud(action: 'up' | 'status' | 'down'): Promise<UndercloudView>;
}
