import { type BootClient, type BootDecision, type BootPolicy, decideBoot } from '../core/boot.ts';
import type { BootNode } from '../core/boot-node.ts';
import type { BootNetwork } from '../core/dhcp-network.ts';
import type { LeaseTable6 } from '../core/dhcp6-lease-table.ts';
import { holds } from '../core/lease.ts';
import type { LeaseTable } from '../core/lease-table.ts';
import { neighbourMac } from '../net/neighbours.ts';
import { inSubnet, parseIpv4 } from '../wire/ipv4.ts';
import { swapUuid } from '../wire/pxe-client.ts';
import type { HeardMachines } from './heard-machines.ts';
import type { BootArtefacts, BootEvent, NetworkBootDeps } from './network-boot.ts';

/** One network as its DHCP, TFTP and HTTP servers share it, by way of one of the seed's addresses. */
export interface BootSegment {
  readonly network: BootNetwork;
  readonly leases: LeaseTable;
  /** Its IPv6 leases; absent where it is served by IPv4 alone. */
  readonly leases6?: LeaseTable6;
  readonly httpUrl: string;
  readonly deps: NetworkBootDeps;
  /** Every segment of this seed, itself too: machines behind relays come to a server of another network. */
  readonly all: readonly BootSegment[];
  /** Whom another server gave an address, for all segments. */
  readonly heard: HeardMachines;
}

/** The segment that a machine's address is in, whichever of the seed's addresses it came to. */
export function segmentOf(segment: BootSegment, address: string): BootSegment {
  const isHome = ({ network }: BootSegment) => inSubnet(address, network.subnet, network.prefixLength);
  if (parseIpv4(address) === null || isHome(segment)) return segment;
  const homes = segment.all.filter(isHome);
  return homes.find(({ network }) => network.address === segment.network.address) ?? homes[0] ?? segment;
}

/** The system UUID that a machine told DHCP, on whichever network. */
export function uuidOf(all: readonly BootSegment[], mac: string): string | null {
  for (const { leases } of all) {
    const uuid = leases.byMac(mac)?.uuid;
    if (uuid) return uuid;
  }
  return all[0]?.heard.uuidOf(mac) ?? null;
}

/** The node by MAC, else by UUID in either byte order: a replaced network card does not make it unknown. */
export function findNode(
  { directory }: Pick<NetworkBootDeps, 'directory'>,
  mac: string,
  uuid: string | null,
): BootNode | null {
  const byMac = directory.byMac(mac);
  if (byMac || uuid === null) return byMac;
  return directory.byUuid(uuid) ?? directory.byUuid(swapUuid(uuid));
}

/** The policy for one machine: the site may name NICs that are nobody's to discover. */
export function policyOf({ deps, httpUrl }: BootSegment, mac: string): BootPolicy {
  const { policy, artefacts } = deps;
  const { rejected, secureBoot, tools, menuSeconds } = policy;
  return {
    httpUrl,
    unknown: policy.discovers(mac) ? 'discover' : 'ignore',
    rejected,
    secureBoot,
    tools,
    menuSeconds,
    raspberryPi: artefacts.raspberryPiDir !== null,
    programs: namesOf(artefacts.programs),
    agentCpus: new Set(artefacts.agent ? ['x86_64'] : []),
  };
}

const nameSets = new WeakMap<BootArtefacts['programs'], ReadonlySet<string>>();

/** The names of programs, made once for each set of them: every packet asks. */
function namesOf(programs: BootArtefacts['programs']): ReadonlySet<string> {
  const known = nameSets.get(programs);
  if (known) return known;
  const names = new Set(Object.keys(programs));
  nameSets.set(programs, names);
  return names;
}

/** Asks the one boot decision about a machine on this network. */
export function decide(segment: BootSegment, client: BootClient, node: BootNode | null): BootDecision {
  const { deps } = segment;
  const intent = deps.directory.intentOf(client.mac);
  return decideBoot(client, node, intent, policyOf(segment, client.mac), deps.clock.nowMs());
}

/**
 * The MAC that has an address now: by our own leases; where another server gives them, by who answers for it on the
 * wire, else by what was heard.
 */
export function macOf(segment: BootSegment, address: string): string | null {
  const nowMs = segment.deps.clock.nowMs();
  const lease6 = segment.leases6?.byAddress(address);
  // OVMF gives an IPv6 address back while it still loads a file by it; nobody else gets it as long as others are free.
  if (lease6?.mac.includes(':') && lease6.state !== 'declined' && nowMs < lease6.expiresAtMs)
    return lease6.mac;
  const { network, leases, heard } = segmentOf(segment, address);
  const lease = leases.byAddress(address);
  if (lease && lease.state === 'bound' && holds(lease, nowMs)) return lease.mac;
  if (network.mode === 'authoritative' || network.mode === 'relayed') return null;
  return neighbourMac(address, network.interface) ?? heard.macOf(address);
}

type EventFacts = Pick<BootEvent, 'stage' | 'decision' | 'reason' | 'mac' | 'address'> & Partial<BootEvent>;

/** Tells the rest of the product what a machine did: it counts it, and keeps and logs what is not a flood. */
export function reportEvent({ deps, network }: BootSegment, facts: EventFacts): void {
  const atMs = deps.clock.nowMs();
  const { mac } = facts;
  const event: BootEvent = {
    atMs,
    startedAtMs: atMs,
    network: network.name,
    node: facts.node === undefined && mac !== null ? deps.directory.nameByMac(mac) : null,
    bytes: null,
    arch: null,
    message: null,
    xid: null,
    status: null,
    resends: null,
    ...facts,
    file: facts.file?.replace(/\?.*/s, '') ?? null, // a query may hold a token
  };
  deps.onEvent(event);
}
