import type { WrittenNode } from './node.ts';
import type { SiteRole } from './role.ts';
import { type NodeAttributes, SITE_KEYS } from './selector.ts';

/** What selectors inside the site file may ask: not what selectors define themselves. */
export const SELECTOR_KEYS_IN_SITE: readonly string[] = SITE_KEYS.filter(
  (key) => key !== 'fleet' && key !== 'protected',
);

/** What the site file says of a node by itself and by its role. The role may be missing while a site is checked. */
export function ownAttributes(
  site: { readonly roles: Readonly<Record<string, SiteRole>> },
  node: Pick<WrittenNode, 'name' | 'rack' | 'role' | 'bootMode' | 'serial' | 'labels'>,
): NodeAttributes {
  const role = Object.hasOwn(site.roles, node.role) ? site.roles[node.role] : undefined;
  return {
    name: node.name,
    rack: node.rack,
    role: node.role,
    image: role?.image ?? null,
    bootMode: node.bootMode ?? role?.bootMode ?? null,
    serial: node.serial,
    ...Object.fromEntries(Object.entries(node.labels).map(([name, value]) => [`label.${name}`, value])),
  };
}
