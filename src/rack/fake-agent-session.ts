import type { FakeHost } from './fake-host.ts';
import type { AgentNode } from './fake-root-device.ts';

/** One run of the agent: what it knows between its commands. */
export interface AgentSession {
  readonly host: FakeHost;
  readonly inventory: unknown;
  /** Given by Ironic at the first lookup and asked for in each command. */
  token: string | null;
  /** As Ironic showed it last. */
  node: AgentNode | null;
  /** Null before an image was written in this run. */
  partitionUuids: Readonly<Record<string, string>> | null;
  /** The image that this run has written: it is not written twice. */
  cachedImageId: string | null;
  /** Set by `system.lockdown` and `rescue.finalize_rescue`: the API ends after the answer. */
  servesApi: boolean;
  forceHeartbeat(): void;
}
