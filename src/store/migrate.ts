import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('nodes')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('approval', 'text', (c) => c.notNull())
      .addColumn('approved_by', 'text')
      .addColumn('approved_at_ms', 'integer')
      .addColumn('discovery_id', 'text', (c) => c.unique())
      .addColumn('bmc_json', 'text')
      .addColumn('login_json', 'text')
      .execute();
    await db.schema
      .createTable('discoveries')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('identity_json', 'text', (c) => c.notNull())
      .addColumn('inventory_json', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('first_seen_at_ms', 'integer', (c) => c.notNull())
      .addColumn('last_seen_at_ms', 'integer', (c) => c.notNull())
      .addColumn('conflict', 'text')
      .execute();
    await db.schema
      .createTable('intents')
      .addColumn('node', 'text', (c) => c.primaryKey())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('ends_at_ms', 'integer', (c) => c.notNull())
      .execute();
    await createJournal(db);
  },
};

async function createJournal(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('operations')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('created_at_ms', 'integer', (c) => c.notNull())
    .addColumn('ended_at_ms', 'integer')
    .addColumn('summary', 'text')
    .execute();
  await db.schema
    .createTable('journal')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('operation', 'integer', (c) => c.notNull())
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('step', 'text', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'integer', (c) => c.notNull())
    .addColumn('detail_json', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('journal_by_node').on('journal').columns(['node', 'step']).execute();
  await db.schema
    .createTable('boot_events')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('mac', 'text', (c) => c.notNull())
    .addColumn('node', 'text')
    .addColumn('stage', 'text', (c) => c.notNull())
    .addColumn('decision', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('at_ms', 'integer', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('boot_events_by_mac').on('boot_events').columns(['mac', 'at_ms']).execute();
  await db.schema
    .createTable('host_keys')
    .addColumn('node', 'text', (c) => c.primaryKey())
    .addColumn('host_key', 'text', (c) => c.notNull())
    .addColumn('recorded_at_ms', 'integer', (c) => c.notNull())
    .execute();
}

/** What a trace tells beside its first columns; and an index by which strangers' events are counted and pruned. */
const networkBoot: Migration = {
  async up(db: Kysely<unknown>) {
    for (const [column, type] of [
      ['network', 'text'],
      ['address', 'text'],
      ['file', 'text'],
      ['message', 'text'],
      ['started_at_ms', 'integer'],
      ['bytes', 'integer'],
      ['arch', 'integer'],
      ['xid', 'integer'],
      ['status', 'integer'],
      ['resends', 'integer'],
    ] as const)
      await db.schema.alterTable('boot_events').addColumn(column, type).execute();
    await db.schema
      .alterTable('boot_events')
      .addColumn('repeats', 'integer', (c) => c.notNull().defaultTo(1))
      .execute();
    await db.schema.createIndex('boot_events_by_node').on('boot_events').columns(['node']).execute();
  },
};

/** Tokens for secrets on the boot path, by their hashes. */
const oneTimeTokens: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('one_time_tokens')
      .addColumn('hash', 'text', (c) => c.primaryKey())
      .addColumn('node', 'text', (c) => c.notNull())
      .addColumn('file', 'text', (c) => c.notNull())
      .addColumn('issued_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addColumn('ended', 'text')
      .addColumn('ended_at_ms', 'integer')
      .execute();
  },
};

/** The store's history, oldest first: a migration that has shipped is never changed. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '2026-11-first-light': first,
  '2026-12-network-boot': networkBoot,
  '2026-12-one-time-tokens': oneTimeTokens,
};

/** Brings a store of any age up to date. Throws what the database threw. */
export async function migrate<T>(database: Kysely<T>): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
