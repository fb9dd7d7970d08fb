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
}

/**
 * A fastify server without routes. Doubled slashes in a path are one, since shim asks for `/sb//grubx64.efi`; every
 * 404 has a body, since shim 16.1 hangs on a kept-alive one without (capture sb_http_404body).
 */
export function createHttpApp(options: HttpOptions = {}): HttpApp {
  const app = fastify({
    bodyLimit: options.bodyLimitBytes ?? 1024 * 1024,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { ignoreDuplicateSlashes: true },
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).type('text/plain').send('there is no such file\n'));
  return app;
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
