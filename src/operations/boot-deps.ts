import type { BootMetrics } from '../boot/metrics.ts';
import type { BootEvent, NetworkBootDeps, SecureServing } from '../boot/network-boot.ts';
import type { UnknownLimits } from '../core/unknown-limits.ts';
import { BlackstartError } from '../errors.ts';
import { plainLog } from '../log.ts';
import type { Site } from '../site/site.ts';
import { discoversUnknown } from '../site/views.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { agentArgs } from './agent-args.ts';
import { bootNetworks } from './boot-networks.ts';
import { endUsedUp } from './boot-once.ts';
import { bootTools } from './boot-programs.ts';
import { recordDiscovery } from './record-discovery.ts';
import type { RunningServices } from './running-services.ts';
import type { SeedState } from './seed-state.ts';

/** The agent's collectors. `blackstart` is our ramdisk's own: the system's UUID and serial as its kernel reads them. */
const COLLECTORS = ['default', 'pci-devices', 'blackstart'] as const;

/** What the boot servers are told and asked for, out of what the seed remembers and has ready. */
export function bootDeps(
  state: SeedState,
  services: RunningServices,
  leases: LeaseStore,
  metrics: BootMetrics,
  secure: SecureServing | null = null,
): NetworkBootDeps {
  const { site } = state.site;
  return {
    networks: bootNetworks(site),
    httpPort: site.seed.httpPort,
    policy: {
      discovers: (mac) => discoversUnknown(site, mac),
      unknownLimits: unknownLimits(site),
      rejected: 'local-disk',
      secureBoot: site.boot.secureBoot,
      menuSeconds: site.boot.menuSeconds,
      tools: bootTools(state.site),
      ironicUrl: (network) =>
        site.undercloud.enabled ? `http://${network.address}:${site.undercloud.apiPort}` : null,
      collectors: COLLECTORS,
      kernelArgs: agentArgs(site),
    },
    ...(secure ? { secure } : {}),
    leases: metrics.meter(leases),
    directory: state.directory,
    artefacts: services.artefacts,
    onInventory: (inventory, sender) => takeInventory(state, leases, inventory, sender),
    onEvent: eventTaker(state, metrics),
    metrics,
    log: state.log,
    clock: state.clock,
  };
}

/** What may come in ten seconds may come at once. */
const BURST_SECONDS = 10;

function unknownLimits({ discovery }: Site): UnknownLimits {
  const { perSecond, perRelay, perSwitchPort } = discovery.limits;
  const rate = (each: number) => ({ perSecond: each, burst: Math.max(1, each * BURST_SECONDS) });
  return { all: rate(perSecond), relay: rate(perRelay), port: rate(perSwitchPort) };
}

/** What cannot be used is refused with the reason, which the agent prints on its console. */
async function takeInventory(
  state: SeedState,
  leases: LeaseStore,
  inventory: unknown,
  sender: { address: string; mac: string },
): Promise<void> {
  const known = (await leases.load()).find((lease) => lease.mac === sender.mac && lease.uuid !== null);
  const recorded = await recordDiscovery(inventory, { ...sender, systemUuid: known?.uuid ?? null }, state);
  if (!recorded.ok)
    throw new BlackstartError('E_INVENTORY', recorded.reason, {
      remedy: 'Look at the console of the machine.',
    });
}

/** Where another server gives addresses, the machine is heard taking its own. */
const ADDRESS_STAGES: ReadonlySet<string> = new Set(['dhcp ack', 'dhcp elsewhere']);

/** Takes every event in; what is kept of it is logged once, and floods are summed up. */
function eventTaker(state: SeedState, metrics: BootMetrics): (event: BootEvent) => void {
  const { trace, addresses, log } = state;
  const lines = plainLog(log);
  return (event) => {
    const { mac, address, node, stage, decision, reason, file } = event;
    if (ADDRESS_STAGES.has(stage) && mac !== null && address !== null) addresses.given(mac, address);
    const kept = trace.add({ ...event, mac: mac ?? '', repeats: 1 });
    metrics.note(event, kept);
    endUsedUp(state, event);
    if (kept) lines.info({ mac, node, stage, decision, reason, address, file }, 'boot event');
  };
}
