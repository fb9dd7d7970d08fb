import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.ts';
import { BlackstartError } from '../errors.ts';
import { lastLines } from '../exec/run.ts';
import { rackStatus, stopRack } from './control.ts';
import type { RackSpec } from './machine.ts';
import { createRackNetwork, destroyRackNetwork, rackNamespace } from './network.ts';
import { endRecordedProcesses } from './process-record.ts';
import { writeRackSpec } from './rack-file.ts';
import type { RackStatus } from './serve-control.ts';

/** Of what the machines are made: virtual machines, or simulations that are real on the wire only. */
export type MachineKind = 'qemu' | 'fake';

interface StartOptions {
  readonly kind: MachineKind;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Keeps what an earlier rack left on its disks, in its UEFI variables and in its console logs. */
  readonly keepDisks?: boolean;
}

const START_LIMIT_MS = 30_000;
const POLL_MS = 100;

/**
 * Puts the whole rack up: the networks and a process of its own, which lives on when this one ends, with all
 * machines built and switched off. What an earlier rack of this name or in this folder left is cleared first.
 */
export async function startRack(spec: RackSpec, options: StartOptions): Promise<RackStatus> {
  await endRecordedProcesses(spec.dir, options.clock);
  if (!options.keepDisks) {
    for (const { name } of spec.machines) await rm(join(spec.dir, name), { recursive: true, force: true });
  }
  await writeRackSpec(spec);
  await createRackNetwork(spec);
  const child = await spawnRack(spec, options.kind);
  try {
    return await untilServing(spec, child, options);
  } catch (error) {
    child.kill('SIGTERM');
    await tearDownRack(spec.name, spec.dir, options.clock);
    throw error;
  }
}

/** Ends the rack's process and machines and removes its networks; its folder stays, with disks and logs. */
export async function tearDownRack(name: string, rackDir: string, clock: Clock): Promise<void> {
  await stopRack(rackDir, clock);
  await destroyRackNetwork(name);
}

async function spawnRack(spec: RackSpec, kind: MachineKind): Promise<ChildProcess> {
  const log = await open(logFile(spec), 'w');
  const main = fileURLToPath(new URL('rack-main.ts', import.meta.url));
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', main, spec.dir, kind];
  const child = spawn('ip', ['netns', 'exec', rackNamespace(spec.name), ...command], {
    detached: true, // Ctrl-C is for the rehearsal, which then takes the rack down in order
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await once(child, 'spawn');
  await log.close();
  return child;
}

async function untilServing(
  spec: RackSpec,
  child: ChildProcess,
  { clock, signal }: StartOptions,
): Promise<RackStatus> {
  const deadlineMs = clock.nowMs() + START_LIMIT_MS;
  for (;;) {
    const status = await rackStatus(spec.dir, signal).catch(() => null);
    if (status) return status;
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null || clock.nowMs() > deadlineMs) {
      throw await rackDidNotStart(spec);
    }
    await clock.sleep(POLL_MS, signal);
  }
}

const logFile = (spec: RackSpec): string => join(spec.dir, 'rack.log');

async function rackDidNotStart(spec: RackSpec): Promise<BlackstartError> {
  const said = lastLines(await readFile(logFile(spec), 'utf8').catch(() => ''), 12);
  return new BlackstartError('E_RACK_DOWN', `the virtual rack "${spec.name}" did not start`, {
    remedy: `Its log, ${logFile(spec)}, ends with: ${said || '(nothing)'}`,
  });
}
