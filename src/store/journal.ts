import type { Clock } from '../clock.ts';
import type { SeedDatabase } from './open-store.ts';

export type JournalPhase = 'begin' | 'done' | 'failed' | 'interrupted';

export interface JournalEntry {
  readonly operation: number;
  readonly node: string;
  readonly step: string;
  readonly phase: JournalPhase;
  readonly atMs: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What is told of a step when it ends; a failure carries `error` and, when it has one, `remedy`. */
export type JournalDetail = Readonly<Record<string, unknown>>;

/**
 * What was begun and how it ended, durable before anything acts on it. `onWritten` is called after each entry is on
 * the disk: the crash tests kill the process there.
 */
export class Journal {
  readonly #database: SeedDatabase;
  readonly #clock: Clock;
  readonly #onWritten: (entry: JournalEntry) => void;

  constructor(database: SeedDatabase, clock: Clock, onWritten: (entry: JournalEntry) => void = () => {}) {
    this.#database = database;
    this.#clock = clock;
    this.#onWritten = onWritten;
  }

  async write(
    operation: number,
    node: string,
    step: string,
    phase: JournalPhase,
    detail: JournalDetail = {},
  ): Promise<void> {
    const entry = { operation, node, step, phase, atMs: this.#clock.nowMs(), detail };
    const { detail: _, ...row } = entry;
    await this.#database
      .insertInto('journal')
      .values({ ...row, detailJson: JSON.stringify(detail) })
      .execute();
    this.#onWritten(entry);
  }

  /** All entries of an operation, or of the whole history, oldest first. */
  async entries(operation?: number): Promise<JournalEntry[]> {
    const all = this.#database.selectFrom('journal').selectAll().orderBy('id');
    const rows = await (operation === undefined ? all : all.where('operation', '=', operation)).execute();
    return rows.map(({ id: _, detailJson, ...row }) => ({
      ...row,
      detail: JSON.parse(detailJson) as JournalDetail,
    }));
  }
}
