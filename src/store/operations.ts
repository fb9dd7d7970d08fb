import type { SeedDatabase } from './open-store.ts';

export interface Operation {
  readonly id: number;
  readonly kind: string;
  /** For `up`: the stage to reach. */
  readonly target: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly summary: string | null;
}

/** Records a new piece of work; it is resumed by every later start until it has ended. */
export async function beginOperation(
  database: SeedDatabase,
  kind: string,
  target: string,
  nowMs: number,
): Promise<Operation> {
  const row = { kind, target, state: 'running' as const, createdAtMs: nowMs, endedAtMs: null, summary: null };
  const { id } = await database
    .insertInto('operations')
    .values(row)
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, ...row };
}

export async function endOperation(
  database: SeedDatabase,
  id: number,
  state: 'done' | 'failed' | 'cancelled',
  summary: string,
  nowMs: number,
): Promise<void> {
  await database
    .updateTable('operations')
    .set({ state, summary, endedAtMs: nowMs })
    .where('id', '=', id)
    .where('state', '=', 'running')
    .execute();
}

export const operationById = (database: SeedDatabase, id: number): Promise<Operation | undefined> =>
  database.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();

/** The operation that a start resumes, or undefined. There is one at most. */
export const runningOperation = (database: SeedDatabase): Promise<Operation | undefined> =>
  database
    .selectFrom('operations')
    .selectAll()
    .where('state', '=', 'running')
    .orderBy('id')
    .executeTakeFirst();
