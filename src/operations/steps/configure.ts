import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runPlaybook } from '../../exec/ansible.ts';
import { PLAYBOOKS } from '../../exec/ansible-config.ts';
import type { PlaybookEvent } from '../../exec/ansible-events.ts';
import { knownHostsLine } from '../../exec/ssh-host-key.ts';
import { type InventoryHost, renderAnsibleInventory } from '../../render/ansible-inventory.ts';
import { inFleet, nodeProfile } from '../../site/views.ts';
import type { Step, StepContext } from './context.ts';

/** Runs the role's playbooks on one node, against the inventory of every node that has been logged into. */
export const configure: Step = async (context) => {
  const { node, profile, site, hostKeys, signal, log } = context;
  const runDir = join(context.runsDir, `${node.name}-${context.clock.nowMs()}`);
  await mkdir(runDir, { recursive: true, mode: 0o700 });
  const hosts = inventoryHosts(context);
  const privateKeyFile = join(runDir, 'key');
  const inventoryFile = join(runDir, 'inventory.yml');
  await writeFile(privateKeyFile, `${await site.readSecret(site.site.access.privateKey)}\n`, { mode: 0o600 });
  await writeFile(inventoryFile, renderAnsibleInventory({ hosts, privateKeyFile }), { mode: 0o600 });
  const knownHosts = hosts
    .map((host) => knownHostsLine(host.address, host.port, hostKeys.of(host.name) ?? ''))
    .join('');
  const run = {
    venv: await context.ansible(),
    inventoryFile,
    privateKeyFile,
    knownHosts,
    extraVars: {},
    runDir,
    limit: node.name,
  };
  const ran: Record<string, unknown> = {};
  try {
    for (const name of profile.playbooks) {
      const onEvent = (event: PlaybookEvent) => log.debug({ node: node.name, event }, 'ansible');
      const result = await runPlaybook({ ...run, playbook: join(PLAYBOOKS, `${name}.yml`) }, onEvent, signal);
      ran[name] = result.perHost[node.name] ?? null;
    }
  } finally {
    await rm(privateKeyFile, { force: true });
  }
  return { playbooks: ran, runDir };
};

/** Every node that has been logged into, as Ansible sees it. */
export function inventoryHosts({
  site: { site },
  book,
  directory,
}: Pick<StepContext, 'site' | 'book' | 'directory'>): InventoryHost[] {
  return site.nodes.flatMap((node) => {
    const record = book.record(node.name);
    if (record.login === null) return [];
    return [
      {
        name: node.name,
        address: record.login.address,
        port: 22,
        user: nodeProfile(site, node).user,
        role: node.role,
        rack: node.rack,
        fleets: Object.keys(site.fleets).filter((fleet) => inFleet(site, fleet, node)),
        systemUuid: record.login.systemUuid,
        serial: node.serial ?? book.discoveryOf(node.name)?.identity.serial ?? null,
        macs: directory.macsOf(node.name),
      },
    ];
  });
}
