import type { NodeIdentity } from '../core/match.ts';
import { ownAttributes, SELECTOR_KEYS_IN_SITE } from './attributes.ts';
import { globMatches } from './glob.ts';
import type { SiteImage } from './image.ts';
import { cidrContains, parseCidr, parseIpv4 } from './ipv4.ts';
import type { SiteNetwork } from './network.ts';
import type { SiteRole } from './role.ts';
import type { RootDevice } from './root-device.ts';
import { type NodeAttributes, parseSelector, selects } from './selector.ts';
import type { Site, SiteNode } from './site.ts';

/** A network that machines netboot in, and the seed's interface and address that they reach. */
export interface ProvisioningNetwork extends Omit<SiteNetwork, 'interface' | 'address' | 'dhcp'> {
  readonly name: string;
  readonly interface: string;
  /** The seed's own address. */
  readonly address: string;
  readonly prefix: number;
  readonly dhcp: NonNullable<SiteNetwork['dhcp']>;
}

/** The networks that machines netboot in and the seed is in, in the order of the file. Never empty. */
export function provisioningNetworks(site: Site): ProvisioningNetwork[] {
  return Object.entries(site.networks).flatMap(([name, network]) => {
    const { purpose, interface: attached, address, dhcp } = network;
    if (purpose !== 'provisioning' || attached === null || address === null || dhcp === null) return [];
    return [{ ...network, name, interface: attached, address, dhcp, prefix: prefixOf(network) }];
  });
}

/** Networks behind relays, once for each of the seed's addresses that their relays may reach. */
export function relayedNetworks(site: Site): ProvisioningNetwork[] {
  const attached = provisioningNetworks(site);
  return Object.entries(site.networks).flatMap(([name, network]) => {
    const { dhcp } = network;
    if (dhcp?.mode !== 'relayed') return [];
    return attached
      .filter((by) => dhcp.via === null || dhcp.via.includes(by.name))
      .map((by) => {
        const { interface: byInterface, address } = by;
        return { ...network, name, interface: byInterface, address, dhcp, prefix: prefixOf(network) };
      });
  });
}

export const prefixOf = (network: Pick<SiteNetwork, 'cidr'>): number => parseCidr(network.cidr)?.prefix ?? 32;

/** The provisioning network that a node's reserved address is in; the first one when it has none reserved. */
export function provisioningNetworkOf(site: Site, node: Pick<SiteNode, 'address'>): ProvisioningNetwork {
  const networks = [...provisioningNetworks(site), ...relayedNetworks(site)];
  const home =
    node.address === null ? undefined : networks.find((network) => inNetwork(network, node.address));
  const network = home ?? networks[0];
  if (network === undefined) throw new Error('a site without a provisioning network passed the checks');
  return network;
}

/** The seed's address that a machine with this address reaches, in any network of the site; null when none does. */
export function seedAddressFor(site: Site, address: string): string | null {
  const networks = [...Object.values(site.networks), ...relayedNetworks(site)];
  const reachable = networks.filter((network) => network.address !== null);
  return reachable.find((network) => inNetwork(network, address))?.address ?? null;
}

function inNetwork(network: Pick<SiteNetwork, 'cidr'>, address: string | null): boolean {
  const [cidr, number] = [parseCidr(network.cidr), parseIpv4(address ?? '')];
  return cidr !== null && number !== null && cidrContains(cidr, number);
}

/** What holds for one node: its role's values, with its own in their place. */
export interface NodeProfile {
  readonly role: SiteRole;
  readonly image: SiteImage;
  readonly imageName: string;
  /** null: whatever firmware it boots with. */
  readonly bootMode: 'bios' | 'uefi' | null;
  readonly rootDevice: RootDevice | null;
  readonly resourceClass: string;
  readonly traits: readonly string[];
  /** For the ramdisk, the site's console first. */
  readonly kernelArgs: string;
  readonly localDisk: SiteRole['localDisk'];
  /** Whether its firmware starts signed programs only. */
  readonly secureBoot: boolean;
  readonly addressing: 'dhcp' | 'static';
  readonly playbooks: readonly string[];
  /** Who logs in once the image runs. */
  readonly user: string;
}

function nodeRole(site: Site, node: Pick<SiteNode, 'role'>): SiteRole {
  const role = Object.hasOwn(site.roles, node.role) ? site.roles[node.role] : undefined;
  if (role === undefined) throw new Error(`role "${node.role}" passed the checks but is not there`);
  return role;
}

export function nodeProfile(site: Site, node: SiteNode): NodeProfile {
  const role = nodeRole(site, node);
  const image = Object.hasOwn(site.images, role.image) ? site.images[role.image] : undefined;
  if (image === undefined) throw new Error(`image "${role.image}" passed the checks but is not there`);
  return {
    role,
    image,
    imageName: role.image,
    bootMode: node.bootMode ?? role.bootMode,
    rootDevice: node.rootDevice ?? role.rootDevice,
    resourceClass: role.resourceClass,
    traits: [...new Set([...role.traits, ...node.traits])],
    kernelArgs: [`console=${site.ramdisk.console}`, role.kernelArgs, node.kernelArgs]
      .filter(Boolean)
      .join(' '),
    localDisk: node.localDisk ?? role.localDisk,
    secureBoot: node.secureBoot ?? role.secureBoot ?? site.boot.secureBoot,
    addressing: role.addressing,
    playbooks: role.playbooks,
    user: image.user ?? site.access.user,
  };
}

/** What the site file says about who a node is, for core/match.ts; beside it what its BMC and its switch port told. */
export const nodeIdentity = (
  node: Pick<SiteNode, 'name' | 'uuid' | 'serial' | 'macs'> & {
    readonly bmc: { readonly host: string; readonly mac: string | null } | null;
  },
  fromBmc: NodeIdentity['fromBmc'] = null,
  portMacs: readonly string[] = [],
): NodeIdentity => ({
  name: node.name,
  uuid: node.uuid,
  serial: node.serial,
  macs: node.macs,
  bmcHost: node.bmc?.host ?? null,
  bmcMac: node.bmc?.mac ?? null,
  portMacs,
  fromBmc,
});

/** What selectors can ask of a node by the site file alone. Add state, approval and power where they are known. */
export function siteAttributes(site: Site, node: SiteNode): NodeAttributes {
  const fleets = Object.keys(site.fleets).filter((name) => inFleet(site, name, node));
  return {
    ...ownAttributes(site, node),
    fleet: fleets,
    protected: String(isProtected(site, node)),
  };
}

function selectedBySite(site: Site, node: SiteNode, text: string): boolean {
  const selector = parseSelector(text, SELECTOR_KEYS_IN_SITE);
  if (!selector.ok) throw new Error(`selector "${text}" passed the checks: ${selector.reason}`);
  return selects(selector.value, ownAttributes(site, node));
}

export function inFleet(site: Site, fleet: string, node: SiteNode): boolean {
  const selector = Object.hasOwn(site.fleets, fleet) ? site.fleets[fleet]?.nodes : undefined;
  return selector !== undefined && selectedBySite(site, node, selector);
}

/** Whether the site file forbids to wipe it; an operator may have protected it besides. */
export const isProtected = (site: Site, node: SiteNode): boolean =>
  node.protected || site.policies.protect.some((selector) => selectedBySite(site, node, selector));

/** Whether a match of this node is approved without a person. */
export function approvesMatch(site: Site, node: SiteNode): boolean {
  const rule = site.discovery.rules.find(({ nodes }) => selectedBySite(site, node, nodes));
  return (rule?.approve ?? site.discovery.approve) === 'matched';
}

/** Whether a machine with an unknown MAC address gets the discovery ramdisk. */
export const discoversUnknown = (site: Site, mac: string): boolean =>
  site.discovery.unknown === 'discover' &&
  !site.discovery.ignoreMacs.some((pattern) => globMatches(pattern, mac));
