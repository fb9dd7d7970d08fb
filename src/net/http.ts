import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { noAddress, notAllowed, portTaken } from './errors.ts';

export type HttpApp = FastifyInstance;
export type HttpRequest = FastifyRequest;
export type HttpReply = FastifyReply;

/** Where an HTTP server listens: one address and port, or a Unix socket. */
export type HttpPlace = { readonly address: string; readonly port: number } | { readonly unixSocket: string };

interface HttpOptions {
  /** Larger bodies are refused with 413. */
  readonly bodyLimitBytes?: number;
  /** What strangers may take; without, as much as they like: right for a Unix socket of mode 0600. */
  readonly limits?: HttpLimits;
  /** PEM. With it the server speaks TLS 1.2 and 1.3 only. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Bounds on what clients hold: slow ones, stuck ones, and many at once. */
export interface HttpLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** From a connection's start, or a request's, to the end of its header. */
  readonly headerMs: number;
  /** To the end of a request's body. */
  readonly requestMs: number;
  /** Without a byte going either way, in the middle of an exchange. */
  readonly stalledMs: number;
  /** Between two requests on one connection: firmware sends HEAD and GET on one. */
  readonly keepAliveMs: number;
}

/**
 * A fastify server without routes. Doubled slashes in a path are one, since shim asks for `/sb//grubx64.efi`; every
 * 404 has a body, since shim 16.1 hangs on a kept-alive one without (capture sb_http_404body).
 */
export function createHttpApp(options: HttpOptions = {}): HttpApp {
  const { limits, tls } = options;
  const serverOptions = limits ? { connectionsCheckingInterval: Math.min(limits.headerMs, 5_000) } : {};
  const app = fastify({
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { ignoreDuplicateSlashes: true },
    ...(limits
      ? {
          connectionTimeout: limits.stalledMs,
          requestTimeout: limits.requestMs,
          keepAliveTimeout: limits.keepAliveMs,
        }
      : {}),
    ...(tls
      ? {
          https: {
            ...serverOptions,
            ...tls,
            minVersion: 'TLSv1.2',
            handshakeTimeout: limits?.headerMs ?? 10_000,
          } as const,
        }
      : { http: serverOptions }),
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).type('text/plain').send('there is no such file\n'));
  if (limits) keepLimits(app.server, limits);
  return app as HttpApp;
}

/** Whoever comes over a limit is closed without an answer, and may come again. */
function keepLimits(server: Server, limits: HttpLimits): void {
  server.headersTimeout = limits.headerMs;
  server.maxConnections = limits.connections;
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > limits.connectionsPerAddress) socket.destroy();
  });
}

/** Gives a TLS server another certificate; connections that are open keep the old one. */
export function renewCertificate(app: HttpApp, tls: { readonly key: string; readonly cert: string }): void {
  const server: unknown = app.server;
  if (server instanceof TlsServer) server.setSecureContext({ ...tls, minVersion: 'TLSv1.2' });
}

/** Starts to listen. Throws E_PORT_TAKEN, E_NO_ADDRESS or E_NOT_ALLOWED. Returns the port, 0 for a Unix socket. */
export async function listenHttp(app: HttpApp, place: HttpPlace): Promise<number> {
  try {
    if ('unixSocket' in place) await app.listen({ path: place.unixSocket });
    else await app.listen({ host: place.address, port: place.port });
  } catch (error) {
    throw 'unixSocket' in place ? error : listenFailed(place, error);
  }
  const bound = app.server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : 0;
}

function listenFailed({ address, port }: { address: string; port: number }, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code ?? '') {
    case 'EADDRINUSE':
      return portTaken('TCP', port, error);
    case 'EADDRNOTAVAIL':
      return noAddress(address, error);
    case 'EACCES':
      return notAllowed(`listen on TCP port ${port}`, error);
    default:
      return error;
  }
}
