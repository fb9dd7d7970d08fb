import { bad, ok, type Result } from '../result.ts';
import { refusedByStatus } from './bmc-errors.ts';
import { ELSEWHERE, ownUrl } from './redfish-exchange.ts';
import { type JsonObject, linkAt, objectsAt } from './redfish-json.ts';
import { parseObject, readMessage } from './redfish-message.ts';
import type { RedfishSession } from './redfish-session.ts';

export interface Resource {
  readonly path: string;
  readonly body: JsonObject;
  /** From the header, else from the body; some BMCs give none, some only one of them. */
  readonly etag: string | null;
}

/** Resources of one BMC: reading them, and changing them as the standard asks and as BMCs really want it. */
export class RedfishClient {
  readonly #session: RedfishSession;
  readonly #signal: AbortSignal | undefined;
  readonly host: string;

  constructor(session: RedfishSession, signal?: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
    this.host = session.target.host;
  }

  root(): Promise<JsonObject> {
    return this.#session.root(this.#signal);
  }

  /** A resource, or why this one cannot be read. Throws only what ends every conversation: no login, no answer. */
  async read(path: string): Promise<Result<Resource>> {
    if (!ownUrl(this.#session.target, path)) return bad(ELSEWHERE);
    const answer = await this.#session.ask({
      method: 'GET',
      path,
      doing: `reading ${path}`,
      signal: this.#signal,
    });
    if (answer.status !== 200) {
      const { text } = readMessage(answer.text);
      return bad(`HTTP ${answer.status}${text === null ? '' : `, ${text}`}`);
    }
    const body = parseObject(answer.text);
    if (!body) return bad('its answer is no JSON object');
    const inBody = body['@odata.etag'];
    return ok({ path, body, etag: answer.headers['etag'] ?? (typeof inBody === 'string' ? inBody : null) });
  }

  /** Asks for an action. Throws E_BMC_REFUSED. */
  async post(path: string, body: JsonObject, doing: string): Promise<void> {
    const answer = await this.#session.ask({ method: 'POST', path, body, doing, signal: this.#signal });
    if (answer.status >= 300)
      throw refusedByStatus(this.host, doing, answer.status, readMessage(answer.text));
  }

  /**
   * Changes a resource. Some BMCs demand `If-Match`, some take the strong form of the ETag that they gave as a
   * weak one, some take none: each is tried while the answer is about that. Throws E_BMC_REFUSED.
   */
  async patch(resource: Resource, body: JsonObject, doing: string): Promise<void> {
    const ask = { method: 'PATCH', path: resource.path, body, doing, signal: this.#signal } as const;
    let [status, text] = [0, ''];
    for (const etag of ifMatchCandidates(resource.etag)) {
      const headers = etag === null ? {} : { 'if-match': etag };
      ({ status, text } = await this.#session.ask({ ...ask, headers }));
      if (status < 300) return;
      if (status !== 412 && status !== 428) break;
    }
    throw refusedByStatus(this.host, doing, status, readMessage(text));
  }
}

/** What to put into If-Match, most proper first; null for no such header. RFC 9110 §13.1.1, DSP0266 §6.5. */
export function ifMatchCandidates(etag: string | null): readonly (string | null)[] {
  if (etag === null) return [null, '*'];
  const strong = etag.replace(/^W\//, '');
  return strong === etag ? [etag, null, '*'] : [etag, strong, null, '*'];
}

/** Where the action of that name is asked for, and what the resource says about its parameters. */
export function actionAt(
  body: JsonObject,
  name: string,
): { readonly target: string; readonly action: JsonObject } | null {
  const [action] = objectsAt(objectsAt(body, 'Actions')[0] ?? {}, name);
  const target = action ? linkAt(action, 'target') : null;
  return action && target !== null ? { target, action } : null;
}
