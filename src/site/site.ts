import type { BmcDefaults, WrittenBmc } from './bmc.ts';
import type { WrittenNode } from './node.ts';
import type { WrittenSite } from './schema.ts';
import type { SecretRef } from './secret-ref.ts';

/** A node's BMC with everything known: the site's defaults are in. */
export interface SiteBmc {
  readonly protocol: BmcDefaults['protocol'];
  /** URL without a path: `https://10.78.0.11`, `ipmi://10.78.0.12:623`. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: SecretRef;
  readonly mac: string | null;
  readonly verifyTls: BmcDefaults['verifyTls'];
  /** Which ComputerSystem of a BMC that has several. */
  readonly systemId: string | null;
}

export type SiteNode = Omit<WrittenNode, 'bmc'> & { readonly bmc: SiteBmc | null };

/** A whole site, checked and complete: nothing past parse-site.ts checks it again. */
export type Site = Omit<WrittenSite, 'nodes' | 'seed' | 'bmcDefaults'> & {
  readonly seed: Omit<WrittenSite['seed'], 'stateDir'> & { readonly stateDir: string };
  readonly nodes: readonly SiteNode[];
};

const DEFAULT_PORT = { 'https:': 443, 'http:': 80, 'ipmi:': 623 } as const;

/** Where a BMC as typed answers. A host alone is https for Redfish and RMCP+ on 623 for IPMI. */
export function bmcEndpoint(bmc: Pick<WrittenBmc, 'address' | 'protocol'>, defaults: BmcDefaults) {
  const protocol = bmc.protocol ?? defaults.protocol;
  const [, scheme, host = '', portText] =
    /^(?:(https?):\/\/)?([^/:]+)(?::(\d+))?\/?$/.exec(bmc.address) ?? [];
  const urlScheme = protocol === 'ipmi' ? ('ipmi:' as const) : scheme === 'http' ? 'http:' : 'https:';
  const port = portText === undefined ? DEFAULT_PORT[urlScheme] : Number(portText);
  const portPart = port === DEFAULT_PORT[urlScheme] ? '' : `:${port}`;
  return {
    protocol,
    host: host.toLowerCase(),
    port,
    address: `${urlScheme}//${host.toLowerCase()}${portPart}`,
  };
}

/** Defaults into every node. Called once the cross-checks found nothing: user name and password are there. */
export function completeSite({ bmcDefaults, ...written }: WrittenSite): Site {
  return {
    ...written,
    seed: { ...written.seed, stateDir: written.seed.stateDir ?? `/var/lib/blackstart/${written.site}` },
    nodes: written.nodes.map((node) => ({ ...node, bmc: node.bmc && completeBmc(node.bmc, bmcDefaults) })),
  };
}

function completeBmc(bmc: WrittenBmc, defaults: BmcDefaults): SiteBmc {
  const username = bmc.username ?? defaults.username;
  const password = bmc.password ?? defaults.password;
  if (username === null || password === null) throw new Error('a BMC without credentials passed the checks');
  return {
    ...bmcEndpoint(bmc, defaults),
    username,
    password,
    mac: bmc.mac,
    verifyTls: bmc.verifyTls ?? defaults.verifyTls,
    systemId: bmc.systemId,
  };
}
