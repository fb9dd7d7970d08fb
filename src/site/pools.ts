import { parseIpv4, type Range, rangeWithout } from './ipv4.ts';
import type { SiteNetwork } from './network.ts';

type Leased = Pick<SiteNetwork, 'dhcp'>;

/** The pool's ranges as they are typed; none where the seed gives out no addresses. */
export const typedPools = ({ dhcp }: Leased): Range[] =>
  dhcp !== null && 'pool' in dhcp ? dhcp.pool.map(rangeOf) : [];

/** What is given out: the pool without its exclusions. */
export function poolsOf(network: Leased): Range[] {
  const { dhcp } = network;
  if (dhcp === null || !('pool' in dhcp)) return [];
  const taken = dhcp.exclude.map(rangeOf);
  return typedPools(network).flatMap((range) => rangeWithout(range, taken));
}

export const inPools = (network: Leased, address: string): boolean =>
  poolsOf(network).some((range) => inRange(range, numberOf(address)));

export const inRange = ({ start, end }: Range, address: number): boolean =>
  address >= start && address <= end;

/** Only for what the schema has read. */
export const rangeOf = ({ start, end }: { start: string; end: string }): Range => ({
  start: numberOf(start),
  end: numberOf(end),
});

const numberOf = (address: string): number => parseIpv4(address) ?? Number.NaN;
