import type { Fault } from './fault.ts';
import { type Cidr, cidrContains, cidrsOverlap, isHostAddress, parseCidr, parseIpv4 } from './ipv4.ts';
import type { SiteNetwork } from './network.ts';
import { inPools } from './pools.ts';
import type { WrittenSite } from './schema.ts';
import type { Path } from './source.ts';

interface NetworkView {
  readonly name: string;
  readonly network: SiteNetwork;
  readonly cidr: Cidr;
}

/** Every address in its network, no two alike, and none reserved in a pool. */
export function addressFaults(site: WrittenSite): Fault[] {
  const networks = Object.entries(site.networks).map(([name, network]): NetworkView => {
    const cidr = parseCidr(network.cidr);
    if (cidr === null) throw new Error(`network "${network.cidr}" passed the schema`);
    return { name, network, cidr };
  });
  return [
    ...provisioningFaults(networks),
    ...networks.flatMap(networkFaults),
    ...overlapFaults(networks),
    ...sameInterfaceFaults(networks),
    ...nodeAddressFaults(site, networks),
    ...metricsFaults(site, networks),
  ];
}

function provisioningFaults(networks: readonly NetworkView[]): Fault[] {
  const provisioning = networks.filter(({ network }) => network.purpose === 'provisioning');
  if (provisioning.some(({ network }) => network.dhcp?.mode !== 'relayed')) return [];
  const message =
    provisioning.length === 0
      ? 'want at least one with "purpose: provisioning": machines netboot in it'
      : 'want a provisioning network that the seed is in: relays reach it there; with "dhcp: { mode: off }" it serves nobody else';
  return [{ path: ['networks'], message }];
}

/** Machines that netboot have no business with the metrics, which nobody needs a password for. */
function metricsFaults({ seed }: WrittenSite, networks: readonly NetworkView[]): Fault[] {
  const address = seed.metrics?.address;
  if (address === undefined) return [];
  const open = networks.find(
    ({ network, cidr }) => network.purpose === 'provisioning' && cidrContains(cidr, numberOf(address)),
  );
  return open
    ? [
        {
          path: ['seed', 'metrics', 'address'],
          message: `${address} is in the provisioning network ${open.name}: nothing but boot services listens there`,
        },
      ]
    : [];
}

function networkFaults({ name, network, cidr }: NetworkView): Fault[] {
  const path = ['networks', name];
  const faults: Fault[] = [];
  for (const key of ['address', 'gateway'] as const) {
    const address = network[key];
    if (address !== null && !isHostAddress(cidr, numberOf(address)))
      faults.push({ path: [...path, key], message: `${address} is no host's address in ${network.cidr}` });
  }
  return faults;
}

const overlapFaults = (networks: readonly NetworkView[]): Fault[] =>
  networks.flatMap((one, index) =>
    networks
      .slice(0, index)
      .filter((other) => cidrsOverlap(one.cidr, other.cidr))
      .map((other) => ({
        path: ['networks', one.name, 'cidr'],
        message: `${one.network.cidr} overlaps with ${other.network.cidr} of "${other.name}"`,
      })),
  );

/** Provisioning networks on one interface are one wire with several subnets; all of it has one DHCP mode. */
const sameInterfaceFaults = (networks: readonly NetworkView[]): Fault[] =>
  networks.flatMap(({ name, network }, index) => {
    const other = networks
      .slice(0, index)
      .find((earlier) => network.interface !== null && earlier.network.interface === network.interface);
    if (other === undefined) return [];
    if (network.purpose !== 'provisioning' || other.network.purpose !== 'provisioning')
      return [
        {
          path: ['networks', name, 'interface'],
          message: `"${other.name}" is on ${network.interface} already`,
        },
      ];
    if (network.dhcp?.mode === other.network.dhcp?.mode) return [];
    const message = `"${other.name}" is on the same wire with mode ${other.network.dhcp?.mode}: one wire has one mode`;
    return [{ path: ['networks', name, 'dhcp', 'mode'], message }];
  });

function nodeAddressFaults(site: WrittenSite, networks: readonly NetworkView[]): Fault[] {
  return site.nodes.flatMap((node, index) => {
    const path: Path = ['nodes', index, 'address'];
    const { address } = node;
    if (address === null) {
      const role = Object.hasOwn(site.roles, node.role) ? site.roles[node.role] : undefined;
      if (role?.addressing !== 'static') return [];
      return [{ path, message: `is missing; role "${node.role}" has static addressing` }];
    }
    return reservedAddressFaults(path, address, networks);
  });
}

function reservedAddressFaults(path: Path, address: string, networks: readonly NetworkView[]): Fault[] {
  const provisioning = networks.filter(({ network }) => network.purpose === 'provisioning');
  if (provisioning.length === 0) return []; // told already
  const home = provisioning.find(({ cidr }) => cidrContains(cidr, numberOf(address)));
  if (home === undefined) {
    const known = provisioning.map(({ network }) => network.cidr).join(' and ');
    return [{ path, message: `${address} is in no provisioning network (${known})` }];
  }
  const { network, cidr, name } = home;
  if (!isHostAddress(cidr, numberOf(address)))
    return [{ path, message: `${address} is no host's address in ${network.cidr}` }];
  if (address === network.address) return [{ path, message: `${address} is the seed's own address` }];
  if (address === network.gateway) return [{ path, message: `${address} is the gateway of "${name}"` }];
  if (!inPools(network, address)) return [];
  return [{ path, message: `${address} is in the pool of "${name}": reserve one outside of it` }];
}

/** Only for addresses that the schema has read. */
const numberOf = (address: string): number => parseIpv4(address) ?? Number.NaN;
