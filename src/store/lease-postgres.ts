import { randomUUID } from 'node:crypto';
import { Client, type ClientBase, Pool } from 'pg';
import type { Lease } from '../core/lease.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { GroupCommit, type Written } from './group-commit.ts';
import { ALL, CHANNEL, CREATE, FORGET, HORIZON, PUT, SINCE, STANDING } from './lease-postgres-sql.ts';
import type { LeaseStore } from './lease-store.ts';

/** How often other seeds' leases are asked for when nothing is heard of them. */
const POLL_MS = 2_000;
const RETRY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A statement that takes longer is given up: machines have asked again by then. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** How often a batch is tried that met another seed's crosswise. */
const TRIES = 5;
const DEADLOCK = '40P01';

/**
 * Opens the lease table of several seeds in a PostgreSQL, and makes it when there is none. What one seed commits the
 * others hear of by NOTIFY, and by looking every other second. A lease that was acknowledged is on the database's disk
 * (synchronous_commit on), so any seed can renew it. Throws E_LEASE_STORE.
 */
export async function openPostgresLeases(url: string): Promise<LeaseStore> {
  const store = new PostgresLeaseStore(url);
  try {
    await store.open();
    return store;
  } catch (error) {
    await store.close();
    throw storeFailed(url, error);
  }
}

class PostgresLeaseStore implements LeaseStore {
  readonly #url: string;
  readonly #pool: Pool;
  /** How this seed knows its own notifications. */
  readonly #seed = randomUUID();
  readonly #commits = new GroupCommit((leases) => this.#write(leases));
  #horizon = '0';
  readonly #watchers: ((leases: readonly Lease[]) => void)[] = [];
  #listener: Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> | null = null;
  #refreshAgain = false;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
    this.#pool = new Pool({
      connectionString: url,
      max: 3,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'blackstart',
    });
    // A connection that breaks is replaced at the next use; who used it hears of it by a failed query.
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  async open(): Promise<void> {
    await this.#transaction((client) => client.query(CREATE));
    this.#horizon = await this.#readHorizon();
  }

  async load(): Promise<readonly Lease[]> {
    try {
      const { rows } = await this.#pool.query<LeaseRow>(ALL);
      return rows.map(leaseOf);
    } catch (error) {
      throw storeFailed(this.#url, error);
    }
  }

  commit(batch: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#commits.commit(batch);
  }

  watch(onChange: (leases: readonly Lease[]) => void): void {
    this.#watchers.push(onChange);
    if (this.#watchers.length > 1) return;
    this.#refreshSoon();
    void this.#listen();
  }

  written(): Written {
    return this.#commits.written();
  }

  async close(): Promise<void> {
    await this.#commits.idle();
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#refreshing;
    await this.#listener?.end().catch(() => {});
    await this.#pool.end();
  }

  /** Writes a batch as one transaction; returns the leases that stand in its way. */
  async #write(batch: readonly Lease[]): Promise<readonly Lease[]> {
    const leases = lastWords(batch);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#transaction((client) => put(client, leases, this.#seed));
      } catch (error) {
        const isDeadlock = error instanceof Error && 'code' in error && error.code === DEADLOCK;
        if (!(isDeadlock || error instanceof HolderGone) || tries === TRIES)
          throw storeFailed(this.#url, error);
      }
    }
  }

  async #transaction<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN; SET LOCAL synchronous_commit = on');
      const result = await work(client);
      await client.query('COMMIT');
      broken = false;
      return result;
    } finally {
      // One that failed within a transaction is not used again.
      client.release(broken);
    }
  }

  async #readHorizon(): Promise<string> {
    const { rows } = await this.#pool.query<{ horizon: string }>(HORIZON);
    return rows[0]?.horizon ?? this.#horizon;
  }

  /** Hears of commits as they happen; when the connection breaks, polling goes on and this is tried again. */
  async #listen(): Promise<void> {
    while (!this.#closed) {
      const client = new Client({
        connectionString: this.#url,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        keepAlive: true,
      });
      const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
      client.on('error', () => {});
      client.on('notification', ({ payload }) => {
        if (payload !== this.#seed) this.#refresh();
      });
      try {
        await client.connect();
        await client.query(`LISTEN ${CHANNEL}`);
        this.#listener = client;
        this.#refresh();
        await ended;
      } catch {
        await client.end().catch(() => {});
      }
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
    }
  }

  #refreshSoon(): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#refresh(), POLL_MS);
    this.#timer.unref();
  }

  #refresh(): void {
    if (this.#closed) return;
    this.#refreshAgain = this.#refreshing !== null;
    this.#refreshing ??= this.#readChanges().finally(() => {
      this.#refreshing = null;
      if (this.#refreshAgain) this.#refresh();
      else this.#refreshSoon();
    });
  }

  /** A database that does not answer is met by the next commit, which says so; this only looks again later. */
  async #readChanges(): Promise<void> {
    try {
      const next = await this.#readHorizon();
      const { rows } = await this.#pool.query<LeaseRow>(SINCE, [this.#horizon, this.#seed]);
      this.#horizon = next;
      const leases = rows.map(leaseOf);
      if (leases.length > 0) for (const watcher of this.#watchers) watcher(leases);
    } catch {
      this.#refreshAgain = false;
    }
  }
}

async function put(client: ClientBase, leases: readonly Lease[], seed: string): Promise<readonly Lease[]> {
  const { rows } = await client.query<{ network: string; address: string }>(PUT, [
    JSON.stringify(leases.map(({ expiresAtMs, ...rest }) => ({ ...rest, expires_at_ms: expiresAtMs }))),
    seed,
  ]);
  const written = new Set(rows.map(keyOf));
  const moved = leases.filter((lease) => lease.state !== 'declined' && written.has(keyOf(lease)));
  await client.query(FORGET, [
    moved.map(({ network }) => network),
    moved.map(({ mac }) => mac),
    moved.map(({ address }) => address),
  ]);
  await client.query('SELECT pg_notify($1, $2)', [CHANNEL, seed]);
  const refused = leases.filter((lease) => !written.has(keyOf(lease)));
  if (refused.length === 0) return [];
  const standing = await client.query<LeaseRow>(STANDING, [
    refused.map(({ network }) => network),
    refused.map(({ address }) => address),
  ]);
  if (standing.rows.length < refused.length) throw new HolderGone();
  return standing.rows.map(leaseOf);
}

/** Who held the address let go of it between two statements: the batch is tried again. */
class HolderGone extends Error {}

/** What a batch comes to: each address's last word, and of a machine that moved within it only where it went. */
function lastWords(batch: readonly Lease[]): Lease[] {
  const byAddress = new Map<string, Lease>();
  const addressOf = new Map<string, string>();
  for (const lease of batch) {
    const key = keyOf(lease);
    const machine = `${lease.network} ${lease.mac}`;
    const earlier = addressOf.get(machine);
    if (lease.state !== 'declined') {
      if (earlier !== undefined && earlier !== key) byAddress.delete(earlier);
      addressOf.set(machine, key);
    } else if (earlier === key) addressOf.delete(machine);
    byAddress.set(key, lease);
  }
  return [...byAddress.values()];
}

const keyOf = ({ network, address }: { network: string; address: string }): string => `${network} ${address}`;

interface LeaseRow extends Omit<Lease, 'expiresAtMs'> {
  readonly expires_at_ms: string;
}

/** bigint comes as text; milliseconds fit a number. */
const leaseOf = ({ expires_at_ms, ...rest }: LeaseRow): Lease => ({
  ...rest,
  expiresAtMs: Number(expires_at_ms),
});

const storeFailed = (url: string, cause: unknown) =>
  new BlackstartError('E_LEASE_STORE', `the lease store in ${shown(url)} failed: ${reasonOf(cause)}`, {
    remedy:
      'Look whether that PostgreSQL runs and lets this seed in; no address is given out until it works. "seed.leases" in site.yaml names it.',
    cause,
  });

/** The URL without its password. */
function shown(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url);
    return `PostgreSQL ${host || searchParams.get('host') || 'here'}${pathname}`;
  } catch {
    return 'PostgreSQL';
  }
}
