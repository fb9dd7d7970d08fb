import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { json } from 'node:stream/consumers';
import { reasonOf } from '../errors.ts';
import type { Fault, FaultKind } from './bmc/fault.ts';
import type { BootOverride } from './boot-override.ts';
import type { MachineEvent, PowerState, RackSpec, ResetType } from './machine.ts';
import type { Slot } from './slot.ts';

export const controlSocket = (rackDir: string): string => join(rackDir, 'rack.sock');

interface MachineStatus {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  readonly power: PowerState;
  readonly boot: BootOverride;
  readonly fault: FaultKind | null;
  readonly bmcUrl: string;
  /** The file that the serial console of the boot at hand goes to. */
  readonly consoleLog: string;
  readonly history: readonly MachineEvent[];
}

export interface RackStatus {
  readonly name: string;
  readonly pid: number;
  readonly machines: readonly MachineStatus[];
}

/** What the control socket takes besides GET /status: the hand on the power button, a fault, the main switch. */
export type ControlCommand =
  | { readonly do: 'power'; readonly machine: string; readonly type: ResetType }
  | { readonly do: 'fault'; readonly machine: string; readonly fault: Fault | null }
  | { readonly do: 'stop' };

/**
 * The rack's own control socket: for the rehearsal and its operator, out of the product's reach. Whoever may
 * open the rack's folder (0700) may use it.
 */
export async function serveControl(spec: RackSpec, slots: readonly Slot[], stop: () => void) {
  const path = controlSocket(spec.dir);
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    serveRequest(spec, slots, stop, request, response).catch((error) =>
      reply(response, 400, { reason: reasonOf(error) }),
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket) => serveConsole(slots, request, socket));
  await rm(path, { force: true });
  server.listen(path);
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serveRequest(
  spec: RackSpec,
  slots: readonly Slot[],
  stop: () => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url === '/status') return reply(response, 200, { ...statusOf(spec, slots) });
  if (request.url !== '/command' || request.method !== 'POST') return reply(response, 404, {});
  const command = (await json(request)) as ControlCommand;
  if (command.do === 'stop') {
    response.on('finish', stop);
    return reply(response, 200, {});
  }
  const slot = slotOf(slots, command.machine);
  if (!slot) return reply(response, 404, { reason: `the rack has no machine "${command.machine}"` });
  if (command.do === 'fault') slot.bmc.setFault(command.fault);
  else await slot.machine.reset(command.type);
  return reply(response, 200, {});
}

const statusOf = (spec: RackSpec, slots: readonly Slot[]): RackStatus => ({
  name: spec.name,
  pid: process.pid,
  machines: slots.map(({ machine, bmc }) => ({
    name: machine.spec.name,
    firmware: machine.spec.firmware,
    power: machine.powerState(),
    boot: machine.boot,
    fault: bmc.fault(),
    bmcUrl: bmc.url,
    consoleLog: join(spec.dir, machine.spec.name, 'console.log'),
    history: machine.history,
  })),
});

/** After `Upgrade: console` the connection is the serial line itself. */
function serveConsole(slots: readonly Slot[], request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {}); // the viewer went away; 'close' follows
  const slot = slotOf(slots, /^\/console\/(.+)$/.exec(request.url ?? '')?.[1] ?? '');
  if (!slot) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: console\r\nConnection: Upgrade\r\n\r\n');
  const { console } = slot.machine;
  const detach = console.attach((bytes) => socket.write(bytes));
  socket.on('close', detach);
  socket.on('data', (bytes: Buffer) => console.write(bytes));
}

const slotOf = (slots: readonly Slot[], name: string): Slot | undefined =>
  slots.find(({ machine }) => machine.spec.name === name);

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(JSON.stringify(body));
}
