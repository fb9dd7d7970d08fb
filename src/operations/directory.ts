import type { BootIntent, BootNode } from '../core/boot-node.ts';
import type { NodeIdentity } from '../core/match.ts';
import { isFromPort } from '../core/switch-port.ts';
import type { Site, SiteNode } from '../site/site.ts';
import { nodeIdentity, nodeProfile } from '../site/views.ts';
import type { NodeBook } from '../store/node-book.ts';
import type { RelayInformation } from '../wire/dhcp-relay-information.ts';

/** Which node a MAC or a UUID is, as the book was at a revision. */
interface MachineIndex {
  readonly revision: number;
  readonly macs: ReadonlyMap<string, string>;
  readonly uuids: ReadonlyMap<string, string>;
}

/** The site's nodes by what the boot servers see of a machine: its MAC. Asked for every packet, so all in memory. */
export class NodeDirectory {
  readonly #site: Site;
  readonly #book: NodeBook;
  readonly #byName: ReadonlyMap<string, SiteNode>;
  readonly #byAddress: ReadonlyMap<string, SiteNode>;
  readonly #typedMacs: ReadonlyMap<string, string>;
  /** The MAC that last netbooted by each node's switch port, and the same the other way round. */
  readonly #portMacs = new Map<string, string>();
  #byPortMac: ReadonlyMap<string, string> = new Map();
  readonly #poolNodes: number;
  #index: MachineIndex = { revision: -1, macs: new Map(), uuids: new Map() };
  readonly #undercloudIntent: (mac: string) => BootIntent | null;

  /** `undercloudIntent` looks whether Ironic has written a boot file for the MAC at this moment. */
  constructor(site: Site, book: NodeBook, undercloudIntent: (mac: string) => BootIntent | null) {
    this.#site = site;
    this.#book = book;
    this.#undercloudIntent = undercloudIntent;
    this.#poolNodes = site.nodes.filter((node) => node.address === null).length;
    this.#byName = new Map(site.nodes.map((node) => [node.name, node]));
    this.#byAddress = new Map(
      site.nodes.flatMap((node) =>
        [node.address, node.address6].flatMap((address) =>
          address === null ? [] : [[address, node] as const],
        ),
      ),
    );
    this.#typedMacs = new Map(
      site.nodes.flatMap((node) => node.macs.map((mac) => [mac, node.name] as const)),
    );
  }

  /** By the MACs that were typed, then those an agent found, then those a BMC told. */
  nameByMac(mac: string): string | null {
    return this.#upToDate().macs.get(mac) ?? this.#byPortMac.get(mac) ?? null;
  }

  /** Floods of unknown machines ask for every packet: nothing is searched. Made anew when the book has changed. */
  #upToDate(): MachineIndex {
    if (this.#index.revision === this.#book.revision) return this.#index;
    const macs = new Map(this.#typedMacs);
    const uuids = new Map<string, string>();
    const addMac = (mac: string, name: string) => {
      if (!macs.has(mac)) macs.set(mac, name);
    };
    for (const [mac, name] of this.#book.discoveredMacs()) addMac(mac, name);
    for (const [name, node] of this.#byName) {
      for (const mac of this.#book.record(name).bmc?.macs ?? []) addMac(mac, name);
      const uuid = this.#uuidOf(node);
      if (uuid !== null && !uuids.has(uuid)) uuids.set(uuid, name);
    }
    this.#index = { revision: this.#book.revision, macs, uuids };
    return this.#index;
  }

  byMac(mac: string): BootNode | null {
    const name = this.nameByMac(mac);
    const node = name === null ? undefined : this.#byName.get(name);
    return node === undefined ? null : this.#bootNode(node);
  }

  byUuid(uuid: string): BootNode | null {
    const node = this.#byName.get(this.#upToDate().uuids.get(uuid.toLowerCase()) ?? '');
    return node === undefined ? null : this.#bootNode(node);
  }

  /** In memory only: a machine is heard again at its next DHCP message, and its inventory then makes it lasting. */
  byPort(relay: RelayInformation, mac: string): BootNode | null {
    for (const node of this.#byName.values()) {
      if (node.switchPort === null || !isFromPort(relay, node.switchPort)) continue;
      this.#portMacs.set(node.name, mac);
      this.#byPortMac = new Map([...this.#portMacs].map(([name, seen]) => [seen, name]));
      return this.#bootNode(node);
    }
    return null;
  }

  reservedBy(address: string): BootNode | null {
    const node = this.#byAddress.get(address);
    return node === undefined ? null : this.#bootNode(node);
  }

  poolNodes(): number {
    return this.#poolNodes;
  }

  #uuidOf(node: SiteNode): string | null {
    const found =
      node.uuid ??
      this.#book.discoveryOf(node.name)?.identity.systemUuid ??
      this.#book.record(node.name).bmc?.systemUuid;
    return found?.toLowerCase() ?? null;
  }

  /** Ironic's wish comes first: while its boot file is there, nothing else may boot. */
  intentOf(mac: string): BootIntent | null {
    const name = this.nameByMac(mac);
    if (name === null) return null;
    const undercloud = this.#undercloudIntent(mac);
    if (undercloud !== null) return undercloud;
    const intent = this.#book.intentOf(name);
    return intent && { kind: intent.kind, expiresAtMs: intent.endsAtMs, reason: intent.reason };
  }

  macsOf(name: string): string[] {
    const record = this.#book.record(name);
    const found = this.#book.discoveryOf(name)?.identity.macs ?? record.bmc?.macs ?? [];
    return [...new Set([...(this.#byName.get(name)?.macs ?? []), ...found])];
  }

  #bootNode(node: SiteNode): BootNode {
    const profile = nodeProfile(this.#site, node);
    return {
      name: node.name,
      macs: this.macsOf(node.name),
      uuid: this.#uuidOf(node),
      address: node.address,
      address6: node.address6,
      hostname: node.name,
      localDisk: profile.localDisk,
      quirks: node.quirks,
      secureBoot: profile.secureBoot,
      kernelArgs: [profile.role.kernelArgs, node.kernelArgs].filter(Boolean).join(' '),
      approval: this.#book.record(node.name).approval,
    };
  }

  /** Every node as matching wants it: what was typed, and what its BMC told. */
  identities(): NodeIdentity[] {
    return this.#site.nodes.map((node) => {
      const portMac = this.#portMacs.get(node.name);
      return nodeIdentity(node, this.#book.record(node.name).bmc, portMac === undefined ? [] : [portMac]);
    });
  }
}
