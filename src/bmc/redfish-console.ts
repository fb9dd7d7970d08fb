import type { Duplex } from 'node:stream';
import type { BlackstartError } from '../errors.ts';
import { RequestFailed } from '../net/request.ts';
import { openWebSocket, UpgradeRefused } from '../net/websocket.ts';
import { consoleOff, noConsole, refused, refusedByStatus, unreachable } from './bmc-errors.ts';
import { commandFor, readConsoleOffer, readManagerOffer, switchOnCommand } from './redfish-console-offer.ts';
import { type JsonObject, objectAt } from './redfish-json.ts';
import type { RedfishSession } from './redfish-session.ts';
import type { RedfishWalk } from './redfish-walk.ts';

const DOING = 'opening the serial console';

/**
 * The serial console of a system, by the WebSocket that it names. Throws E_BMC_NO_CONSOLE where it names none or
 * has it switched off, with what to do instead.
 */
export async function openSystemConsole(
  system: JsonObject,
  session: RedfishSession,
  walk: RedfishWalk,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { host, origin } = session.target;
  const { webSocket } = readConsoleOffer(system);
  if (webSocket === null) throw await otherConsoles(system, session, walk);
  if (!webSocket.isEnabled) throw consoleOff(host, switchOnCommand(system, origin, session.username));
  return connect(webSocketUrl(webSocket.uri, session), session, signal);
}

async function connect(
  url: string,
  session: RedfishSession,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  const { host, requestMs: timeoutMs, verifyTls } = session.target;
  const headers = await session.authorize(signal);
  try {
    return await openWebSocket(url, { headers, timeoutMs, verifyTls, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (error instanceof UpgradeRefused)
      throw refusedByStatus(host, DOING, error.status, { text: null, messageIds: [] });
    throw error instanceof RequestFailed ? unreachable(host, error.code, error) : error;
  }
}

/** `ConsoleURI` is a path or a whole URL; one on another host would carry the session's token away. */
function webSocketUrl(uri: string, { target: { host, origin } }: RedfishSession): string {
  const asHttp = uri.replace(/^ws(?=s?:)/i, 'http');
  const url = URL.canParse(asHttp, origin) ? new URL(asHttp, origin) : null;
  if (url?.origin === origin) return url.href;
  throw refused(host, DOING, `it names ${uri}, and another host is not asked`);
}

/** Most BMCs say nothing at the system, and only the protocols at the manager. */
async function otherConsoles(
  system: JsonObject,
  { target: { host, origin }, username }: RedfishSession,
  walk: RedfishWalk,
): Promise<BlackstartError> {
  const { services: atSystem } = readConsoleOffer(system);
  const managers = objectAt(system, 'Links')['ManagedBy'];
  const services =
    atSystem.length > 0 || !Array.isArray(managers)
      ? atSystem
      : (await walk.each(managers.slice(0, 1), 'console')).flatMap(readManagerOffer);
  const { hostname } = new URL(origin);
  return noConsole(
    host,
    services.map(({ kind }) => kind),
    services.map((service) => commandFor(service, hostname, username)),
  );
}
