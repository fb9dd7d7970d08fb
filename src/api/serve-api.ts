import { chmod, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Log } from '../log.ts';
import { createHttpApp, type HttpApp, listenHttp } from '../net/http.ts';
import type { Commands } from '../operations/commands.ts';
import { ROUTES, type Words } from './routes.ts';
import { serveConsole } from './serve-console.ts';
import { addMetrics, type MetricsPage } from './serve-metrics.ts';

interface ApiDeps {
  readonly commands: Commands;
  readonly openConsole: (name: string) => Promise<Duplex>;
  readonly metrics: MetricsPage;
  readonly log: Log;
}

/**
 * The API on a Unix socket that only its owner may open (0600). A socket file that a dead daemon left is replaced;
 * the store's lock has made sure that no living one holds it.
 */
export async function serveApi(socketPath: string, deps: ApiDeps): Promise<{ close(): Promise<void> }> {
  const app = createHttpApp();
  answerErrors(app, deps.log);
  for (const route of Object.values(ROUTES)) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request) => route.run(deps.commands, wordsOf(request.params, request.body)),
    });
  }
  addMetrics(app, deps.metrics);
  const endConsoles = serveConsole(app.server, deps);
  await rm(socketPath, { force: true });
  await listenHttp(app, { unixSocket: socketPath });
  await chmod(socketPath, 0o600);
  return {
    close() {
      endConsoles();
      return app.close();
    },
  };
}

const wordsOf = (params: unknown, body: unknown): Words => ({
  ...(body as Words | null),
  ...(params as Words),
});

/** What the operator can mend keeps its code and remedy on the way; a bug is logged whole and named as one. */
function answerErrors(app: HttpApp, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    if (error instanceof BlackstartError) {
      const { code, message, remedy, exitCode } = error;
      return reply.code(exitCode === EXIT.usage ? 400 : 409).send({ code, message, remedy, exitCode });
    }
    log.error({ error, path: request.url }, 'request ended in a bug');
    const remedy = 'This is a bug in Blackstart: please report it with the log.';
    return reply.code(500).send({ code: 'E_BUG', message: String(error), remedy, exitCode: EXIT.bug });
  });
}
