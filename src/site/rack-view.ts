import { createHash } from 'node:crypto';
import { BlackstartError, EXIT } from '../errors.ts';
import { parseIpv4 } from './ipv4.ts';
import type { SecretRef } from './secret-ref.ts';
import type { Site, SiteBmc, SiteNode } from './site.ts';
import { nodeProfile, prefixOf, provisioningNetworks } from './views.ts';

/** One machine of the virtual rack, as the order list and the labels of a real one would describe it. */
export interface RackMachine {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  readonly uuid: string;
  readonly serial: string;
  readonly mac: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly diskGib: number;
  readonly diskSerial: string;
  readonly behaviours: readonly string[];
  readonly bmc: {
    readonly address: string;
    readonly port: number;
    readonly username: string;
    /** Whoever builds the rack sets this password in the virtual BMC. */
    readonly password: SecretRef;
    readonly mac: string;
  };
}

export interface RackNetworks {
  readonly provisioning: RackNetwork;
  readonly management: RackNetwork;
}

interface RackNetwork {
  readonly seedInterface: string;
  readonly seedAddress: string;
  readonly prefix: number;
}

/**
 * The machines that a rehearsal of this site needs. What the operator typed is taken as it is; the rest of their
 * identity is made from the names, the same each time. Throws E_REHEARSAL when a node cannot be rehearsed.
 */
export function rackMachines(site: Site): RackMachine[] {
  const taken = new Set(site.nodes.flatMap(({ macs, bmc }) => [...macs, ...(bmc?.mac ? [bmc.mac] : [])]));
  return site.nodes.map((node) => {
    const size = Object.hasOwn(site.rehearsal.machines, node.name)
      ? site.rehearsal.machines[node.name]
      : undefined;
    const seed = `${site.site}/${node.name}`;
    const bmc = bmcOf(node);
    return {
      name: node.name,
      firmware: nodeProfile(site, node).bootMode ?? 'bios',
      uuid: node.uuid ?? madeUuid(seed),
      serial: node.serial ?? `VR${digest(seed, 'serial').slice(0, 8).toUpperCase()}`,
      mac: node.macs[0] ?? madeMac(seed, 'nic', taken),
      cpus: size?.cpus ?? site.rehearsal.cpus,
      memoryMib: size?.memoryMib ?? site.rehearsal.memoryMib,
      diskGib: size?.diskGib ?? site.rehearsal.diskGib,
      diskSerial: `disk-${digest(seed, 'disk').slice(0, 12)}`, // virtio-blk shows 20 characters at most
      behaviours: size?.behaviours ?? [],
      bmc: {
        address: bmc.host,
        port: bmc.port,
        username: bmc.username,
        password: bmc.password,
        mac: bmc.mac ?? madeMac(seed, 'bmc', taken),
      },
    };
  });
}

/** The two networks of the virtual rack. Throws E_REHEARSAL unless the seed is attached to one of each kind. */
export function rackNetworks(site: Site): RackNetworks {
  const [provisioning] = provisioningNetworks(site);
  const management = Object.values(site.networks).find(
    (network) => network.purpose === 'management' && network.interface !== null && network.address !== null,
  );
  if (provisioning === undefined || !management?.interface || !management.address)
    throw cannotRehearse(
      'the virtual rack needs a management network with the interface and address of the seed',
    );
  return {
    provisioning: {
      seedInterface: provisioning.interface,
      seedAddress: provisioning.address,
      prefix: provisioning.prefix,
    },
    management: {
      seedInterface: management.interface,
      seedAddress: management.address,
      prefix: prefixOf(management),
    },
  };
}

function bmcOf(node: SiteNode): SiteBmc {
  const { bmc, name } = node;
  if (bmc === null)
    throw cannotRehearse(`node "${name}" has no BMC, and nobody stands there to switch it on`);
  if (bmc.protocol !== 'redfish')
    throw cannotRehearse(`the virtual BMC of node "${name}" speaks Redfish only`);
  if (!bmc.address.startsWith('https:'))
    throw cannotRehearse(`the virtual BMC of node "${name}" speaks HTTPS only`);
  if (parseIpv4(bmc.host) === null)
    throw cannotRehearse(`the BMC of node "${name}" is given by name, and a virtual rack has no DNS`);
  return bmc;
}

const cannotRehearse = (message: string) =>
  new BlackstartError('E_REHEARSAL', message, {
    remedy: 'Rehearse a copy of the site in which that is given; inventories/lab/site.yaml is an example.',
    exitCode: EXIT.usage,
  });

const digest = (seed: string, what: string): string =>
  createHash('sha256').update(`${seed}/${what}`).digest('hex');

/** RFC 9562 §5.8: version 8 is for UUIDs that are made from something of one's own. */
function madeUuid(seed: string): string {
  const hex = digest(seed, 'uuid');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** Under QEMU's own prefix, and unlike all that are taken; takes it. */
function madeMac(seed: string, what: string, taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const octets = digest(seed, `${what}/${attempt}`).slice(0, 6).match(/../g) ?? [];
    const mac = ['52', '54', '00', ...octets].join(':');
    if (taken.has(mac)) continue;
    taken.add(mac);
    return mac;
  }
}
