import type { Fault } from './fault.ts';
import { cidr6Contains, range6Contains } from './ipv6.ts';
import type { SiteNetwork6 } from './network6.ts';
import type { WrittenSite } from './schema.ts';
import type { Path } from './source.ts';

/** Every IPv6 address in its network, and none of the fixed ones in a pool. */
export function address6Faults(site: WrittenSite): Fault[] {
  const networks = Object.entries(site.networks).flatMap(([name, { ipv6 }]) =>
    ipv6 ? [{ name, ipv6 }] : [],
  );
  return [
    ...networks.flatMap(({ name, ipv6 }) => network6Faults(['networks', name, 'ipv6'], ipv6)),
    ...site.nodes.flatMap(({ address6 }, index) =>
      address6 === null ? [] : reservedFaults(['nodes', index, 'address6'], address6, networks),
    ),
  ];
}

function network6Faults(path: Path, { cidr, address, dhcp }: SiteNetwork6): Fault[] {
  const faults: Fault[] = [];
  if (!cidr6Contains(cidr, address))
    faults.push({ path: [...path, 'address'], message: `${address} is not in ${cidr}` });
  if (dhcp.mode !== 'authoritative') return faults;
  const { start, end } = dhcp.pool;
  const poolPath = [...path, 'dhcp', 'pool'];
  if (!cidr6Contains(cidr, start) || !cidr6Contains(cidr, end))
    faults.push({ path: poolPath, message: `${start}-${end} is not inside ${cidr}` });
  if (range6Contains(dhcp.pool, address))
    faults.push({
      path: poolPath,
      message: `holds the seed's own address ${address}: it would be leased to a machine`,
    });
  return faults;
}

function reservedFaults(
  path: Path,
  address: string,
  networks: readonly { readonly name: string; readonly ipv6: SiteNetwork6 }[],
): Fault[] {
  const home = networks.find(({ ipv6 }) => cidr6Contains(ipv6.cidr, address));
  if (home === undefined) {
    const known = networks.map(({ ipv6 }) => ipv6.cidr).join(' and ') || 'none has "ipv6"';
    return [{ path, message: `${address} is in no provisioning network (${known})` }];
  }
  const { name, ipv6 } = home;
  if (address === ipv6.address) return [{ path, message: `${address} is the seed's own address` }];
  if (ipv6.dhcp.mode !== 'authoritative' || !range6Contains(ipv6.dhcp.pool, address)) return [];
  return [{ path, message: `${address} is in the pool of "${name}": reserve one outside of it` }];
}
