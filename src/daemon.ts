import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serveApi } from './api/serve-api.ts';
import { serveMetrics } from './api/serve-metrics.ts';
import { BootMetrics } from './boot/metrics.ts';
import { serveNetworkBoot } from './boot/serve-network-boot.ts';
import { findUndercloudBootFile } from './boot/undercloud-boot-file.ts';
import type { Daemon, OpenDaemon } from './cli/context.ts';
import { systemClock } from './clock.ts';
import { openLog } from './log.ts';
import { bootDeps } from './operations/boot-deps.ts';
import { crashAfterWrite } from './operations/crash-point.ts';
import { NodeDirectory } from './operations/directory.ts';
import { History } from './operations/history.ts';
import { Operator } from './operations/operator.ts';
import { packageCacheSettings, runPackageCache } from './operations/package-cache.ts';
import { Reconciler } from './operations/reconciler.ts';
import { RunningServices } from './operations/running-services.ts';
import { SeedCommands } from './operations/seed-commands.ts';
import { Addresses, type SeedState } from './operations/seed-state.ts';
import { SeedWorld } from './operations/seed-world.ts';
import { siteSteps } from './operations/site-step-list.ts';
import { SiteStepRunner } from './operations/site-steps.ts';
import type { LoadedSite } from './site/load-site.ts';
import { seedPaths } from './site/seed-paths.ts';
import { provisioningNetworks } from './site/views.ts';
import { BootTrace } from './store/boot-trace.ts';
import { HostKeys } from './store/host-keys.ts';
import { Journal } from './store/journal.ts';
import { openPostgresLeases } from './store/lease-postgres.ts';
import { type LeaseStore, openLeaseStore } from './store/lease-store.ts';
import { NodeBook } from './store/node-book.ts';
import { lockStore, openStore, storeFile } from './store/open-store.ts';
import { endOperation } from './store/operations.ts';

/** How much of the boot trace is read back at a start: enough to see what the machines were doing. */
const TRACE_MS = 24 * 3600_000;

/**
 * The seed in this process. With `serving`: boot servers on the site's networks, commands on the socket, the
 * reconciler at work. Without: commands that read, and those that only a person decides.
 */
export const openDaemon: OpenDaemon = async (site, { serving, logLevel }) => {
  const closing = new AsyncDisposableStack();
  try {
    return await open(site, serving, logLevel, closing);
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
};

async function open(
  site: LoadedSite,
  serving: boolean,
  logLevel: string,
  closing: AsyncDisposableStack,
): Promise<Daemon> {
  const paths = seedPaths(site.site);
  const lock = lockStore(paths.stateDir);
  closing.defer(() => lock.release());
  const leases = await openLeases(site, paths.stateDir);
  closing.defer(() => leases.close());
  const state = await openState(site, leases, logLevel, closing);
  const services = new RunningServices(state, paths);
  closing.defer(() => services.close());
  const runner = new SiteStepRunner(siteSteps(services), state.journal, state.history, state.clock);
  services.onReady = (step) => runner.isReady(step);
  const world = new SeedWorld(state, services);
  const endWith: ConstructorParameters<typeof Reconciler>[0]['endOperation'] = (operation, end, summary) =>
    endOperation(state.database, operation.id, end, summary, state.clock.nowMs());
  const reconciler = new Reconciler({ ...state, world, siteSteps: runner, endOperation: endWith });
  const operator = new Operator(state, reconciler);
  const commands = new SeedCommands({
    state,
    services,
    world,
    reconciler,
    siteSteps: runner,
    startedAtMs: state.clock.nowMs(),
    serving: serving
      ? provisioningNetworks(site.site).map((network) => `${network.interface} (${network.address})`)
      : [],
    undercloud: (action) => services.undercloudAction(action),
    wake: () => operator.wake(),
  });
  if (serving) await serve({ site, state, services, leases, operator, commands, closing });
  return { commands, ended: operator.ended, stop: () => closing.disposeAsync() };
}

/** In the state folder, or where several seeds of the site keep them together. */
async function openLeases({ site, readSecret }: LoadedSite, stateDir: string): Promise<LeaseStore> {
  const { leases } = site.seed;
  return leases.kind === 'postgresql'
    ? openPostgresLeases(await readSecret(leases.url))
    : openLeaseStore(join(stateDir, 'leases.sqlite'));
}

async function openState(
  site: LoadedSite,
  leases: LeaseStore,
  logLevel: string,
  closing: AsyncDisposableStack,
): Promise<SeedState> {
  const { stateDir, ironicHttpRoot } = seedPaths(site.site);
  const clock = systemClock;
  const log = openLog(logLevel);
  const database = await openStore(stateDir);
  closing.defer(() => database.destroy());
  const book = await NodeBook.load(
    database,
    site.site.nodes.map((node) => node.name),
  );
  const history = new History(await new Journal(database, clock).entries());
  const journal = new Journal(database, clock, (entry) => {
    history.append(entry);
    crashAfterWrite(entry);
  });
  const file = storeFile(stateDir);
  const trace = await BootTrace.load({ database, file, clock, log }, clock.nowMs() - TRACE_MS);
  closing.defer(() => trace.close());
  const directory = new NodeDirectory(site.site, book, (mac) => findUndercloudBootFile(ironicHttpRoot, mac));
  const addresses = new Addresses(await leases.load());
  leases.watch?.((changed) => {
    for (const { state, mac, address } of changed) if (state === 'bound') addresses.given(mac, address);
  });
  return {
    site,
    database,
    book,
    directory,
    trace,
    journal,
    history,
    hostKeys: await HostKeys.load(database, clock),
    addresses,
    clock,
    log,
  };
}

interface Serving {
  readonly site: LoadedSite;
  readonly state: SeedState;
  readonly services: RunningServices;
  readonly leases: LeaseStore;
  readonly operator: Operator;
  readonly commands: SeedCommands;
  readonly closing: AsyncDisposableStack;
}

/** Boot servers first, so that a port that is taken is told before anything else happens. */
async function serve({ site, state, services, leases, operator, commands, closing }: Serving): Promise<void> {
  const paths = seedPaths(site.site);
  const stop = new AbortController();
  await mkdir(paths.ironicHttpRoot, { recursive: true, mode: 0o755 });
  await services.recall();
  const nodeStates = () => commands.nodeStates();
  const metrics = new BootMetrics(() => state.clock.nowMs(), nodeStates);
  const packageCache = packageCacheSettings(site.site);
  if (packageCache !== null) {
    const ended = runPackageCache(packageCache, state, stop.signal);
    closing.defer(() => {
      stop.abort(new Error('the daemon stops'));
      return ended;
    });
  }
  const secure = await services.secrets.serving(stop.signal);
  const boot = await serveNetworkBoot(bootDeps(state, services, leases, metrics, secure), stop.signal);
  closing.defer(() => boot.close());
  const api = await serveApi(paths.socket, {
    commands,
    openConsole: (name) => services.openConsole(name),
    metrics,
    log: state.log,
  });
  closing.defer(() => api.close());
  if (site.site.seed.metrics !== null) {
    const scraped = await serveMetrics(site.site.seed.metrics, metrics);
    closing.defer(() => scraped.close());
  }
  operator.start(stop.signal, services.resume(stop.signal));
  closing.defer(async () => {
    stop.abort(new Error('the daemon stops'));
    await operator.ended;
  });
}
