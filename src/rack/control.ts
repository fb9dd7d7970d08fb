import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { request } from '../net/request.ts';
import type { Fault } from './bmc/fault.ts';
import type { ResetType } from './machine.ts';
import { endRecordedProcesses } from './process-record.ts';
import { type ControlCommand, controlSocket, type RackStatus } from './serve-control.ts';

/** A power change waits for QEMU to write its disk's tables: seconds on a busy host. */
const TIMEOUT_MS = 30_000;

/** The machines of the running rack. Throws E_RACK_DOWN when no rack serves in this folder. */
export async function rackStatus(rackDir: string, signal?: AbortSignal): Promise<RackStatus> {
  return JSON.parse(await ask(rackDir, '/status', null, signal));
}

/** The hand on a machine's own power button: no BMC, no network and no fault is in between. */
export const pressPower = (rackDir: string, machine: string, type: ResetType): Promise<void> =>
  command(rackDir, { do: 'power', machine, type });

/** Breaks a machine's BMC, or mends it with null. */
export const setBmcFault = (rackDir: string, machine: string, fault: Fault | null): Promise<void> =>
  command(rackDir, { do: 'fault', machine, fault });

/** The machine's serial line: what it printed lately and prints from now on; what is written is typed on it. */
export async function attachConsole(rackDir: string, machine: string): Promise<Duplex> {
  const asked = httpRequest({
    socketPath: controlSocket(rackDir),
    path: `/console/${machine}`,
    headers: { Connection: 'Upgrade', Upgrade: 'console' },
  });
  asked.end();
  const refused = once(asked, 'response').then(([response]: IncomingMessage[]) => {
    response?.resume();
    throw noSuchConsole(machine);
  });
  refused.catch(() => {}); // an error on `asked` rejects both; the race below tells
  try {
    const upgraded = once(asked, 'upgrade') as Promise<[IncomingMessage, Duplex, Buffer]>;
    const [, socket, first] = await Promise.race([upgraded, refused]);
    if (first.length > 0) socket.unshift(first);
    return socket;
  } catch (error) {
    throw error instanceof BlackstartError ? error : rackDown(rackDir, error);
  }
}

/** Ends the rack in this folder and all of its machines, also what a crashed one left behind. */
export async function stopRack(rackDir: string, clock: Clock): Promise<void> {
  await command(rackDir, { do: 'stop' }).catch((error) => {
    if (!(error instanceof BlackstartError)) throw error;
  });
  await endRecordedProcesses(rackDir, clock);
}

async function command(rackDir: string, asked: ControlCommand): Promise<void> {
  await ask(rackDir, '/command', asked);
}

async function ask(
  rackDir: string,
  path: string,
  body: ControlCommand | null,
  signal?: AbortSignal,
): Promise<string> {
  const answer = await request(`http://rack${path}`, {
    socketPath: controlSocket(rackDir),
    timeoutMs: TIMEOUT_MS,
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    ...(signal ? { signal } : {}),
  }).catch((error) => {
    signal?.throwIfAborted();
    throw rackDown(rackDir, error);
  });
  if (answer.status === 200) return answer.text;
  throw new BlackstartError('E_RACK_REFUSED', `the rack refused: ${answer.text}`, {
    remedy: 'The rack says why; its log is rack.log in its folder.',
  });
}

const rackDown = (rackDir: string, cause: unknown) =>
  new BlackstartError('E_RACK_DOWN', `no virtual rack answers in ${rackDir} (${reasonOf(cause)})`, {
    remedy: `Is it running? The end of ${rackDir}/rack.log says why it stopped.`,
    cause,
  });

const noSuchConsole = (machine: string) =>
  new BlackstartError('E_RACK_REFUSED', `the rack has no machine "${machine}"`, {
    remedy: 'The rack status lists the machines.',
  });
