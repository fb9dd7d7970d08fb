import { BlackstartError } from '../errors.ts';
import { renderTemplate } from './template.ts';

/** A node as Ansible sees it. */
export interface InventoryHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly role: string;
  readonly rack: string | null;
  readonly fleets: readonly string[];
  /** What the machine says of itself; null where it says nothing. */
  readonly systemUuid: string | null;
  readonly serial: string | null;
  readonly macs: readonly string[];
}

export interface AnsibleInventoryView {
  readonly hosts: readonly InventoryHost[];
  /** The site's key, as a path that ansible-playbook can read. */
  readonly privateKeyFile: string;
}

interface InventoryGroup {
  readonly name: string;
  readonly hosts: readonly string[];
}

/** The YAML inventory of a site's nodes, grouped as `role_…`, `rack_…` and `fleet_…`, in a stable order. */
export const renderAnsibleInventory = (view: AnsibleInventoryView): string =>
  renderTemplate('ansible/inventory.yml.njk', {
    privateKeyFile: view.privateKeyFile,
    hosts: view.hosts.toSorted((a, b) => compare(a.name, b.name)),
    groups: groupHosts(view.hosts),
  });

/** The groups and who is in them. Throws E_GROUP_NAME when two names of the site become one name for Ansible. */
export function groupHosts(hosts: readonly InventoryHost[]): InventoryGroup[] {
  const members = new Map<string, { source: string; hosts: Set<string> }>();
  const join = (kind: string, name: string, host: string) => {
    const group = members.get(groupName(kind, name)) ?? { source: name, hosts: new Set() };
    if (group.source !== name) throw groupNamesCollide(kind, group.source, name);
    group.hosts.add(host);
    members.set(groupName(kind, name), group);
  };
  for (const host of hosts) {
    join('role', host.role, host.name);
    if (host.rack !== null) join('rack', host.rack, host.name);
    for (const fleet of host.fleets) join('fleet', fleet, host.name);
  }
  return [...members]
    .map(([name, group]) => ({ name, hosts: [...group.hosts].sort(compare) }))
    .sort((a, b) => compare(a.name, b.name));
}

/** Ansible takes letters, digits and `_` in a group's name, and warns of anything else. */
const groupName = (kind: string, name: string) => `${kind}_${name.replace(/[^A-Za-z0-9_]/g, '_')}`;

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

const groupNamesCollide = (kind: string, first: string, second: string) =>
  new BlackstartError(
    'E_GROUP_NAME',
    `the ${kind}s "${first}" and "${second}" are both ${groupName(kind, first)} for Ansible`,
    {
      remedy: `Rename one of them in site.yaml; they may not differ in nothing but punctuation.`,
    },
  );
