import type { UndercloudNode } from '../../core/plan-node.ts';
import type { IronicNode } from '../../ironic/types.ts';
import { isProtected } from '../../site/views.ts';
import type { Step } from './context.ts';

/** By this reason a protection of ours is told from one that a person set in the undercloud, which stays. */
const REASON = 'protected in site.yaml';

/** Who protects the node in the undercloud. Ironic may leave the field out for a node that never was. */
export const protectionOf = (
  node: Pick<IronicNode, 'protected' | 'protected_reason'>,
): UndercloudNode['protection'] =>
  node.protected ? (node.protected_reason === REASON ? 'site' : 'other') : 'none';

/**
 * Carries the site's protection into the undercloud, or takes it off again: then no client of Ironic, ours or not, can
 * rebuild or undeploy the node. Ironic takes it for deployed nodes only.
 */
export const protect: Step = async ({ node, site, signal, ...context }) => {
  const wanted = isProtected(site.site, node);
  await context.ironic().setProtected(node.name, wanted ? REASON : null, signal);
  return { protected: wanted };
};
