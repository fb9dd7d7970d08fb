import { isOnce, unexpired } from '../core/boot-node.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import type { HttpReply, HttpRequest } from '../net/http.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';
import type { RateLimit } from './rate-limit.ts';

/** An inventory with logs is 1 to 3 MiB. */
export const MAX_INVENTORY_BYTES = 8 * 1024 * 1024;

/**
 * Takes the inventory that an agent posts, from a machine that was told to boot the agent and from nobody else. The
 * answer's `uuid` is Ironic's for the node; null makes the agent look itself up by its MACs (ironic-python-agent 13,
 * inspector.py). The agent retries 409 and 5xx only, so "later" is a 503, never a 429.
 */
export async function answerDiscovery(
  request: HttpRequest,
  reply: HttpReply,
  segment: BootSegment,
  limit: RateLimit,
): Promise<HttpReply> {
  const { deps } = segment;
  const address = request.ip;
  const mac = macOf(segment, address);
  const refusal = mac === null ? `${address} has no lease from this seed` : refuseSender(mac, segment);
  const report = (decision: string, reason: string) =>
    reportEvent(segment, { stage: 'inventory', decision, reason, mac, address });
  if (mac === null || refusal !== null) {
    report('refused', refusal ?? '');
    return reply.code(403).send({ error: refusal });
  }
  if (!limit.allow(mac)) {
    report('refused', 'it posts too many inventories');
    return reply.code(503).header('retry-after', 10).send({ error: 'too many inventories' });
  }
  const inventory = readInventory(request.body);
  if (!inventory) {
    report('refused', 'what it posted is no JSON object');
    return reply.code(400).send({ error: 'the body is no JSON object' });
  }
  try {
    await deps.onInventory(inventory, { address, mac });
  } catch (error) {
    report('failed', reasonOf(error));
    if (error instanceof BlackstartError) return reply.code(400).send({ error: error.message });
    return reply.code(503).header('retry-after', 10).send({ error: 'the inventory could not be kept' });
  }
  report('taken', 'the agent posted its inventory');
  return reply.send({ uuid: null });
}

/** A machine that runs from its disk has no business here: nothing may replace what is known of it. */
function refuseSender(mac: string, { deps }: BootSegment): string | null {
  const node = deps.directory.byMac(mac);
  if (!node) return deps.policy.discovers(mac) ? null : 'this site discovers no unknown machines';
  if (node.approval === 'rejected') return `node ${node.name} was rejected`;
  if (node.approval === 'pending') return null;
  const intent = unexpired(deps.directory.intentOf(mac), deps.clock.nowMs());
  return intent && !isOnce(intent.kind) ? null : `node ${node.name} was not told to boot the agent`;
}

const readInventory = (body: unknown): Readonly<Record<string, unknown>> | null =>
  typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body } : null;
