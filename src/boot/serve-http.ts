import { bootPath } from '../core/boot-urls.ts';
import { createHttpApp, type HttpApp, type HttpLimits, listenHttp, renewCertificate } from '../net/http.ts';
import type { BootSegment } from './boot-segment.ts';
import { answerDiscovery, MAX_INVENTORY_BYTES } from './http-discovery.ts';
import { answerAgentFile, answerImage, answerIronicFile, answerProgram, answerTool } from './http-files.ts';
import { observeRequests } from './http-observed.ts';
import { answerAnyScript, answerScript } from './http-script.ts';
import { answerSecret } from './http-secret.ts';
import type { Closable, SecureServing } from './network-boot.ts';
import { createRateLimit } from './rate-limit.ts';

/**
 * 2,000 machines at a time, and a hall behind one relay or proxy at once. A machine that is switched off in the middle
 * of a transfer is forgotten after a minute without a byte taken.
 */
export const BOOT_LIMITS: HttpLimits = {
  connections: 4096,
  connectionsPerAddress: 512,
  headerMs: 10_000,
  requestMs: 60_000,
  stalledMs: 60_000,
  keepAliveMs: 15_000,
};

const SECRETS_LIMITS: HttpLimits = { ...BOOT_LIMITS, connections: 512, connectionsPerAddress: 8 };

/** Serves boot files, scripts and the agents' callback over HTTP on one network's address, its IPv4 one unless told. */
export async function serveHttp(segment: BootSegment, address = segment.network.address): Promise<Closable> {
  const app = createBootApp(segment);
  await listenHttp(app, { address, port: segment.deps.httpPort });
  return app;
}

/** Serves what has secrets over TLS on one network's address, and nothing else. */
export async function serveSecrets(segment: BootSegment, secure: SecureServing): Promise<Closable> {
  const app = createSecretsApp(segment, secure);
  await listenHttp(app, { address: segment.network.address, port: secure.port });
  return app;
}

export function createSecretsApp(segment: BootSegment, secure: SecureServing): HttpApp {
  const app = createHttpApp({ limits: SECRETS_LIMITS, tls: secure.certificate() });
  secure.onRenewed(() => renewCertificate(app, secure.certificate()));
  const limit = createRateLimit({ perMinute: 12, burst: 6 }, segment.deps.clock);
  app.route({
    method: 'GET', // a HEAD would use the token up for nothing
    url: '/secret/:file',
    handler: (request, reply) => answerSecret(request, reply, segment, secure, limit),
  });
  return app;
}

/** The route table. */
export function createBootApp(segment: BootSegment, limits: HttpLimits = BOOT_LIMITS): HttpApp {
  const app = createHttpApp({ limits });
  observeRequests(app, segment);
  const limit = createRateLimit({ perMinute: 12, burst: 4 }, segment.deps.clock);
  app.route({
    method: 'POST',
    url: bootPath.discovery,
    bodyLimit: MAX_INVENTORY_BYTES,
    handler: (request, reply) => answerDiscovery(request, reply, segment, limit),
  });
  const files = { method: ['GET', 'HEAD'] };
  app.route({ ...files, url: bootPath.anyScript, handler: (_, reply) => answerAnyScript(reply, segment) });
  app.route({
    ...files,
    url: '/boot/:arch/:file',
    handler: (request, reply) => answerScript(request, reply, segment),
  });
  app.route({
    ...files,
    url: '/boot/:file',
    handler: (request, reply) => answerProgram(request, reply, segment),
  });
  app.route({
    ...files,
    url: '/agent/:file',
    handler: (request, reply) => answerAgentFile(request, reply, segment),
  });
  app.route({
    ...files,
    url: '/images/:file',
    handler: (request, reply) => answerImage(request, reply, segment),
  });
  app.route({
    ...files,
    url: '/tools/:file',
    handler: (request, reply) => answerTool(request, reply, segment),
  });
  app.route({
    ...files,
    url: '/ironic/*',
    handler: (request, reply) => answerIronicFile(request, reply, segment),
  });
  return app;
}
