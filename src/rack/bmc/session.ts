import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { BmcSpec } from '../machine.ts';

export const SESSION_SECONDS = 1800;
const MAX_SESSIONS = 32;

export interface Session {
  readonly id: string;
  readonly token: string;
  usedAtMs: number;
}

/** Who may ask this BMC: one account, by HTTP Basic or by a session token (DSP0266 §13.3). */
export class Sessions {
  readonly #account: BmcSpec;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();
  #lastId = 0;

  constructor(account: BmcSpec, clock: Clock) {
    this.#account = account;
    this.#clock = clock;
  }

  /** Null when name or password are wrong. At the limit the session that was idle longest makes room. */
  open(username: unknown, password: unknown): Session | null {
    if (!this.#isAccount(String(username), String(password))) return null;
    this.#expire();
    if (this.#sessions.size >= MAX_SESSIONS) this.#closeIdlest();
    const id = String(++this.#lastId);
    const session = { id, token: randomBytes(16).toString('hex'), usedAtMs: this.#clock.nowMs() };
    this.#sessions.set(id, session);
    return session;
  }

  close(id: string): boolean {
    return this.#sessions.delete(id);
  }

  has(id: string): boolean {
    return this.#sessions.has(id);
  }

  ids(): string[] {
    this.#expire();
    return [...this.#sessions.keys()];
  }

  /** True when a request with these headers comes from the account; keeps its session alive. */
  admits(headers: IncomingHttpHeaders): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') return this.#admitsToken(token);
    const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (basic === undefined) return false;
    const [username = '', ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return this.#isAccount(username, password.join(':'));
  }

  #admitsToken(token: string): boolean {
    this.#expire();
    const session = [...this.#sessions.values()].find((each) => sameText(each.token, token));
    if (session) session.usedAtMs = this.#clock.nowMs();
    return session !== undefined;
  }

  #isAccount(username: string, password: string): boolean {
    return sameText(username, this.#account.username) && sameText(password, this.#account.password);
  }

  #expire(): void {
    const oldestMs = this.#clock.nowMs() - SESSION_SECONDS * 1000;
    for (const { id, usedAtMs } of this.#sessions.values()) if (usedAtMs < oldestMs) this.close(id);
  }

  #closeIdlest(): void {
    const [idlest] = [...this.#sessions.values()].sort((a, b) => a.usedAtMs - b.usedAtMs);
    if (idlest) this.close(idlest.id);
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
const sameText = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
