import type { RedfishClient } from './redfish-client.ts';
import {
  idOf,
  isInlined,
  isObject,
  type JsonObject,
  lastOf,
  linkAt,
  normalPath,
  numberAt,
  objectAt,
} from './redfish-json.ts';

/** More than any machine has of anything; a BMC whose pages go on for ever ends here. */
const MAX_MEMBERS = 512;

/** A walk through a BMC's resources that notes what it could not read, and reads nothing twice. */
export class RedfishWalk {
  readonly #client: RedfishClient;
  readonly #seen = new Map<string, JsonObject | null>();
  readonly missing: string[] = [];

  constructor(client: RedfishClient) {
    this.#client = client;
  }

  /** One sentence about what could not be learned of that part, once. */
  note(part: string, sentence: string): void {
    const line = `${part}: ${sentence}`;
    if (!this.missing.includes(line)) this.missing.push(line);
  }

  /** The resource behind a path, and null with a note when it cannot be read. */
  async follow(path: string, part: string): Promise<JsonObject | null> {
    const [resourcePath = path, pointer] = path.split('#');
    const key = normalPath(resourcePath);
    const known = this.#seen.get(key);
    const resource = known === undefined ? await this.#read(resourcePath, part) : known;
    this.#seen.set(key, resource);
    return resource && pointer ? pointedAt(resource, pointer) : resource;
  }

  async #read(path: string, part: string): Promise<JsonObject | null> {
    const read = await this.#client.read(path);
    if (!read.ok) this.note(part, `${path} cannot be read: ${read.reason}`);
    return read.ok ? read.value.body : null;
  }

  /** The resource that `parent[key]` links to or holds inline; null when there is no such link. */
  async at(parent: JsonObject, key: string, part: string): Promise<JsonObject | null> {
    const value = parent[key];
    if (isObject(value) && isInlined(value)) return value;
    const path = linkAt(parent, key);
    return path === null ? null : this.follow(path, part);
  }

  /** The members of the collection that `parent[key]` links to; null with a note when there is no such link. */
  async membersAt(parent: JsonObject, key: string, part: string): Promise<readonly JsonObject[] | null> {
    if (Array.isArray(parent[key])) return this.each(parent[key], part);
    const collection = (await this.#expanded(parent, key)) ?? (await this.at(parent, key, part));
    if (collection) return this.members(collection, part);
    if (linkAt(parent, key) === null) this.note(part, `${idOf(parent) ?? 'the resource'} links to no ${key}`);
    return null;
  }

  /**
   * The collection with its members inlined, where the root says that the BMC can: one answer instead of thirty,
   * at up to a second each on an iDRAC. Null wherever that fails; then the plain way decides.
   */
  async #expanded(parent: JsonObject, key: string): Promise<JsonObject | null> {
    const path = linkAt(parent, key);
    if (path === null || this.#seen.has(normalPath(path))) return null;
    const features = objectAt(await this.#client.root(), 'ProtocolFeaturesSupported');
    if (objectAt(features, 'ExpandQuery')['NoLinks'] !== true) return null;
    const read = await this.#client.read(`${path}?$expand=.($levels=1)`);
    return read.ok && Array.isArray(read.value.body['Members']) ? read.value.body : null;
  }

  /** All members of a collection: inline or behind links, over as many pages as it has (DSP0266 §7.6). */
  async members(first: JsonObject, part: string): Promise<readonly JsonObject[]> {
    const entries: unknown[] = [];
    const pages = new Set<string>();
    for (let page: JsonObject | null = first; page; ) {
      if (Array.isArray(page['Members'])) entries.push(...(page['Members'] as unknown[]));
      const next = linkAt(page, 'Members@odata.nextLink') ?? linkAt(page, '@odata.nextLink');
      if (next === null || pages.has(normalPath(next)) || entries.length >= MAX_MEMBERS) break;
      pages.add(normalPath(next));
      page = await this.follow(next, part);
    }
    const counted = numberAt(first, 'Members@odata.count');
    if (counted !== null && counted > entries.length) {
      this.note(
        part,
        `${idOf(first) ?? 'a collection'} counts ${counted} members and lists ${entries.length}`,
      );
    }
    return this.each(entries.slice(0, MAX_MEMBERS), part);
  }

  /** The resources of a list of links or inlined resources, without those that cannot be read. */
  async each(entries: readonly unknown[], part: string): Promise<readonly JsonObject[]> {
    const resources: JsonObject[] = [];
    for (const entry of entries) {
      const resource = await this.#resolve(entry, part);
      if (resource) resources.push(resource);
    }
    return resources;
  }

  async #resolve(entry: unknown, part: string): Promise<JsonObject | null> {
    if (isObject(entry) && isInlined(entry)) return entry;
    const path = idOf(entry);
    if (path === null) {
      this.note(part, 'a member of a collection has no @odata.id');
      return null;
    }
    const resource = await this.follow(path, part);
    // The name of a resource that has no id of its own is the one it was linked by.
    return resource && idOf(resource) === null
      ? { '@odata.id': path, Id: lastOf(path), ...resource }
      : resource;
  }
}

/** A part of a resource by JSON pointer, RFC 6901: `/StorageControllers/0`. */
function pointedAt(resource: JsonObject, pointer: string): JsonObject | null {
  let value: unknown = resource;
  for (const key of pointer.split('/').filter((step) => step !== '')) {
    value = Array.isArray(value) ? value[Number(key)] : isObject(value) ? value[key] : undefined;
  }
  return isObject(value) ? value : null;
}

const statusOf = (resource: JsonObject): string | null => {
  const state = objectAt(resource, 'Status')['State'] ?? resource['Status']; // `Status` may be a bare string
  return typeof state === 'string' && state !== '' ? state : null;
};

/** An empty slot that has a resource of its own: `Absent`, in every vendor's spelling. */
export const isAbsent = (resource: JsonObject): boolean => statusOf(resource)?.toLowerCase() === 'absent';
