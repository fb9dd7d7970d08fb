import type { Clock } from '../clock.ts';
import { discoveryId, readInventory } from '../core/inventory.ts';
import { matchMachine } from '../core/match.ts';
import type { Log } from '../log.ts';
import type { Result } from '../result.ts';
import { bad, ok } from '../result.ts';
import type { NodeBook } from '../store/node-book.ts';
import type { NodeDirectory } from './directory.ts';

interface Deps {
  readonly book: NodeBook;
  readonly directory: NodeDirectory;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who called back: the leased address, and what that machine told DHCP about itself. */
export interface Caller {
  readonly address: string;
  readonly mac: string;
  readonly systemUuid: string | null;
}

/**
 * Keeps what an agent posted and matches its machine to a node of the site. A machine that is in no node is kept
 * as a stranger; one that contradicts the site file or looks like two nodes is kept with the conflict.
 * Posting again is the same machine seen again.
 */
export async function recordDiscovery(
  body: unknown,
  caller: Caller,
  { book, directory, clock, log }: Deps,
): Promise<Result<string>> {
  const read = readInventory(body, caller.systemUuid);
  if (!read.ok) return read;
  const { identity } = read.value;
  if (!identity.macs.includes(caller.mac))
    return bad(`the inventory does not have the NIC ${caller.mac} that its address was leased to`);
  const id = discoveryId(identity);
  const nowMs = clock.nowMs();
  const known = book.discoveries().find((discovery) => discovery.id === id);
  const match = matchMachine(identity, directory.identities());
  const conflict =
    match.kind === 'conflict'
      ? match.reason
      : takenBy(id, match.kind === 'matched' ? match.node : null, book);
  const seen = {
    id,
    identity,
    address: caller.address,
    firstSeenAtMs: known?.firstSeenAtMs ?? nowMs,
    lastSeenAtMs: nowMs,
    conflict,
  };
  await book.recordDiscovery(seen, body);
  log.info(
    { id, macs: identity.macs, serial: identity.serial, match: match.kind, conflict },
    'machine discovered',
  );
  if (match.kind === 'matched' && conflict === null) await book.update(match.node, { discoveryId: id });
  return ok(id);
}

/** Two machines that both match one node: the second is never silently taken for the first. */
function takenBy(id: string, node: string | null, book: NodeBook): string | null {
  if (node === null) return null;
  const holder = book.record(node).discoveryId;
  return holder === null || holder === id ? null : `another machine (${holder}) is ${node} already`;
}
