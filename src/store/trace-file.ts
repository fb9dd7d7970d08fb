import Database from 'better-sqlite3';
import type { TraceEvent } from './trace-event.ts';

/** How much of the trace is kept. Told in docs/booting.md. */
export const KEPT = {
  days: 90,
  eventsOfNodes: 200_000,
  eventsOfStrangers: 50_000,
  eventsOfOneMachine: 2_000,
  /** Renewals by systems that run: one every half an hour and machine. */
  renewalDays: 2,
};

export type KeptRules = typeof KEPT;

/** Event → column, in the order in which a batch carries them. */
const COLUMNS = {
  mac: 'mac',
  node: 'node',
  stage: 'stage',
  decision: 'decision',
  reason: 'reason',
  atMs: 'at_ms',
  startedAtMs: 'started_at_ms',
  network: 'network',
  address: 'address',
  file: 'file',
  bytes: 'bytes',
  arch: 'arch',
  message: 'message',
  xid: 'xid',
  status: 'status',
  resends: 'resends',
  repeats: 'repeats',
} as const satisfies Record<keyof TraceEvent, string>;

/** One row as it goes to the worker: an array costs half of what an object costs to copy between threads. */
export type PackedEvent = readonly (string | number | null)[];

const KEYS = Object.keys(COLUMNS) as (keyof TraceEvent)[];

export const packEvent = (event: TraceEvent): PackedEvent => KEYS.map((key) => event[key]);

const DAY_MS = 24 * 3600_000;
/** Rows that one transaction removes: the store's other writers wait that long. */
const CHUNK = 2_000;

export interface TraceFile {
  write(batch: readonly PackedEvent[]): void;
  /** Removes what is older or more than is kept; returns how many rows. */
  prune(nowMs: number): number;
  close(): void;
}

/**
 * The trace's own connection to the store. It does not wait for the disk (synchronous=NORMAL): a power cut may lose
 * the last seconds of the trace, and nothing else.
 */
export function openTraceFile(file: string, kept: KeptRules = KEPT): TraceFile {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('busy_timeout = 5000');
  const columns = Object.values(COLUMNS);
  const insert = database.prepare(
    `insert into boot_events (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
  );
  const writeAll = database.transaction((batch: readonly PackedEvent[]) => {
    for (const row of batch) insert.run(...row);
  });
  return {
    write: (batch) => writeAll(batch),
    prune: (nowMs) => prune(database, kept, nowMs),
    close: () => void database.close(),
  };
}

function prune(database: Database.Database, kept: KeptRules, nowMs: number): number {
  let gone = 0;
  const remove = (where: string, ...values: (string | number)[]) => {
    const statement = database.prepare(
      `delete from boot_events where id in (select id from boot_events where ${where} limit ${CHUNK})`,
    );
    for (let changes = CHUNK; changes === CHUNK; gone += changes) ({ changes } = statement.run(...values));
  };
  const beyond = (which: string) =>
    `${which} and id <= (select id from boot_events where ${which} order by id desc limit 1 offset ?)`;
  remove('at_ms < ?', nowMs - kept.days * DAY_MS);
  remove("decision = 'renewal' and at_ms < ?", nowMs - kept.renewalDays * DAY_MS);
  remove(beyond('node is null'), kept.eventsOfStrangers);
  remove(beyond('node is not null'), kept.eventsOfNodes);
  const crowded = database
    .prepare<[number], { mac: string }>('select mac from boot_events group by mac having count(*) > ?')
    .all(kept.eventsOfOneMachine);
  for (const { mac } of crowded)
    remove(
      'mac = ? and id <= (select id from boot_events where mac = ? order by id desc limit 1 offset ?)',
      mac,
      mac,
      kept.eventsOfOneMachine,
    );
  return gone;
}
