import { reasonOf } from '../errors.ts';
import { type Answer, RequestFailed, request } from '../net/request.ts';
import type { FakeHost } from './fake-host.ts';
import { waitScaled } from './fake-host.ts';

/** The newest of Ironic's microversions that agent 13 speaks: `agent_verify_ca` in heartbeats. */
const MAX_VERSION = 68;
const TOKEN_VERSION = 62;
const FALLBACK_VERSION = 31;
const TIMEOUT_MS = 30_000;

/** What `GET /v1/lookup` tells the agent, as far as the agent uses it. */
export interface LookupResult {
  readonly node: { readonly uuid: string } & Readonly<Record<string, unknown>>;
  readonly config: { readonly heartbeat_timeout: number; readonly agent_token: string | null };
}

interface Heartbeat {
  readonly uuid: string;
  readonly token: string | null;
  readonly callbackUrl: string;
  /** The self-signed certificate of the agent's API, PEM: Ironic trusts it for this node from now on. */
  readonly certificate: string;
}

export const AGENT_VERSION = '13.0.0';

/** Ironic's API as the agent uses it: `ironic_api_client.APIClient` and `inspector.call_inspector`. */
export class AgentIronicClient {
  readonly #host: FakeHost;
  readonly #urls: readonly string[];
  #version: number | null = null;

  constructor(host: FakeHost, urls: readonly string[]) {
    this.#host = host;
    this.#urls = urls.map((url) => url.replace(/\/+$/, ''));
  }

  /** The server's default microversion, from `GET /`. */
  async version(): Promise<number> {
    if (this.#version !== null) return this.#version;
    try {
      const { text } = await this.#ask('GET', '/', {});
      this.#version = Number(JSON.parse(text).default_version.version.split('.')[1]);
      return this.#version;
    } catch {
      return FALLBACK_VERSION;
    }
  }

  /** One lookup by MAC addresses; null means: try again. Ironic answers 404 alike for unknown and for not allowed. */
  async lookup(macs: readonly string[], nodeUuid: string | null): Promise<LookupResult | null> {
    const query = new URLSearchParams({ addresses: macs.join(',') });
    if (nodeUuid) query.set('node_uuid', nodeUuid);
    const version = Math.min(await this.version(), TOKEN_VERSION);
    const answer = await this.#ask('GET', `/v1/lookup?${query}`, { version }).catch(() => null);
    if (answer?.status === 409) await waitScaled(this.#host, 5_000); // locked: the agent waits longer
    return answer?.status === 200 ? readLookup(answer.text) : null;
  }

  /** Null when Ironic took it (202), else why not. */
  async heartbeat(beat: Heartbeat): Promise<string | null> {
    const body = {
      callback_url: beat.callbackUrl,
      agent_token: beat.token,
      agent_version: AGENT_VERSION,
      agent_verify_ca: beat.certificate,
    };
    try {
      const version = Math.min(await this.version(), MAX_VERSION);
      const answer = await this.#ask('POST', `/v1/heartbeat/${beat.uuid}`, { version, body });
      return answer.status === 202 ? null : `Error ${answer.status}: ${answer.text.slice(0, 300)}`;
    } catch (error) {
      return reasonOf(error);
    }
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    { version, body }: { version?: number; body?: unknown },
  ): Promise<Answer> {
    let failure: unknown = new Error('no ipa-api-url');
    for (const url of this.#urls) {
      try {
        return await sendJson(`${url}${path}`, method, body, this.#host, version);
      } catch (error) {
        if (!(error instanceof RequestFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}

const sendJson = (url: string, method: 'GET' | 'POST', body: unknown, host: FakeHost, version?: number) =>
  request(url, {
    method,
    timeoutMs: TIMEOUT_MS,
    signal: host.signal,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(version === undefined ? {} : { 'x-openstack-ironic-api-version': `1.${version}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

function readLookup(text: string): LookupResult | null {
  try {
    const found = JSON.parse(text);
    return typeof found?.node?.uuid === 'string' && found.config ? found : null;
  } catch {
    return null;
  }
}

const POST_ATTEMPTS = 5;

/**
 * Posts the inventory to the first of the URLs that answers. Tried five times while nobody answers, or on a 5xx or a
 * 409; any other refusal throws, as does an answer that is not JSON. Gives the node's UUID where the answer has one.
 */
export async function postInspection(
  host: FakeHost,
  urls: readonly string[],
  data: unknown,
): Promise<string | null> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await postOnce(host, urls, data);
    if (typeof outcome === 'object') {
      if (outcome.status >= 400) throw new Error(`error ${outcome.status}: ${outcome.text.slice(0, 300)}`);
      return JSON.parse(outcome.text).uuid ?? null;
    }
    if (attempt === POST_ATTEMPTS) throw new Error(outcome);
    await waitScaled(host, Math.min(30_000, Math.max(5_000, 1_500 * 2 ** attempt)));
  }
}

/** The answer, or why it is worth another try. */
async function postOnce(host: FakeHost, urls: readonly string[], data: unknown): Promise<Answer | string> {
  let failure = 'no inspection callback URL';
  for (const url of urls) {
    try {
      const answer = await sendJson(url, 'POST', data, host);
      return answer.status >= 500 || answer.status === 409 ? `error ${answer.status} from ${url}` : answer;
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      failure = error.message;
    }
  }
  return failure;
}
