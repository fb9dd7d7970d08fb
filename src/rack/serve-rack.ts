import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { makeCertificate } from './bmc/certificate.ts';
import { serveBmc } from './bmc/serve-bmc.ts';
import type { Machine, MachineFactory, RackSpec } from './machine.ts';
import { tapName } from './network.ts';
import { recordProcess } from './process-record.ts';
import { serveControl } from './serve-control.ts';
import type { Slot } from './slot.ts';

export interface RackDeps {
  readonly createMachine: MachineFactory;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Is the rack: builds its machines, all switched off, serves their BMCs and the control socket, until `signal`
 * is aborted or the socket is asked to stop; then pulls all plugs. Runs inside the namespace that
 * `createRackNetwork` made.
 */
export async function serveRack(spec: RackSpec, deps: RackDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps;
  await mkdir(spec.dir, { recursive: true, mode: 0o700 });
  await recordProcess(spec.dir, process.pid, `rack ${spec.name}`);
  const addresses = spec.machines.map((machine) => machine.bmc.address);
  const tls = await makeCertificate(spec.dir, addresses);
  await using parts = new AsyncDisposableStack();
  const slots: Slot[] = [];
  for (const index of spec.machines.keys()) {
    const machine = await buildMachine(spec, index, deps);
    parts.defer(() => machine.close());
    const bmc = await serveBmc(machine, { tls, clock, log });
    parts.defer(() => bmc.close());
    slots.push({ machine, bmc });
    log.info({ machine: machine.spec.name, bmc: bmc.url }, 'machine racked');
  }
  const stop = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => stop.resolve(), { once: true });
  if (signal.aborted) stop.resolve();
  const control = await serveControl(spec, slots, () => stop.resolve());
  parts.defer(() => control.close());
  await stop.promise;
  log.info({ rack: spec.name }, 'rack stops');
}

async function buildMachine(rack: RackSpec, index: number, deps: RackDeps): Promise<Machine> {
  const spec = rack.machines[index];
  if (!spec) throw new Error(`the rack has no machine ${index}`);
  const dir = join(rack.dir, spec.name);
  await mkdir(dir, { recursive: true });
  const { clock, log } = deps;
  return deps.createMachine(spec, { rack, dir, tap: tapName(index), clock, log });
}
