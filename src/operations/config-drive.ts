import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { run } from '../exec/run.ts';
import { type ConfigDrive, type ConfigDriveNetwork, renderConfigDrive } from '../render/config-drive.ts';
import type { LoadedSite } from '../site/load-site.ts';
import type { SiteNode } from '../site/site.ts';
import { nodeProfile, prefixOf, provisioningNetworkOf } from '../site/views.ts';

interface Wanted {
  readonly site: LoadedSite;
  readonly node: SiteNode;
  /** Ironic's for the node. */
  readonly uuid: string;
  /** The NIC that it netboots by. */
  readonly bootMac: string | null;
}

/** What a node reads at its first boot, by the site file as it is now. */
export async function nodeConfigDrive({ site, node, uuid, bootMac }: Wanted): Promise<ConfigDrive> {
  const { domain } = provisioningNetworkOf(site.site, node);
  return renderConfigDrive({
    hostname: node.name,
    fqdn: domain === null ? null : `${node.name}.${domain}`,
    uuid,
    user: nodeProfile(site.site, node).user,
    authorizedKeys: await site.readAuthorizedKeys(),
    network: networkOf(site, node, bootMac),
    userData: packageProxy(site, node),
  });
}

function networkOf({ site }: LoadedSite, node: SiteNode, bootMac: string | null): ConfigDriveNetwork {
  const network = provisioningNetworkOf(site, node);
  const link = { mac: bootMac ?? '', mtu: network.mtu };
  if (nodeProfile(site, node).addressing === 'dhcp' || node.address === null)
    return { kind: 'dhcp', ...link };
  return {
    kind: 'static',
    ...link,
    address: node.address,
    prefix: prefixOf(network),
    gateway: network.gateway,
    dns: network.dns,
  };
}

/** Where the site has a package cache, apt fetches by it; the image's own list of sources stays. */
function packageProxy({ site }: LoadedSite, node: SiteNode): Readonly<Record<string, unknown>> | null {
  const { packageCache } = site.seed;
  if (packageCache === null) return null;
  const { address } = provisioningNetworkOf(site, node);
  return { apt: { preserve_sources_list: true, http_proxy: `http://${address}:${packageCache.port}` } };
}

/**
 * A config drive as the agent takes it from a URL: base64 of gzip of the ISO 9660 volume `config-2`, which Ironic
 * would make itself of the same values (openstacksdk, baremetal/configdrive.py). `workDir` is for nobody else to read.
 */
export async function packConfigDrive(drive: ConfigDrive, workDir: string): Promise<Buffer> {
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(join(workDir, 'config-drive-'));
  try {
    const latest = join(dir, 'root', 'openstack', 'latest');
    await mkdir(latest, { recursive: true });
    const files = {
      'meta_data.json': JSON.stringify(drive.meta_data),
      'network_data.json': JSON.stringify(drive.network_data ?? {}),
      user_data:
        typeof drive.user_data === 'string' ? drive.user_data : JSON.stringify(drive.user_data ?? {}),
    };
    for (const [name, text] of Object.entries(files))
      await writeFile(join(latest, name), text, { mode: 0o600 });
    const iso = join(dir, 'drive.iso');
    const form = '-quiet -ldots -allow-lowercase -allow-multidot -l -J -r -V config-2'.split(' ');
    await run('genisoimage', ['-o', iso, ...form, join(dir, 'root')]);
    return Buffer.from((await promisify(gzip)(await readFile(iso))).toString('base64'));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
