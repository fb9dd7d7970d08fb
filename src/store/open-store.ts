import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CamelCasePlugin, Kysely, SqliteDialect } from 'kysely';
import { BlackstartError } from '../errors.ts';
import { migrate } from './migrate.ts';
import type { SeedTables } from './schema.ts';

export type SeedDatabase = Kysely<SeedTables>;

export const storeFile = (stateDir: string): string => join(stateDir, 'seed.sqlite');

/**
 * Opens the seed's store, `seed.sqlite` in the state folder (0700), and brings its tables up to date.
 * Every commit is on the disk before its promise resolves (WAL, synchronous=FULL).
 */
export async function openStore(stateDir: string): Promise<SeedDatabase> {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const file = storeFile(stateDir);
    const sqlite = new Database(file);
    chmodSync(file, 0o600);
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('busy_timeout = 5000');
    const database = new Kysely<SeedTables>({
      dialect: new SqliteDialect({ database: sqlite }),
      plugins: [new CamelCasePlugin()],
    });
    await migrate(database);
    return database;
  } catch (cause) {
    throw new BlackstartError('E_STORE', `cannot open the store in ${stateDir}: ${String(cause)}`, {
      remedy:
        'The folder must exist, be writable and have free space; "seed.stateDir" in site.yaml names it.',
      cause,
    });
  }
}

/**
 * Takes the store for this process alone, for as long as it lives: there is never a second writer or a second
 * reconciler. The kernel drops the lock when the process dies, however it dies.
 */
export function lockStore(stateDir: string): { release(): void } {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const lock = new Database(join(stateDir, 'lock.sqlite'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new BlackstartError('E_STORE_LOCKED', `another Blackstart works on ${stateDir}`, {
      remedy:
        'It is "blackstart serve" most likely; commands reach it by its socket. Stop it first to work without it.',
      cause,
    });
  }
  return { release: () => lock.close() };
}
