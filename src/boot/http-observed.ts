import type { HttpApp } from '../net/http.ts';
import { type BootSegment, macOf, reportEvent } from './boot-segment.ts';

/** Counts every request by its route, and makes an event of those that no route serves. */
export function observeRequests(app: HttpApp, segment: BootSegment): void {
  const routes = new WeakMap<object, string>(); // a route that finds no file is none any more when it has answered
  app.addHook('onRequest', (request, _, done) => {
    const { url } = request.routeOptions;
    if (!request.is404 && url !== undefined) routes.set(request, url);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    done();
    const route = routes.get(request);
    const { statusCode: status } = reply.raw;
    segment.deps.metrics?.noteRequest(route, request.method, status);
    if (route === undefined) reportUnserved(segment, request.ip, request.method, request.url, status);
  });
}

function reportUnserved(
  segment: BootSegment,
  address: string,
  method: string,
  file: string,
  status: number,
): void {
  reportEvent(segment, {
    stage: 'http refused',
    decision: 'not found',
    reason: 'nothing is served at this path',
    mac: macOf(segment, address),
    address,
    file,
    message: method,
    status,
  });
}
