import type { IntentKind } from '../core/boot-node.ts';
import type { MachineIdentity } from '../core/match.ts';
import type { SeedDatabase } from './open-store.ts';

export type Approval = 'pending' | 'approved' | 'rejected';

export interface NodeRecord {
  readonly name: string;
  readonly approval: Approval;
  readonly approvedBy: string | null;
  readonly approvedAtMs: number | null;
  readonly discoveryId: string | null;
  /** What its BMC said of the machine it sits in, as it was read last. */
  readonly bmc: BmcFacts | null;
  /** What the last login found. */
  readonly login: LoginFacts | null;
}

export interface BmcFacts {
  readonly systemUuid: string | null;
  readonly serial: string | null;
  readonly macs: readonly string[];
  readonly power: string;
  readonly readAtMs: number;
}

export interface LoginFacts {
  readonly atMs: number;
  readonly address: string;
  readonly hostname: string;
  readonly systemUuid: string;
  readonly rootDisk: string;
}

export interface Discovery {
  readonly id: string;
  readonly identity: MachineIdentity;
  readonly address: string;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Why it could not be matched, when that is more than "not in the site file". */
  readonly conflict: string | null;
}

export interface Intent {
  readonly node: string;
  readonly kind: IntentKind;
  readonly reason: string;
  readonly createdAtMs: number;
  readonly endsAtMs: number;
}

/**
 * Identity, approval, discoveries and boot intents: read synchronously, for the packet loop asks; written to the
 * store first and to memory only when that is durable.
 */
export class NodeBook {
  readonly #database: SeedDatabase;
  readonly #records = new Map<string, NodeRecord>();
  readonly #discoveries = new Map<string, Discovery>();
  readonly #intents = new Map<string, Intent>();

  #revision = 0;

  private constructor(database: SeedDatabase) {
    this.#database = database;
  }

  /** Reads the store, and gives every node of the site a record. Records of nodes no longer in the site stay. */
  static async load(database: SeedDatabase, names: readonly string[]): Promise<NodeBook> {
    const book = new NodeBook(database);
    for (const row of await database.selectFrom('nodes').selectAll().execute()) {
      const { bmcJson, loginJson, ...rest } = row;
      book.#records.set(row.name, {
        ...rest,
        bmc: parseOrNull<BmcFacts>(bmcJson),
        login: parseOrNull<LoginFacts>(loginJson),
      });
    }
    for (const row of await database.selectFrom('discoveries').selectAll().execute()) {
      const { identityJson, inventoryJson: _, ...rest } = row;
      book.#discoveries.set(row.id, { ...rest, identity: JSON.parse(identityJson) as MachineIdentity });
    }
    for (const row of await database.selectFrom('intents').selectAll().execute())
      book.#intents.set(row.node, row);
    for (const name of names) if (!book.#records.has(name)) await book.#save(emptyRecord(name));
    return book;
  }

  record(name: string): NodeRecord {
    return this.#records.get(name) ?? emptyRecord(name);
  }

  discoveries(): Discovery[] {
    return [...this.#discoveries.values()];
  }

  discoveryOf(name: string): Discovery | null {
    return this.#discoveries.get(this.record(name).discoveryId ?? '') ?? null;
  }

  /** Rises with every change of a record or a discovery, so that others know when to look again. */
  get revision(): number {
    return this.#revision;
  }

  /** The NICs of discovered machines, with their nodes. */
  *discoveredMacs(): Generator<readonly [mac: string, node: string]> {
    for (const { name, discoveryId } of this.#records.values())
      for (const mac of this.#discoveries.get(discoveryId ?? '')?.identity.macs ?? []) yield [mac, name];
  }

  intentOf(name: string): Intent | null {
    return this.#intents.get(name) ?? null;
  }

  async update(name: string, change: Partial<Omit<NodeRecord, 'name'>>): Promise<void> {
    await this.#save({ ...this.record(name), ...change });
  }

  async recordDiscovery(discovery: Discovery, inventory: unknown): Promise<void> {
    const { identity, ...rest } = discovery;
    const row = { ...rest, identityJson: JSON.stringify(identity), inventoryJson: JSON.stringify(inventory) };
    await this.#database
      .insertInto('discoveries')
      .values(row)
      .onConflict((c) => c.column('id').doUpdateSet(row))
      .execute();
    this.#discoveries.set(discovery.id, discovery);
    this.#revision++;
  }

  /** The inventory as the agent posted it, or null. */
  async inventoryOf(discoveryId: string): Promise<unknown> {
    const row = await this.#database
      .selectFrom('discoveries')
      .select('inventoryJson')
      .where('id', '=', discoveryId)
      .executeTakeFirst();
    return row === undefined ? null : JSON.parse(row.inventoryJson);
  }

  async setIntent(intent: Intent): Promise<void> {
    await this.#database
      .insertInto('intents')
      .values(intent)
      .onConflict((c) => c.column('node').doUpdateSet(intent))
      .execute();
    this.#intents.set(intent.node, intent);
  }

  async clearIntent(name: string): Promise<void> {
    if (!this.#intents.has(name)) return;
    await this.#database.deleteFrom('intents').where('node', '=', name).execute();
    this.#intents.delete(name);
  }

  async #save(record: NodeRecord): Promise<void> {
    const { bmc, login, ...rest } = record;
    const row = { ...rest, bmcJson: bmc && JSON.stringify(bmc), loginJson: login && JSON.stringify(login) };
    await this.#database
      .insertInto('nodes')
      .values(row)
      .onConflict((c) => c.column('name').doUpdateSet(row))
      .execute();
    this.#records.set(record.name, record);
    this.#revision++;
  }
}

const parseOrNull = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

const emptyRecord = (name: string): NodeRecord => ({
  name,
  approval: 'pending',
  approvedBy: null,
  approvedAtMs: null,
  discoveryId: null,
  bmc: null,
  login: null,
});
