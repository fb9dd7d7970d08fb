import { Duplex } from 'node:stream';
import { Agent, type Dispatcher, WebSocket } from 'undici';
import { asFailure, parseUrl, RequestFailed } from './request.ts';

export interface WebSocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** The limit on connecting, TLS and the handshake. Once open, a WebSocket may be silent for ever. */
  readonly timeoutMs: number;
  /** Gives up the opening. What is open is ended by destroying it. */
  readonly signal?: AbortSignal;
  /** As for `request`. */
  readonly verifyTls?: boolean | { readonly ca: string };
}

/** The server answered, by another status than 101: no WebSocket there, or not for this user. */
export class UpgradeRefused extends RequestFailed {
  readonly status: number;

  constructor(status: number, url: string) {
    super('EPROTO', url, `HTTP ${status} instead of a WebSocket`);
    this.name = 'UpgradeRefused';
    this.status = status;
  }
}

/** Longer than what any server sends at once; a longer message ends the connection. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** How long the other side may take to answer our close frame (RFC 6455 §7.1.1 lets it close first). */
const CLOSING_MS = 1_000;

/**
 * A WebSocket as a stream of the bytes in its messages, both ways; where one message ends is not kept, and texts
 * are bytes too. A reader that does not keep up stops the sender. It ends when the server closes it, and fails by
 * `RequestFailed` when the connection breaks.
 *
 * `url` is ws, wss, http or https. Throws `UpgradeRefused`, another `RequestFailed` when no answer came, and
 * `signal.reason` when the caller gave up.
 */
export async function openWebSocket(url: string, options: WebSocketOptions): Promise<Duplex> {
  const { href } = parseUrl(url.replace(/^ws/i, 'http'));
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  options.signal?.throwIfAborted();
  const handshake: Handshake = { connection: null, status: null, error: null };
  const agent = agentFor(options.verifyTls ?? true);
  const webSocket = new WebSocket(href, {
    headers: { ...options.headers },
    dispatcher: agent.compose((dispatch) => (asked, handler) => dispatch(asked, watch(handler, handshake))),
  });
  const giveUp = () => webSocket.close();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await untilOpen(webSocket, handshake, href);
  } catch (error) {
    handshake.connection?.destroy();
    options.signal?.throwIfAborted();
    if (limit.aborted)
      throw new RequestFailed('ETIMEDOUT', href, `no WebSocket within ${options.timeoutMs} ms`, error);
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    void agent.destroy(); // what it has opened is its own master by now
  }
}

/** HTTP/1.1 only: over HTTP/2 a WebSocket is another protocol (RFC 8441), which BMCs do not speak. */
const agentFor = (verifyTls: boolean | { readonly ca: string }): Agent =>
  new Agent({
    allowH2: false,
    connect: {
      timeout: 0, // the caller's limit holds for every phase
      rejectUnauthorized: verifyTls !== false,
      ...(typeof verifyTls === 'object' ? { ca: verifyTls.ca } : {}),
    },
    headersTimeout: 0,
    webSocket: { maxPayloadSize: MAX_MESSAGE_BYTES },
  });

/** What undici's WebSocket keeps to itself: why it failed, and the connection, which alone can be paused. */
interface Handshake {
  connection: Duplex | null;
  status: number | null;
  error: Error | null;
}

const watch = (handler: Dispatcher.DispatchHandler, seen: Handshake): Dispatcher.DispatchHandler => ({
  onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
  onRequestSent: () => handler.onRequestSent?.(),
  onRequestUpgrade: (controller, status, headers, connection) => {
    seen.connection = connection;
    return handler.onRequestUpgrade?.(controller, status, headers, connection);
  },
  onResponseStart: (controller, status, headers, message) => {
    seen.status = status;
    handler.onResponseStart?.(controller, status, headers, message);
  },
  onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
  onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
  onResponseError: (controller, error) => {
    seen.error = error;
    handler.onResponseError?.(controller, error);
  },
});

function untilOpen(webSocket: WebSocket, handshake: Handshake, url: string): Promise<Duplex> {
  webSocket.binaryType = 'arraybuffer';
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  webSocket.addEventListener('error', () => reject(failureOf(handshake, url)), { once: true });
  webSocket.addEventListener(
    'open',
    () => {
      // At once: the first message may have come together with the handshake.
      if (handshake.connection) resolve(new MessageStream(webSocket, handshake.connection, url));
    },
    { once: true },
  );
  return promise;
}

function failureOf({ status, error }: Handshake, url: string): Error {
  if (status !== null) return new UpgradeRefused(status, url);
  if (error) return asFailure(error, url);
  return new RequestFailed('EPROTO', url, 'the answer is no WebSocket handshake');
}

class MessageStream extends Duplex {
  readonly #webSocket: WebSocket;
  readonly #connection: Duplex;

  constructor(webSocket: WebSocket, connection: Duplex, url: string) {
    super({ allowHalfOpen: false });
    this.#webSocket = webSocket;
    this.#connection = connection;
    webSocket.addEventListener('message', ({ data }: { data: ArrayBuffer | string }) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data);
      if (bytes.length > 0 && !this.push(bytes)) connection.pause();
    });
    webSocket.addEventListener('close', ({ wasClean }) => {
      if (wasClean || this.writableEnded) this.push(null);
      else this.destroy(new RequestFailed('ECONNRESET', url, 'the connection broke off'));
    });
  }

  override _read(): void {
    this.#connection.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.#webSocket.send(chunk);
    if (this.#connection.writableNeedDrain) this.#connection.once('drain', done);
    else done();
  }

  override _final(done: () => void): void {
    this.#close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#close();
    done(error);
  }

  #close(): void {
    this.#webSocket.close(1000);
    this.#connection.resume(); // else the other side's close frame would never be seen
    setTimeout(() => this.#connection.destroy(), CLOSING_MS).unref();
  }
}
