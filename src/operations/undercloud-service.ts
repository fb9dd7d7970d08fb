import { cacheDirOf } from '../artefacts/cache-dir.ts';
import type { Ramdisk } from '../artefacts/ramdisk.ts';
import type { Clock } from '../clock.ts';
import { reasonOf } from '../errors.ts';
import { type Ironic, openIronic } from '../ironic/client.ts';
import type { Log } from '../log.ts';
import { seedPaths } from '../site/seed-paths.ts';
import type { Site } from '../site/site.ts';
import { provisioningNetworks } from '../site/views.ts';
import { undercloudAccess } from '../undercloud/credentials.ts';
import type { UndercloudSettings } from '../undercloud/settings.ts';
import { startUndercloud } from '../undercloud/start.ts';
import { undercloudStatus } from '../undercloud/status.ts';
import { stopUndercloud } from '../undercloud/stop.ts';
import { type UndercloudEvent, watchUndercloud } from '../undercloud/watch.ts';
import { agentArgs } from './agent-args.ts';
import type { UndercloudView } from './commands.ts';

interface Deps {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  /** Deaths and restarts of it, to be kept. */
  readonly onEvent: (event: UndercloudEvent) => Promise<void>;
}

/** The undercloud as the seed runs it: started on request, watched from then on, stopped on request. */
export class UndercloudService {
  readonly #deps: Deps;
  #ironic: Ironic | null = null;
  #watch: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;
  #starting = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A client while the undercloud was started or adopted by this process; it may still be restarting. */
  client(): Ironic | null {
    return this.#ironic;
  }

  /** Starts or adopts it, and watches it. Done twice, the second costs one question. */
  async start(
    ramdisk: Ramdisk,
    report: (line: string) => void,
    signal: AbortSignal,
  ): Promise<{ adopted: boolean; pid: number }> {
    const { clock, log, site } = this.#deps;
    const settings = undercloudSettings(site, ramdisk);
    const deps = { cacheDir: cacheDirOf(), clock, log };
    this.#starting = true;
    try {
      const { adopted, process } = await startUndercloud(settings, deps, report, signal);
      const access = await undercloudAccess(settings);
      if (access === null) throw new Error('the undercloud runs without a password');
      this.#ironic = openIronic(access, { clock });
      this.#startWatching(settings);
      return { adopted, pid: process.pid };
    } finally {
      this.#starting = false;
    }
  }

  #startWatching(settings: UndercloudSettings): void {
    if (this.#watch !== null) return;
    const { clock, log, onEvent } = this.#deps;
    const stop = new AbortController();
    const ended = watchUndercloud(
      settings,
      { cacheDir: cacheDirOf(), clock, log, onEvent },
      stop.signal,
    ).catch((error) => log.error({ error: reasonOf(error) }, 'undercloud watch ended'));
    this.#watch = { stop, ended };
  }

  /** Stops watching; Ironic itself goes on, for the next life of the seed to adopt. */
  async letGo(): Promise<void> {
    const watch = this.#watch;
    this.#watch = null;
    watch?.stop.abort();
    await watch?.ended;
  }

  async stop(): Promise<void> {
    await this.letGo();
    this.#ironic = null;
    await stopUndercloud({ dir: seedPaths(this.#deps.site).undercloudDir }, this.#deps.clock);
  }

  /** Whether an Ironic of this site runs or should run: one to adopt at a start. */
  async shouldRun(): Promise<boolean> {
    return (await this.#status()).state !== 'stopped';
  }

  async view(): Promise<UndercloudView> {
    const status = await this.#status();
    const state = status.state === 'silent' ? 'starting' : status.state;
    return {
      state: this.#starting && state !== 'running' ? 'starting' : state,
      detail: status.detail || `log: ${status.logFile}`,
      url: status.pid === null ? null : status.url,
      version: status.version,
      pid: status.pid,
      memoryMib: status.memoryMib,
    };
  }

  #status() {
    const { site, clock } = this.#deps;
    const [network] = provisioningNetworks(site);
    return undercloudStatus(
      {
        dir: seedPaths(site).undercloudDir,
        address: network?.address ?? '',
        apiPort: site.undercloud.apiPort,
      },
      clock,
    );
  }
}

/** How long Ironic waits for a machine that it booted: real servers take minutes before their first packet. */
const CALLBACK_TIMEOUT_MINUTES = 30;

function undercloudSettings(site: Site, ramdisk: Ramdisk): UndercloudSettings {
  const paths = seedPaths(site);
  const [network] = provisioningNetworks(site);
  if (network === undefined) throw new Error('a site without a provisioning network passed the checks');
  return {
    dir: paths.undercloudDir,
    address: network.address,
    apiPort: site.undercloud.apiPort,
    httpUrl: `http://${network.address}:${site.seed.httpPort}/ironic`,
    httpRoot: paths.ironicHttpRoot,
    deployKernel: ramdisk.kernel,
    deployRamdisk: ramdisk.initramfs,
    kernelAppendParams: `${agentArgs(site)} nofb nomodeset`,
    clean: site.undercloud.clean,
    fastTrack: site.undercloud.fastTrack,
    limits: site.undercloud.limits,
    callbackTimeoutMinutes: CALLBACK_TIMEOUT_MINUTES,
    debug: false,
    fakeHardware: null,
  };
}
