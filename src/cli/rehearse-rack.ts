import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { RackSpec } from '../rack/machine.ts';
import { type NamespaceProcess, processesInNetwork } from '../rack/network.ts';
import { endRecordedProcesses } from '../rack/process-record.ts';
import { readRackSpec } from '../rack/rack-file.ts';
import { type MachineKind, startRack, tearDownRack } from '../rack/start-rack.ts';
import type { LoadedSite } from '../site/load-site.ts';
import { rackMachines, rackNetworks } from '../site/rack-view.ts';
import type { RehearsalPlace } from './rehearse-site.ts';

/** Builds the virtual rack that a site describes and leaves it running, all machines switched off. */
export async function startRehearsalRack(
  site: LoadedSite,
  place: RehearsalPlace,
  kind: MachineKind,
  signal: AbortSignal,
): Promise<RackSpec> {
  const spec = await rackSpec(site, place.rackDir);
  const others = await processesInNetwork(spec.name);
  if (others.length > 0)
    throw alreadyRuns(
      spec.name,
      others.map(({ pid }) => pid),
    );
  await startRack(spec, { kind, clock: systemClock, signal });
  return spec;
}

/**
 * Ends whatever a rehearsal in this folder left behind, alive or dead: its processes, what those started inside its
 * namespaces, and the namespaces. Nothing that another program started is touched.
 */
export async function removeRehearsal(place: RehearsalPlace): Promise<void> {
  await endRecordedProcesses(place.rackDir, systemClock);
  const spec = await readRackSpec(place.rackDir).catch(() => null);
  if (spec === null) return;
  for (let tries = 0; ; tries += 1) {
    const left = await processesInNetwork(spec.name);
    if (left.length === 0) break;
    if (tries === GIVE_UP_TRIES) throw stillRunning(left);
    for (const { pid } of left) endProcess(pid, tries < 50 ? 'SIGTERM' : 'SIGKILL');
    await systemClock.sleep(200);
  }
  await tearDownRack(spec.name, place.rackDir, systemClock);
}

/** A minute, most of it after SIGKILL. */
const GIVE_UP_TRIES = 300;

const stillRunning = (left: readonly NamespaceProcess[]) =>
  new BlackstartError('E_STILL_RUNNING', `${left.length} processes of the rehearsal do not end`, {
    remedy: `Look at them, then "blackstart rehearse down": ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`,
  });

function endProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** The rack in a few words, for a task list. */
export function describeRack({ machines }: RackSpec): string {
  const kinds = [...Map.groupBy(machines, (machine) => machine.firmware)].map(
    ([firmware, group]) => `${group.length} × ${firmware}`,
  );
  return `${kinds.join(', ')}, each with a BMC on the management network`;
}

async function rackSpec({ site, readSecret }: LoadedSite, dir: string): Promise<RackSpec> {
  const machines = rackMachines(site).map(async ({ bmc, ...machine }) => ({
    ...machine,
    bmc: { ...bmc, password: await readSecret(bmc.password) },
  }));
  return { name: site.site, dir: join(dir), ...rackNetworks(site), machines: await Promise.all(machines) };
}

const alreadyRuns = (name: string, pids: readonly number[]) =>
  new BlackstartError(
    'E_REHEARSAL_RUNS',
    `a rehearsal of site "${name}" runs already (processes ${pids.slice(0, 5).join(', ')})`,
    {
      remedy:
        'Wait for it, or take it down: "blackstart rehearse down --dir DIR", with the --dir it was started with.',
      exitCode: EXIT.refused,
    },
  );
