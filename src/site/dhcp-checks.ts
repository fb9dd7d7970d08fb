import type { Fault } from './fault.ts';
import {
  type Cidr,
  cidrContains,
  isHostAddress,
  parseCidr,
  parseIpv4,
  printIpv4,
  type Range,
} from './ipv4.ts';
import type { SiteNetwork } from './network.ts';
import { inRange, poolsOf, rangeOf, typedPools } from './pools.ts';
import type { WrittenSite } from './schema.ts';
import type { Path } from './source.ts';
import { didYouMean } from './wording.ts';

/** Pools that can be given out as they stand, relays that reach the seed, and routers that are there. */
export const dhcpFaults = (site: WrittenSite): Fault[] =>
  Object.entries(site.networks).flatMap(([name, network]) => {
    const cidr = parseCidr(network.cidr);
    if (cidr === null) throw new Error(`network "${network.cidr}" passed the schema`);
    const path: Path = ['networks', name];
    return [
      ...poolFaults(network, cidr, [...path, 'dhcp']),
      ...routeFaults(network, cidr, path),
      ...optionFaults(network, [...path, 'dhcp', 'options']),
      ...relayFaults(site, name, network),
      ...purposeFaults(site, name, network),
    ];
  });

/** Told only where another network is for provisioning: else that is what is wrong. */
const purposeFaults = ({ networks }: WrittenSite, name: string, network: SiteNetwork): Fault[] =>
  network.dhcp === null ||
  network.purpose === 'provisioning' ||
  !Object.values(networks).some(({ purpose }) => purpose === 'provisioning')
    ? []
    : [{ path: ['networks', name, 'dhcp'], message: 'the seed serves DHCP in provisioning networks only' }];

const printRange = ({ start, end }: Range): string =>
  start === end ? printIpv4(start) : `${printIpv4(start)}-${printIpv4(end)}`;

function poolFaults(network: SiteNetwork, cidr: Cidr, path: Path): Fault[] {
  const poolPath = [...path, 'pool'];
  const typed = typedPools(network);
  const outside = typed.filter(({ start, end }) => !isHostAddress(cidr, start) || !isHostAddress(cidr, end));
  if (outside.length > 0)
    return outside.map((range) => ({
      path: poolPath,
      message: `${printRange(range)} is not inside ${network.cidr}`,
    }));
  const given = poolsOf(network);
  if (typed.length > 0 && given.length === 0)
    return [{ path: poolPath, message: 'nothing of it is left: all is excluded' }];
  return [
    ...typed.flatMap((range, index) =>
      typed
        .slice(0, index)
        .filter((other) => range.start <= other.end && other.start <= range.end)
        .map((other) => ({
          path: poolPath,
          message: `${printRange(range)} overlaps with ${printRange(other)}`,
        })),
    ),
    ...hostsOf(network).flatMap(([what, address]) =>
      given.some((range) => inRange(range, parseIpv4(address) ?? Number.NaN))
        ? [{ path: poolPath, message: `holds ${what} ${address}: it would be leased to a machine` }]
        : [],
    ),
    ...excludeFaults(network, typed, path),
  ];
}

/** Addresses of the network that are somebody's already, as the site says. */
const hostsOf = (network: SiteNetwork): [what: string, address: string][] => [
  ...(network.address === null ? [] : [["the seed's own address", network.address] as [string, string]]),
  ...(network.gateway === null ? [] : [['the gateway', network.gateway] as [string, string]]),
  ...network.dns.map((address): [string, string] => ['the DNS server', address]),
  ...network.ntp.map((address): [string, string] => ['the time server', address]),
  ...network.routes.map(({ via }): [string, string] => ['the router', via]),
];

function excludeFaults({ dhcp }: SiteNetwork, typed: readonly Range[], path: Path): Fault[] {
  if (dhcp === null || !('exclude' in dhcp)) return [];
  return dhcp.exclude.flatMap((exclusion, index) => {
    const range = rangeOf(exclusion);
    if (typed.some(({ start, end }) => range.start <= end && start <= range.end)) return [];
    return [
      { path: [...path, 'exclude', index], message: `${printRange(range)} is in no range of the pool` },
    ];
  });
}

const routeFaults = ({ routes, cidr }: SiteNetwork, parsed: Cidr, path: Path): Fault[] =>
  routes.flatMap(({ via }, index) =>
    cidrContains(parsed, parseIpv4(via) ?? Number.NaN)
      ? []
      : [{ path: [...path, 'routes', index, 'via'], message: `${via} is not in ${cidr}` }],
  );

function optionFaults({ dhcp }: SiteNetwork, path: Path): Fault[] {
  if (dhcp === null || !('options' in dhcp)) return [];
  const codes = dhcp.options.map(({ code }) => code);
  return codes.flatMap((code, index) =>
    codes.indexOf(code) === index
      ? []
      : [{ path: [...path, index, 'code'], message: `option ${code} stands here twice` }],
  );
}

/** Machines behind relays load their files from an address of the seed, so that network must be one it serves. */
function relayFaults({ networks }: WrittenSite, name: string, { dhcp }: SiteNetwork): Fault[] {
  if (dhcp?.mode !== 'relayed') return [];
  const served = Object.entries(networks).filter(
    ([, network]) => network.purpose === 'provisioning' && network.dhcp?.mode !== 'relayed',
  );
  const path: Path = ['networks', name, 'dhcp', 'via'];
  return (dhcp.via ?? []).flatMap((via, index) => {
    if (served.some(([known]) => known === via)) return [];
    const names = served.map(([known]) => known);
    const hint = didYouMean(via, names) || (names.length > 0 ? `; there are ${names.join(', ')}` : '');
    return [
      { path: [...path, index], message: `"${via}" is no provisioning network that the seed is in${hint}` },
    ];
  });
}
