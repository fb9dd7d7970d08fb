import { type Clock, systemClock } from '../clock.ts';
import { tooOld } from './ironic-error.ts';
import { type ApiVersions, type Feature, supports } from './microversion.ts';
import { type IronicAccess, type IronicLimits, IronicTransport } from './transport.ts';
import type {
  BootDevice,
  BootDeviceName,
  HistoryEntry,
  IronicNode,
  IronicPort,
  NewNode,
  NewPort,
  PatchOperation,
  PowerTarget,
  ProvisionVerb,
  StoredInventory,
  Validation,
  VerbDetails,
} from './types.ts';

const DEFAULT_LIMITS: IronicLimits = { timeoutMs: 60_000, retryMs: 30_000 };
/** Pages of a list are followed this far: 1000 nodes a page. */
const MOST_PAGES = 1_000;

export interface NodeQuery {
  /** Only these; much quicker for many nodes. */
  readonly fields?: readonly (keyof IronicNode)[];
  readonly provision_state?: string;
  /** Nodes a page; the server's own limit (1000) unless told. */
  readonly limit?: string;
}

/** A client of one Ironic. It connects at the first call, so it may be made before Ironic runs. */
export const openIronic = (
  access: IronicAccess,
  options: { readonly limits?: Partial<IronicLimits>; readonly clock?: Clock } = {},
): Ironic =>
  new Ironic(
    new IronicTransport(access, { ...DEFAULT_LIMITS, ...options.limits }, options.clock ?? systemClock),
  );

/**
 * Ironic's API, as far as Blackstart uses it. Locked nodes (409), a busy conductor (503) and refused connections are
 * tried again for `retryMs`; whatever remains is a BlackstartError E_IRONIC_… with a remedy. What may naturally be
 * absent is null. A `node` argument is its UUID or its name.
 */
export class Ironic {
  readonly #transport: IronicTransport;

  constructor(transport: IronicTransport) {
    this.#transport = transport;
  }

  versions(signal?: AbortSignal): Promise<ApiVersions> {
    return this.#transport.versions(signal);
  }

  /** Every node, page after page. */
  async nodes(query: NodeQuery = {}, signal?: AbortSignal): Promise<IronicNode[]> {
    const { fields, ...filters } = query;
    const path = fields
      ? `/v1/nodes${queryText({ ...filters, fields: fields.join(',') })}`
      : `/v1/nodes/detail${queryText(filters)}`;
    return (await this.#list(path, 'nodes', 'list the nodes', signal)) as IronicNode[];
  }

  async node(node: string, signal?: AbortSignal): Promise<IronicNode | null> {
    const call = { method: 'GET', path: nodePath(node), what: `read node ${node}`, signal } as const;
    return (await this.#transport.find(call)) as IronicNode | null;
  }

  async createNode(node: NewNode, signal?: AbortSignal): Promise<IronicNode> {
    const what = `create node ${node.name}`;
    return (await this.#transport.send({
      method: 'POST',
      path: '/v1/nodes',
      body: node,
      what,
      signal,
    })) as IronicNode;
  }

  /** `resetInterfaces`: with a new driver, every interface becomes that driver's default. */
  async patchNode(
    node: string,
    patch: readonly PatchOperation[],
    options: { readonly resetInterfaces?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<IronicNode> {
    const query = options.resetInterfaces ? '?reset_interfaces=true' : '';
    return (await this.#transport.send({
      method: 'PATCH',
      path: nodePath(node) + query,
      body: patch,
      what: `change node ${node}`,
      signal: options.signal,
    })) as IronicNode;
  }

  /** Forgets the node; its disks stay as they are. False when there was none. */
  deleteNode(node: string, signal?: AbortSignal): Promise<boolean> {
    return this.#transport.remove({ path: nodePath(node), what: `delete node ${node}`, signal });
  }

  /** Asks for a change of state. It is under way when this returns; `untilProvisionState` waits for its end. */
  async setProvisionState(
    node: string,
    verb: ProvisionVerb,
    details: VerbDetails = {},
    signal?: AbortSignal,
  ): Promise<void> {
    if (verb === 'active' && typeof details.configdrive === 'object')
      await this.#need('configDriveObject', signal);
    await this.#put(
      `${nodePath(node)}/states/provision`,
      { target: verb, ...details },
      `${verb} node ${node}`,
      signal,
    );
  }

  async setPowerState(node: string, target: PowerTarget, signal?: AbortSignal): Promise<void> {
    await this.#put(`${nodePath(node)}/states/power`, { target }, `set node ${node} to ${target}`, signal);
  }

  async setBootDevice(
    node: string,
    device: BootDeviceName,
    persistent: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const body = { boot_device: device, persistent };
    await this.#put(
      `${nodePath(node)}/management/boot_device`,
      body,
      `boot node ${node} from ${device}`,
      signal,
    );
  }

  async bootDevice(node: string, signal?: AbortSignal): Promise<BootDevice> {
    const path = `${nodePath(node)}/management/boot_device`;
    const what = `read the boot device of node ${node}`;
    return (await this.#transport.send({ method: 'GET', path, what, signal })) as BootDevice;
  }

  /** Whether everything that each interface needs is there; asks the BMC and the image server too. */
  async validate(node: string, signal?: AbortSignal): Promise<Validation> {
    const path = `${nodePath(node)}/validate`;
    return (await this.#transport.send({
      method: 'GET',
      path,
      what: `validate node ${node}`,
      signal,
    })) as Validation;
  }

  /** Set by hand only: Ironic sets and clears its own (`fault`). Null ends it. */
  async setMaintenance(node: string, reason: string | null, signal?: AbortSignal): Promise<void> {
    const path = `${nodePath(node)}/maintenance`;
    if (reason === null)
      await this.#transport.remove({ path: path, what: `end the maintenance of node ${node}`, signal });
    else await this.#put(path, { reason }, `set node ${node} to maintenance`, signal);
  }

  /** A protected node can be neither undeployed nor rebuilt nor deleted, by no client. Null takes it off. */
  async setProtected(node: string, reason: string | null, signal?: AbortSignal): Promise<void> {
    await this.#need('protected', signal);
    const patch: PatchOperation[] = [{ op: 'replace', path: '/protected', value: reason !== null }];
    if (reason !== null) patch.push({ op: 'add', path: '/protected_reason', value: reason });
    await this.patchNode(node, patch, { signal });
  }

  async ports(node: string, signal?: AbortSignal): Promise<IronicPort[]> {
    const path = `/v1/ports/detail${queryText({ node })}`;
    return (await this.#list(path, 'ports', `list the ports of node ${node}`, signal)) as IronicPort[];
  }

  /** The port with this MAC address, on whichever node. */
  async portByAddress(address: string, signal?: AbortSignal): Promise<IronicPort | null> {
    const path = `/v1/ports/detail${queryText({ address })}`;
    const found = await this.#list(path, 'ports', `look up the port ${address}`, signal);
    return (found[0] as IronicPort | undefined) ?? null;
  }

  async createPort(port: NewPort, signal?: AbortSignal): Promise<IronicPort> {
    const what = `create port ${port.address}`;
    return (await this.#transport.send({
      method: 'POST',
      path: '/v1/ports',
      body: port,
      what,
      signal,
    })) as IronicPort;
  }

  deletePort(uuid: string, signal?: AbortSignal): Promise<boolean> {
    return this.#transport.remove({
      path: `/v1/ports/${encodeURIComponent(uuid)}`,
      what: `delete port ${uuid}`,
      signal,
    });
  }

  async setTraits(node: string, traits: readonly string[], signal?: AbortSignal): Promise<void> {
    await this.#put(`${nodePath(node)}/traits`, { traits }, `set the traits of node ${node}`, signal);
  }

  /** What the last inspection stored; null before the first one. */
  async inventory(node: string, signal?: AbortSignal): Promise<StoredInventory | null> {
    await this.#need('inventory', signal);
    const path = `${nodePath(node)}/inventory`;
    const what = `read the inventory of node ${node}`;
    return (await this.#transport.find({ method: 'GET', path, what, signal })) as StoredInventory | null;
  }

  /** What happened to the node, oldest first: flows of steps, failures, restarts of the conductor. */
  async history(node: string, signal?: AbortSignal): Promise<HistoryEntry[]> {
    await this.#need('history', signal);
    const path = `${nodePath(node)}/history${queryText({ detail: 'true' })}`;
    const entries = (await this.#list(
      path,
      'history',
      `read the history of node ${node}`,
      signal,
    )) as HistoryEntry[];
    return entries.sort((a, b) => a.created_at.localeCompare(b.created_at));
  }

  /**
   * Hands an agent's inventory to the node that waits for it (`inspect wait`), as the agent itself would. In version
   * 1.1 of the API, on purpose: newer ones hand out the agent's token with the answer, after which the agent's own
   * lookup gets none and it locks itself up (ironic 39 `api/controllers/v1/ramdisk.py`).
   */
  async continueInspection(inventory: unknown, signal?: AbortSignal): Promise<string> {
    const answer = await this.#transport.send({
      method: 'POST',
      path: '/v1/continue_inspection',
      body: inventory,
      what: "hand in an agent's inventory",
      signal,
      minor: 1,
      authenticate: false,
    });
    return (answer as { uuid: string }).uuid;
  }

  async #need(feature: Feature, signal?: AbortSignal): Promise<void> {
    const versions = await this.versions(signal);
    if (!supports(versions, feature)) throw tooOld(feature, versions.minor);
  }

  async #put(path: string, body: unknown, what: string, signal?: AbortSignal): Promise<void> {
    await this.#transport.send({ method: 'PUT', path, body, what, signal });
  }

  /** All pages of a list: each names the next one by a full URL, of which path and query are ours to use. */
  async #list(first: string, key: string, what: string, signal?: AbortSignal): Promise<unknown[]> {
    const items: unknown[] = [];
    let path: string | null = first;
    for (let page = 0; path !== null && page < MOST_PAGES; page++) {
      const answer = (await this.#transport.send({ method: 'GET', path, what, signal })) as Page;
      items.push(...((answer[key] as unknown[] | undefined) ?? []));
      path = answer.next === undefined ? null : pathOf(answer.next);
    }
    return items;
  }
}

type Page = Readonly<Record<string, unknown>> & { readonly next?: string };

const nodePath = (node: string): string => `/v1/nodes/${encodeURIComponent(node)}`;

const queryText = (query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
};

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}
