import type { Answer } from '../net/request.ts';
import { authRefused, notRedfish } from './bmc-errors.ts';
import { type Ask, exchange, type RedfishTarget } from './redfish-exchange.ts';
import { idOf, type JsonObject, linkAt, objectAt } from './redfish-json.ts';
import { parseObject } from './redfish-message.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface Token {
  readonly kind: 'token';
  readonly value: string;
  /** What to DELETE at the end; a BMC that does not tell keeps the session until it expires. */
  readonly path: string | null;
}
type Authorization = Token | { readonly kind: 'basic' };

const ROOT_PATH = '/redfish/v1/';
/** Several wrong passwords in a row lock accounts (iDRAC after three, for minutes), so a refusal is remembered. */
const REFUSAL_KEPT_MS = 30_000;

/**
 * Speaks to one BMC in a session (`X-Auth-Token`, DSP0266 §13.3.4), or by basic authentication where it offers
 * no sessions, has none left, or refuses to open one. Not for two calls at once.
 */
export class RedfishSession {
  readonly target: RedfishTarget;
  readonly #credentials: Credentials;
  #authorization: Authorization | null = null;
  #root: JsonObject | null = null;
  #refusedUntilMs = 0;

  constructor(target: RedfishTarget, credentials: Credentials) {
    this.target = target;
    this.#credentials = credentials;
  }

  /** The service root, which every Redfish service shows to everybody (DSP0266 §6.2). Throws E_BMC_UNREACHABLE. */
  async root(signal?: AbortSignal): Promise<JsonObject> {
    if (this.#root) return this.#root;
    const ask: Ask = { method: 'GET', path: ROOT_PATH, doing: 'its service root', signal };
    let answer = await exchange(this.target, ask);
    if (answer.status === 401) {
      this.#authorization = { kind: 'basic' }; // no way to learn where sessions are
      answer = await this.ask(ask);
    }
    const root = answer.status === 200 ? parseObject(answer.text) : null;
    if (!root)
      throw notRedfish(this.target.host, `${ROOT_PATH} gives HTTP ${answer.status} and no service root`);
    this.#root = root;
    return root;
  }

  /** Any answer but 401, which a new session is tried against once. Throws E_BMC_AUTH and what `exchange` throws. */
  async ask(ask: Ask): Promise<Answer> {
    if (this.target.clock.nowMs() < this.#refusedUntilMs) throw this.#authRefused();
    let answer = await this.#askAuthorized(ask);
    if (answer.status === 401 && this.#authorization?.kind === 'token') {
      this.#authorization = null;
      answer = await this.#askAuthorized(ask);
    }
    if (answer.status !== 401) return answer;
    this.#refusedUntilMs = this.target.clock.nowMs() + REFUSAL_KEPT_MS;
    this.#authorization = null;
    throw this.#authRefused();
  }

  get username(): string {
    return this.#credentials.username;
  }

  /** The headers that log in, for what is not asked by `ask`: a WebSocket. */
  async authorize(signal?: AbortSignal): Promise<Record<string, string>> {
    this.#authorization ??= await this.#logIn(signal);
    return this.#headers(this.#authorization);
  }

  async #askAuthorized(ask: Ask): Promise<Answer> {
    const headers = { ...ask.headers, ...(await this.authorize(ask.signal)) };
    return exchange(this.target, { ...ask, headers });
  }

  #headers(authorization: Authorization): Record<string, string> {
    if (authorization.kind === 'token') return { 'x-auth-token': authorization.value };
    const { username, password } = this.#credentials;
    return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  }

  async #logIn(signal: AbortSignal | undefined): Promise<Authorization> {
    const root = await this.root(signal);
    const path = linkAt(objectAt(root, 'Links'), 'Sessions');
    // Reading the root may have found that this BMC wants basic authentication for everything.
    if (this.#authorization) return this.#authorization;
    if (path === null) return { kind: 'basic' };
    const body = { UserName: this.#credentials.username, Password: this.#credentials.password };
    const answer = await exchange(this.target, { method: 'POST', path, body, doing: 'a session', signal });
    const value = answer.headers['x-auth-token'];
    // 401 too: some BMCs refuse sessions to users who may use basic authentication. No token: sessions are full.
    if (answer.status >= 300 || value === undefined) return { kind: 'basic' };
    return { kind: 'token', value, path: sessionPath(this.target, answer) };
  }

  /** Ends the session, as far as the BMC lets it. Never throws. */
  async close(): Promise<void> {
    const authorization = this.#authorization;
    this.#authorization = null;
    if (authorization?.kind !== 'token' || authorization.path === null) return;
    const { path } = authorization;
    const ask: Ask = {
      method: 'DELETE',
      path,
      headers: this.#headers(authorization),
      doing: 'ending the session',
    };
    await exchange(this.target, ask).catch(() => undefined); // it expires by itself
  }

  #authRefused(): Error {
    return authRefused(this.target.host, this.#credentials.username);
  }
}

/** The new session's path: a Location that may be a whole URL, with a name we do not use, or the body's id. */
function sessionPath(target: RedfishTarget, answer: Answer): string | null {
  const location = answer.headers['location'];
  if (location !== undefined && URL.canParse(location, target.origin)) {
    return new URL(location, target.origin).pathname;
  }
  return idOf(parseObject(answer.text));
}
