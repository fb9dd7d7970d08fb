import type { Clock } from '../clock.ts';
import type { SeedDatabase } from './open-store.ts';

/** The ssh host key of each node, recorded when it was first met after a deployment. */
export class HostKeys {
  readonly #database: SeedDatabase;
  readonly #clock: Clock;
  readonly #keys: Map<string, string>;

  private constructor(database: SeedDatabase, clock: Clock, keys: Map<string, string>) {
    this.#database = database;
    this.#clock = clock;
    this.#keys = keys;
  }

  static async load(database: SeedDatabase, clock: Clock): Promise<HostKeys> {
    const rows = await database.selectFrom('hostKeys').selectAll().execute();
    return new HostKeys(database, clock, new Map(rows.map((row) => [row.node, row.hostKey])));
  }

  of(node: string): string | null {
    return this.#keys.get(node) ?? null;
  }

  async record(node: string, hostKey: string): Promise<void> {
    if (this.#keys.get(node) === hostKey) return;
    const row = { node, hostKey, recordedAtMs: this.#clock.nowMs() };
    await this.#database
      .insertInto('hostKeys')
      .values(row)
      .onConflict((c) => c.column('node').doUpdateSet(row))
      .execute();
    this.#keys.set(node, hostKey);
  }

  /** A new system is about to be written: it will have a key of its own. */
  async forget(node: string): Promise<void> {
    await this.#database.deleteFrom('hostKeys').where('node', '=', node).execute();
    this.#keys.delete(node);
  }
}
