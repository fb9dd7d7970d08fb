import type { Bmc } from '../../bmc/bmc.ts';
import type { Clock } from '../../clock.ts';
import type { Ironic } from '../../ironic/client.ts';
import type { Log } from '../../log.ts';
import type { LoadedSite } from '../../site/load-site.ts';
import type { SiteNode } from '../../site/site.ts';
import type { NodeProfile } from '../../site/views.ts';
import type { HostKeys } from '../../store/host-keys.ts';
import type { JournalDetail } from '../../store/journal.ts';
import type { NodeBook } from '../../store/node-book.ts';
import type { Operation } from '../../store/operations.ts';
import type { NodeDirectory } from '../directory.ts';
import type { History } from '../history.ts';
import type { ServedImage } from '../images.ts';

/** What a step of one node gets. Every effect goes through one of these. */
export interface StepContext {
  readonly site: LoadedSite;
  readonly node: SiteNode;
  readonly profile: NodeProfile;
  readonly book: NodeBook;
  readonly directory: NodeDirectory;
  readonly history: History;
  readonly hostKeys: HostKeys;
  readonly operation: Operation;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Journals a fact in the middle of a step, durable before what comes next. */
  note(fact: string): Promise<void>;
  /** Throws E_NO_UNDERCLOUD when none runs. */
  ironic(): Ironic;
  /** The node's BMC, with a session of its own that the caller of the step closes. */
  bmc(): Promise<Bmc>;
  /** The address that the seed leased to the machine last, or the reserved one; null when it has neither. */
  addressOf(node: string): string | null;
  /** The NIC that the node netboots by, as far as that has been seen. */
  bootMacOf(node: string): string | null;
  image(name: string): ServedImage;
  /** A URL that opens the node's config drive once; null where the site has no TLS port. */
  configDriveUrl(): Promise<string | null>;
  /** Where Ansible runs keep their files. */
  readonly runsDir: string;
  /** The virtual environment with ansible-core. */
  ansible(): Promise<string>;
}

/** Does one step to the end of its effect; done twice it does no harm. Returns what is worth keeping in the journal. */
export type Step = (context: StepContext) => Promise<JournalDetail>;
