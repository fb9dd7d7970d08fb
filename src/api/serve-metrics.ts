import { createHttpApp, type HttpApp, listenHttp } from '../net/http.ts';

/** What Prometheus scrapes. */
export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/** `/metrics` beside the API's own routes, on the Unix socket. */
export const addMetrics = (app: HttpApp, metrics: MetricsPage): void =>
  void app.route({
    method: 'GET',
    url: '/metrics',
    handler: async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  });

/** `/metrics` and nothing else on one address and port: the site's `seed.metrics`. */
export async function serveMetrics(
  place: { readonly address: string; readonly port: number },
  metrics: MetricsPage,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const app = createHttpApp();
  addMetrics(app, metrics);
  const port = await listenHttp(app, place);
  return { port, close: () => app.close() };
}
