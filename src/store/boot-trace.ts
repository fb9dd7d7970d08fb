import type { Clock } from '../clock.ts';
import { EventQuota, type LeftOut, QUOTA_RULES } from '../core/event-quota.ts';
import type { Log } from '../log.ts';
import type { SeedDatabase } from './open-store.ts';
import { RecentEvents } from './recent-events.ts';
import { bounded, type TraceEvent, type TraceRow } from './trace-event.ts';
import { TraceWriter } from './trace-writer.ts';

/** How often a flood is summed up. */
const SUMMARY_MS = 10_000;
/** Rows read back at a start at most: the newest. */
const LOADED_ROWS = 20_000;

interface TraceParts {
  readonly database: SeedDatabase;
  /** The database's file, which the writer opens for itself. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The boot trace: recent events in memory for decisions, all that are kept in the store, written in batches by a
 * worker thread. A flood leaves summaries instead of rows. A crash loses a quarter of a second of it at most.
 */
export class BootTrace {
  readonly #parts: TraceParts;
  readonly #writer: TraceWriter;
  readonly #quota: EventQuota;
  readonly #recent = new RecentEvents();
  #summary: NodeJS.Timeout | null = null;

  private constructor(parts: TraceParts) {
    this.#parts = parts;
    this.#writer = new TraceWriter(parts.file, parts.clock, parts.log);
    this.#quota = new EventQuota(QUOTA_RULES, parts.clock.nowMs());
  }

  static async load(parts: TraceParts, sinceMs: number): Promise<BootTrace> {
    const trace = new BootTrace(parts);
    const rows = await parts.database
      .selectFrom('bootEvents')
      .selectAll()
      .where('atMs', '>=', sinceMs)
      .orderBy('id', 'desc')
      .limit(LOADED_ROWS)
      .execute();
    for (const { id: _, ...event } of rows.reverse()) trace.#recent.add(event);
    return trace;
  }

  /** Takes an event. False when there are too many like it: then it is only counted. */
  add(event: TraceEvent & { network: string }): boolean {
    const { clock } = this.#parts;
    const mac = event.mac === '' ? null : event.mac;
    if (!this.#quota.admit(mac === null ? { ...event, mac } : event, clock.nowMs())) {
      this.#summary ??= setTimeout(() => this.#sumUp(), SUMMARY_MS).unref();
      return false;
    }
    this.#keep(bounded(event));
    return true;
  }

  /** What these NICs did since a moment, oldest first. */
  since(macs: readonly string[], sinceMs: number): TraceEvent[] {
    return macs
      .flatMap((mac) => this.#recent.of(mac))
      .filter((event) => event.atMs >= sinceMs)
      .sort((a, b) => a.atMs - b.atMs);
  }

  /** The last event of each machine in memory, newest first. */
  lastSeen(): TraceEvent[] {
    return this.#recent.last().sort((a, b) => b.atMs - a.atMs);
  }

  /** What is kept of these NICs after a row, oldest first, from the store: the newest `limit` of it. */
  async history(macs: readonly string[], afterId = 0, limit = 1_000): Promise<TraceRow[]> {
    await this.flush();
    const rows = await this.#parts.database
      .selectFrom('bootEvents')
      .selectAll()
      .where('mac', 'in', [...macs])
      .where('id', '>', afterId)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    return rows.reverse();
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  close(): Promise<void> {
    this.#sumUp();
    return this.#writer.close();
  }

  #keep(event: TraceEvent): void {
    this.#recent.add(event);
    this.#writer.add(event);
  }

  #sumUp(): void {
    if (this.#summary) clearTimeout(this.#summary);
    this.#summary = null;
    for (const left of this.#quota.takeLeftOut()) {
      const summary = summaryOf(left);
      this.#parts.log.info(
        { mac: left.mac, node: left.node, stage: left.stage, decision: left.decision, events: left.count },
        'boot events summed up',
      );
      this.#keep(summary);
    }
  }
}

function summaryOf({ count, firstAtMs, lastAtMs, mac, ...left }: LeftOut): TraceEvent {
  const seconds = Math.max(1, Math.round((lastAtMs - firstAtMs) / 1000));
  const whose = mac === null ? ' of unknown machines' : '';
  return {
    ...left,
    mac: mac ?? '',
    reason: `${count} more like it${whose} in ${seconds} s, summed up`,
    atMs: lastAtMs,
    startedAtMs: firstAtMs,
    ...{ file: null, bytes: null, arch: null, message: null, xid: null, status: null, resends: null },
    repeats: count,
  };
}
