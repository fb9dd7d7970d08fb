import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Argument, Command } from 'commander';
import { BlackstartError, EXIT } from '../errors.ts';
import type { NodeView } from '../operations/commands.ts';
import { recallServed } from '../operations/served-files.ts';
import { type InventoryHost, renderAnsibleInventory } from '../render/ansible-inventory.ts';
import { renderNginx } from '../render/nginx.ts';
import { type LoadedSite, loadSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import { inFleet, nodeProfile, provisioningNetworks } from '../site/views.ts';
import { type CliContext, siteDir, withCommands } from './context.ts';
import { siteOption } from './plan.ts';

type Render = (context: CliContext, site: LoadedSite, dir: string) => Promise<string>;

/** What can be rendered, and how; each returns the file that it wrote. */
const TARGETS = { ansible: writeInventory, nginx: writeNginx } as const satisfies Record<string, Render>;
type Target = keyof typeof TARGETS;

/** `blackstart render TARGET`: the configuration of other tools, from the one site file. */
export const renderCommand = (context: CliContext): Command =>
  new Command('render')
    .description(
      'write the Ansible inventory of the site and what was discovered, or the configuration of an nginx that serves its images',
    )
    .addArgument(new Argument('[target]').choices(Object.keys(TARGETS)).default('ansible'))
    .addOption(siteOption())
    .option('--out <dir>', 'where to; rendered/ in the site folder when absent')
    .addHelpText(
      'after',
      '\nExamples:\n  blackstart render ansible --site inventories/lab --out /tmp/lab\n  blackstart render nginx --out /tmp/lab',
    )
    .action(async (target: Target, options: { site?: string; out?: string }) => {
      const site = await loadSite(siteDir(options.site));
      const dir = join(resolve(options.out ?? join(site.dir, 'rendered')), target);
      await mkdir(dir, { recursive: true });
      context.output.out(`wrote ${await TARGETS[target](context, site, dir)}`);
    });

async function writeInventory(context: CliContext, site: LoadedSite, dir: string): Promise<string> {
  return withCommands(context, site.dir, async (commands) => {
    const { nodes } = await commands.nodes();
    const file = join(dir, 'inventory.yml');
    await writeFile(
      file,
      renderAnsibleInventory({ hosts: hostsOf(site, nodes), privateKeyFile: keyFile(site) }),
    );
    return file;
  });
}

/** The images that the seed serves now: those of its last bring-up or preparation. */
async function writeNginx(_: CliContext, { site }: LoadedSite, dir: string): Promise<string> {
  const { nginxPort } = site.seed;
  if (nginxPort === null) throw noNginx();
  const { images } = await recallServed(seedPaths(site).stateDir);
  if (images.length === 0) throw noImages();
  const addresses = provisioningNetworks(site).map(({ address }) => address);
  const file = join(dir, 'blackstart.conf');
  await writeFile(file, renderNginx({ addresses, port: nginxPort, images }));
  return file;
}

const noNginx = () =>
  new BlackstartError('E_NO_NGINX', 'the site hands no images off to nginx', {
    remedy: 'Set "seed.nginxPort" in site.yaml to the port that nginx shall listen on.',
    exitCode: EXIT.usage,
  });

const noImages = () =>
  new BlackstartError('E_IMAGE_MISSING', 'no image is served yet', {
    remedy: '"blackstart up --to deploy" makes them ready; render then.',
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
