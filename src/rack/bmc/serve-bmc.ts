import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from '../../clock.ts';
import { BlackstartError, reasonOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Machine } from '../machine.ts';
import { answer } from './answer.ts';
import type { Bmc, BmcRequest } from './bmc.ts';
import { type Fault, type FaultKind, FaultSwitch } from './fault.ts';
import { busy, internalError, type Reply, tooLong } from './reply.ts';
import { serveConsole } from './serve-console.ts';
import { Sessions } from './session.ts';

const MAX_BODY_BYTES = 64 * 1024;

export interface ServedBmc {
  readonly url: string;
  fault(): FaultKind | null;
  setFault(fault: Fault | null): void;
  close(): Promise<void>;
}

interface BmcOptions {
  readonly tls: { readonly key: string; readonly cert: string };
  readonly clock: Clock;
  readonly log: Log;
}

/** Serves a machine's virtual BMC, Redfish over HTTPS, on the address and port of its spec. */
export async function serveBmc(machine: Machine, { tls, clock, log }: BmcOptions): Promise<ServedBmc> {
  const { address, port } = machine.spec.bmc;
  const sessions = new Sessions(machine.spec.bmc, clock);
  const bmc: Bmc = { machine, sessions, faults: new FaultSwitch(), clock, log };
  const server = createServer(tls, (request, response) => {
    serveRequest(bmc, request, response).catch((error) => {
      log.warn({ machine: machine.spec.name, reason: reasonOf(error) }, 'bmc request broke off');
      response.destroy();
    });
  });
  server.on('upgrade', (request, socket) => serveConsole(bmc, request, socket));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, address);
  await once(server, 'listening').catch((cause) => {
    throw bmcPortTaken(address, port, cause);
  });
  const bound = server.address() as AddressInfo;
  return {
    url: `https://${address}:${bound.port}`,
    fault: () => bmc.faults.kind,
    setFault: (fault) => bmc.faults.set(fault),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy(); // consoles and hung requests too
      await closed;
    },
  };
}

async function serveRequest(bmc: Bmc, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').replace(/[?#].*/, '').replace(/\/+$/, '');
  const fault = path === '/rack/faults' ? null : bmc.faults.strike(['hang', 'drop', 'busy']);
  if (fault === 'drop') return void request.socket.destroy();
  if (fault === 'hang') return void request.resume();
  const reply = fault === 'busy' ? busy() : await replyTo(bmc, request, path);
  const { method } = request;
  bmc.log.debug({ machine: bmc.machine.spec.name, method, path, status: reply.status }, 'bmc answered');
  send(response, reply, request.method === 'HEAD');
}

async function replyTo(bmc: Bmc, request: IncomingMessage, path: string): Promise<Reply> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return tooLong();
  const body = await text(request);
  if (body.length > MAX_BODY_BYTES) return tooLong();
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const asked: BmcRequest = { method, path, headers: request.headers, body };
  try {
    return await answer(bmc, asked);
  } catch (error) {
    bmc.log.error(
      { machine: bmc.machine.spec.name, path, stack: (error as Error).stack },
      'bmc answer failed',
    );
    return internalError(reasonOf(error));
  }
}

/** Each connection is closed: Ironic repeats no PATCH on a kept-alive one that the BMC has closed meanwhile. */
function send(response: ServerResponse, reply: Reply, headOnly: boolean): void {
  const body = reply.body ? JSON.stringify(reply.body) : '';
  response.writeHead(reply.status, {
    'OData-Version': '4.0',
    'Cache-Control': 'no-cache',
    Connection: 'close',
    ...(body ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } : {}),
    ...reply.headers,
  });
  response.end(headOnly ? '' : body);
}

const bmcPortTaken = (address: string, port: number, cause: unknown) =>
  new BlackstartError('E_BMC_LISTEN', `no virtual BMC can listen on ${address}:${port}`, {
    remedy: `Is the rack's network up, and does no other rack serve there? "ss -ltnp" inside the namespace tells. (${reasonOf(cause)})`,
    cause,
  });
