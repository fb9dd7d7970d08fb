import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { BlackstartError } from '../errors.ts';
import type { NodeView } from '../operations/commands.ts';
import { type InventoryHost, renderAnsibleInventory } from '../render/ansible-inventory.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { inFleet, nodeProfile } from '../site/views.ts';
import { type CliContext, withCommands } from './context.ts';
import { siteOption } from './plan.ts';

const TARGETS = ['ansible'] as const;

/** `blackstart render TARGET`: the configuration of the tools that come after, from the one site file. */
export const renderCommand = (context: CliContext): Command =>
  new Command('render')
    .description('write the Ansible inventory of the site and what was discovered')
    .addArgument(new Argument('[target]').choices(TARGETS).default('ansible'))
    .addOption(siteOption())
    .option('--out <dir>', 'where to; rendered/ in the site folder when absent')
    .addHelpText('after', '\nExample:\n  blackstart render ansible --site inventories/lab --out /tmp/lab')
    .action(async (target: (typeof TARGETS)[number], options: { site?: string; out?: string }) => {
      const files = await withCommands(context, options.site, async (commands, site) => {
        const { nodes } = await commands.nodes();
        const dir = join(resolve(options.out ?? join(site.dir, 'rendered')), target);
        await mkdir(dir, { recursive: true });
        const file = join(dir, 'inventory.yml');
        await writeFile(
          file,
          renderAnsibleInventory({ hosts: hostsOf(site, nodes), privateKeyFile: keyFile(site) }),
        );
        return [file];
      });
      for (const file of files) context.output.out(`wrote ${file}`);
    });

/** Every node with an address, reserved or leased: without one Ansible cannot reach it. */
function hostsOf({ site }: LoadedSite, nodes: readonly NodeView[]): InventoryHost[] {
  return site.nodes.flatMap((node) => {
    const view = nodes.find((candidate) => candidate.name === node.name);
    const address = view?.address ?? node.address;
    if (address == null) return [];
    const fleets = Object.keys(site.fleets).filter((fleet) => inFleet(site, fleet, node));
    const { user } = nodeProfile(site, node);
    return [
      {
        name: node.name,
        address,
        port: 22,
        user,
        role: node.role,
        rack: node.rack,
        fleets,
        systemUuid: view?.systemUuid ?? node.uuid,
        serial: view?.serial ?? node.serial,
        macs: view?.macs ?? node.macs,
      },
    ];
  });
}

function keyFile({ site, dir }: LoadedSite): string {
  const { privateKey } = site.access;
  if ('file' in privateKey) return resolve(dir, privateKey.file);
  throw new BlackstartError('E_KEY_NO_FILE', 'access.privateKey is not a file, and Ansible wants one', {
    remedy: 'Put the key into a file of mode 600 and write {file: secrets/NAME}.',
  });
}
