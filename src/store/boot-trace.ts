import type { Log } from '../log.ts';
import type { SeedDatabase } from './open-store.ts';

/** One thing a machine did on its way from power-on to login, as the seed saw it. */
export interface TraceEvent {
  readonly mac: string;
  readonly node: string | null;
  readonly stage: string;
  readonly decision: string;
  readonly reason: string;
  readonly atMs: number;
}

const FLUSH_MS = 250;
/** Kept in memory for each MAC; the store keeps all. */
const RECENT = 200;
const MACS_IN_MEMORY = 5_000;

/**
 * The boot trace: recent events in memory for decisions, all of them in the store, written in batches so that the
 * packet loop never waits. A crash loses a quarter of a second of it at most.
 */
export class BootTrace {
  readonly #database: SeedDatabase;
  readonly #log: Log;
  readonly #recent = new Map<string, TraceEvent[]>();
  #pending: TraceEvent[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  private constructor(database: SeedDatabase, log: Log) {
    this.#database = database;
    this.#log = log;
  }

  static async load(database: SeedDatabase, log: Log, sinceMs: number): Promise<BootTrace> {
    const trace = new BootTrace(database, log);
    const rows = await database
      .selectFrom('bootEvents')
      .selectAll()
      .where('atMs', '>=', sinceMs)
      .orderBy('id')
      .execute();
    for (const { id: _, ...event } of rows) trace.#remember(event);
    return trace;
  }

  add(event: TraceEvent): void {
    this.#remember(event);
    this.#pending.push(event);
    this.#timer ??= setTimeout(() => this.#startWriting(), FLUSH_MS);
  }

  /** What these NICs did since a moment, oldest first. */
  since(macs: readonly string[], sinceMs: number): TraceEvent[] {
    return macs
      .flatMap((mac) => this.#recent.get(mac) ?? [])
      .filter((event) => event.atMs >= sinceMs)
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** Everything ever seen of these NICs, oldest first, from the store. */
  async history(macs: readonly string[], limit = 1_000): Promise<TraceEvent[]> {
    await this.flush();
    const rows = await this.#database
      .selectFrom('bootEvents')
      .selectAll()
      .where('mac', 'in', [...macs])
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse().map(({ id: _, ...event }) => event);
  }

  async flush(): Promise<void> {
    this.#startWriting();
    await this.#writing;
  }

  #remember(event: TraceEvent): void {
    const events = this.#recent.get(event.mac) ?? [];
    events.push(event);
    if (events.length > RECENT) events.shift();
    if (!this.#recent.has(event.mac) && this.#recent.size >= MACS_IN_MEMORY) {
      this.#recent.delete(this.#recent.keys().next().value ?? '');
    }
    this.#recent.set(event.mac, events);
  }

  #startWriting(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#pending;
    if (batch.length === 0) return;
    this.#pending = [];
    this.#writing = this.#writing.then(() => this.#write(batch));
  }

  async #write(batch: readonly TraceEvent[]): Promise<void> {
    try {
      await this.#database
        .insertInto('bootEvents')
        .values([...batch])
        .execute();
    } catch (error) {
      this.#log.error({ error, lost: batch.length }, 'boot trace not written');
    }
  }
}
