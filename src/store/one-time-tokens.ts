import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { SeedDatabase } from './open-store.ts';

/** What a token opens: one file, for one node, while it is in one state. */
export interface TokenPurpose {
  readonly node: string;
  readonly file: string;
}

export type Redemption =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly reason: string; readonly replay: boolean };

const TOKEN_BYTES = 32;
const TOKEN_TEXT = /^[A-Za-z0-9_-]{43}$/;
/** A token that was used or ran out is remembered for so long, to tell a replay from a guess. */
const KEPT_MS = 7 * 24 * 3600_000;

/**
 * Tokens for secrets on the boot path. Each opens one file for one machine once; the store has their SHA-256 only, and
 * has it before the token goes out. Whatever is wrong with a token, or with the store, nothing is opened.
 */
export class OneTimeTokens {
  readonly #database: SeedDatabase;
  readonly #clock: Clock;

  constructor(database: SeedDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** A new token, which is the only one for its purpose from now on. */
  async issue({ node, file }: TokenPurpose, lifeMs: number): Promise<string> {
    const nowMs = this.#clock.nowMs();
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .deleteFrom('oneTimeTokens')
        .where('expiresAtMs', '<', nowMs - KEPT_MS)
        .execute();
      await transaction
        .updateTable('oneTimeTokens')
        .set({ ended: 'replaced', endedAtMs: nowMs })
        .where('node', '=', node)
        .where('file', '=', file)
        .where('ended', 'is', null)
        .execute();
      const row = { hash: hashOf(token), node, file, issuedAtMs: nowMs, expiresAtMs: nowMs + lifeMs };
      await transaction
        .insertInto('oneTimeTokens')
        .values({ ...row, ended: null, endedAtMs: null })
        .execute();
    });
    return token;
  }

  /**
   * Uses a token up for `purpose`, or says why not. `stillWanted` is asked before that: it says what stands against it,
   * or null. Of two who come at once with the same token, one gets it.
   */
  async redeem(
    token: string,
    purpose: TokenPurpose,
    stillWanted: () => Promise<string | null>,
  ): Promise<Redemption> {
    const known = await this.#check(token, purpose);
    if (known !== null) return known;
    const against = await stillWanted();
    if (against !== null) return refused(against);
    const { numUpdatedRows } = await this.#database
      .updateTable('oneTimeTokens')
      .set({ ended: 'used', endedAtMs: this.#clock.nowMs() })
      .where('hash', '=', hashOf(token))
      .where('ended', 'is', null)
      .where('expiresAtMs', '>', this.#clock.nowMs())
      .executeTakeFirst();
    return numUpdatedRows === 1n ? { kind: 'opened' } : REPLAYED;
  }

  async #check(token: string, purpose: TokenPurpose): Promise<Redemption | null> {
    if (!TOKEN_TEXT.test(token)) return refused('that is no token');
    const row = await this.#database
      .selectFrom('oneTimeTokens')
      .selectAll()
      .where('hash', '=', hashOf(token))
      .executeTakeFirst();
    if (row === undefined) return refused('nobody was given this token');
    if (row.node !== purpose.node || row.file !== purpose.file)
      return refused(`the token is for the ${row.file} of ${row.node}`);
    if (row.ended === 'used') return REPLAYED;
    if (row.ended !== null) return refused('a newer token took its place');
    return row.expiresAtMs > this.#clock.nowMs() ? null : refused('the token ran out');
  }
}

const refused = (reason: string): Redemption => ({ kind: 'refused', reason, replay: false });
const REPLAYED: Redemption = { kind: 'refused', reason: 'the token was used before', replay: true };

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
