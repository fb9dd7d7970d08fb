import { matchMachine } from '../core/match.ts';
import type { Fault } from './fault.ts';
import type { WrittenSite } from './schema.ts';
import { bmcEndpoint } from './site.ts';
import type { Path } from './source.ts';
import { nodeIdentity } from './views.ts';

/** No two nodes that say the same of themselves, and none that no machine could ever be. */
export function identityFaults(site: WrittenSite): Fault[] {
  const nodes = site.nodes.map((node, index) => {
    const endpoint = node.bmc && bmcEndpoint(node.bmc, site.bmcDefaults);
    return { node, path: ['nodes', index] as Path, endpoint };
  });
  const collect = (read: (entry: (typeof nodes)[number]) => readonly [Path, string | null][]) =>
    nodes.flatMap((entry) =>
      read(entry).map(([path, value]) => ({ owner: entry.node.name, path: [...entry.path, ...path], value })),
    );
  return [
    ...twice(collect(({ node }) => [[['name'], node.name]])),
    ...twice(collect(({ node }) => [[['serial'], node.serial?.toLowerCase() ?? null]])),
    ...twice(collect(({ node }) => [[['uuid'], node.uuid]])),
    ...twice(collect(({ node }) => [[['address'], node.address]])),
    ...twice(collect(({ node }) => [[['address6'], node.address6]])),
    ...twice(collect(({ node }) => [[['switchPort'], printPort(node.switchPort)]])),
    ...twice(
      collect(({ node }) => [
        ...node.macs.map((mac, index): [Path, string] => [['macs', index], mac]),
        [['bmc', 'mac'], node.bmc?.mac ?? null],
      ]),
    ),
    ...twice(
      collect(({ node, endpoint }) => [
        [['bmc'], endpoint && [endpoint.address, node.bmc?.systemId ?? ''].join(' ').trim()],
      ]),
    ),
    ...nodes.flatMap(({ node, path, endpoint }) =>
      node.switchPort !== null
        ? []
        : neverMatched({ ...node, bmc: node.bmc && { host: endpoint?.host ?? '', mac: node.bmc.mac } }, path),
    ),
  ];
}

const printPort = (port: WrittenSite['nodes'][number]['switchPort']): string | null =>
  port && [`port ${port.circuitId}`, ...(port.remoteId === null ? [] : [`of ${port.remoteId}`])].join(' ');

interface Claim {
  readonly owner: string;
  readonly path: Path;
  readonly value: string | null;
}

function twice(claims: readonly Claim[]): Fault[] {
  const first = new Map<string, Claim>();
  return claims.flatMap((claim) => {
    if (claim.value === null) return [];
    const earlier = first.get(claim.value);
    if (earlier === undefined) {
      first.set(claim.value, claim);
      return [];
    }
    const owner =
      earlier.owner === claim.owner ? 'stands here twice' : `is that of node "${earlier.owner}" too`;
    return [
      {
        path: claim.path,
        message: claim.path.at(-1) === 'name' ? `"${claim.value}" is used twice` : `${claim.value} ${owner}`,
      },
    ];
  });
}

/** Asks the matcher itself: would a machine that is exactly as the file says be taken for this node? */
function neverMatched(node: Parameters<typeof nodeIdentity>[0], path: Path): Fault[] {
  const identity = nodeIdentity(node);
  const machine = {
    systemUuid: identity.uuid,
    serial: identity.serial,
    macs: identity.macs,
    bmcAddress: identity.bmcHost,
    bmcMac: identity.bmcMac,
  };
  if (matchMachine(machine, [identity]).kind === 'matched') return [];
  const typed = identity.serial ?? identity.uuid;
  return [
    {
      path,
      message:
        typed === null
          ? `no machine can be recognised as "${node.name}": give its serial, uuid, macs, switchPort or bmc`
          : `no machine can be recognised as "${node.name}": ${typed} is a placeholder that many machines have`,
    },
  ];
}
