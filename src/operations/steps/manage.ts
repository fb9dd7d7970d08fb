import type { Step } from './context.ts';

/** Lets the undercloud verify the BMC; also the way back from a failed cleaning. */
export const manage: Step = async ({ node, signal, ...context }) => {
  const ironic = context.ironic();
  const found = await ironic.node(node.name, signal);
  if (found?.maintenance && found.fault === 'clean failure')
    await ironic.setMaintenance(node.name, null, signal);
  if (found?.provision_state === 'manageable') return { already: 'manageable' };
  await ironic.setProvisionState(node.name, 'manage', {}, signal);
  return { from: found?.provision_state ?? null };
};
