import type { Ironic } from './client.ts';

/**
 * Lets Ironic use a running agent of this node for the next steps, or makes it boot one anew. Needed where no agent
 * reports although the inspection ended well: for five minutes after that Ironic takes the agent for alive without
 * any heartbeat, and a deployment then fails for want of its address (ironic 39, `conductor/utils.py:agent_is_alive`).
 */
export async function setFastTrack(
  node: string,
  allowed: boolean,
  { ironic }: { readonly ironic: Pick<Ironic, 'node' | 'patchNode'> },
  signal?: AbortSignal,
): Promise<void> {
  const seen = await ironic.node(node, signal);
  if (seen === null || seen.driver_info['fast_track'] === allowed) return;
  await ironic.patchNode(node, [{ op: 'add', path: '/driver_info/fast_track', value: allowed }], { signal });
}
