import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Ramdisk } from '../artefacts/ramdisk.ts';
import type { Bmc } from '../bmc/bmc.ts';
import type { BootArtefacts } from '../boot/network-boot.ts';
import { MEMTEST_PROGRAMS } from '../core/boot-programs.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import type { Ironic } from '../ironic/client.ts';
import type { SeedPaths } from '../site/seed-paths.ts';
import type { SiteNode } from '../site/site.ts';
import { nodeProfile } from '../site/views.ts';
import { OneTimeTokens } from '../store/one-time-tokens.ts';
import { runningOperation } from '../store/operations.ts';
import { bootPrograms, toolPaths } from './boot-programs.ts';
import type { UndercloudView } from './commands.ts';
import type { ServedImage } from './images.ts';
import { openNodeBmc } from './open-node-bmc.ts';
import { prepareAnsible, prepareImages, preparePrograms, prepareRamdisk } from './prepare.ts';
import { writeRescueKeys } from './rescue-keys.ts';
import { SecretFiles } from './secret-files.ts';
import type { SeedServices } from './seed-services.ts';
import type { SeedState } from './seed-state.ts';
import { NOTHING_SERVED, recallServed, rememberServed, type ServedFiles } from './served-files.ts';
import { UndercloudService } from './undercloud-service.ts';

/** What this process runs and has ready. Nothing in here outlives it but the undercloud, which the next one adopts. */
export class RunningServices implements SeedServices {
  readonly paths: SeedPaths;
  readonly secrets: SecretFiles;
  /** Whether a site step has been brought to its end; set once the steps exist. */
  onReady: (siteStep: string) => boolean = () => false;
  readonly #state: SeedState;
  readonly #undercloud: UndercloudService;
  readonly #bmcs = new Map<string, { readonly password: string | null; readonly open: Promise<Bmc> }>();
  #ramdisk: Ramdisk | null = null;
  /** What is given out: of this life, and until that is ready, of the one before. */
  #served: ServedFiles = NOTHING_SERVED;
  /** The public keys for a rescue ramdisk, as a file to be served. */
  #rescueKeys: Readonly<Record<string, string>> = {};
  #madePrograms: {
    readonly from: readonly [ServedFiles['programs'], Readonly<Record<string, string>>];
    readonly programs: Readonly<Record<string, string>>;
  } | null = null;
  #images = new Map<string, ServedImage>();

  constructor(state: SeedState, paths: SeedPaths) {
    this.#state = state;
    this.paths = paths;
    const tokens = new OneTimeTokens(state.database, state.clock);
    this.secrets = new SecretFiles({ state, tokens, ironic: () => this.ironic() });
    this.#undercloud = new UndercloudService({
      site: state.site.site,
      clock: state.clock,
      log: state.log,
      onEvent: async ({ kind, reason }) => {
        const running = await runningOperation(state.database);
        await state.journal.write(running?.id ?? 0, 'site', 'undercloud-seen', 'done', { kind, reason });
      },
    });
  }

  isReady(siteStep: string): boolean {
    return this.onReady(siteStep);
  }

  /** What the boot servers serve: looked up at each request, since parts become ready while they serve. */
  get artefacts(): BootArtefacts {
    const { site } = this.#state;
    const programs = () => this.#programs();
    const images = () => Object.fromEntries(this.#served.images.map((image) => [image.urlName, image.file]));
    const agent = () => this.#served.agent;
    const { ironicHttpRoot, undercloudDir } = this.paths;
    const piDir = site.site.boot.raspberryPi;
    return {
      get programs() {
        return programs();
      },
      tools: toolPaths(site),
      raspberryPiDir: piDir === null ? null : resolve(site.dir, piDir),
      ironic: { httpRoot: ironicHttpRoot, linkRoots: [undercloudDir] },
      get agent() {
        return agent();
      },
      get images() {
        return images();
      },
    };
  }

  get serves(): { rescue: boolean; memtest: boolean } {
    const { agent, programs } = this.#served;
    return { rescue: agent !== null, memtest: Object.hasOwn(programs, MEMTEST_PROGRAMS.bios) };
  }

  /** The same object until there are others: whoever asks for every packet may keep what follows from it. */
  #programs(): Readonly<Record<string, string>> {
    const from = [this.#served.programs, this.#rescueKeys] as const;
    if (this.#madePrograms?.from[0] !== from[0] || this.#madePrograms.from[1] !== from[1]) {
      const programs = { ...bootPrograms(this.#state.site, from[0]), ...from[1] };
      this.#madePrograms = { from, programs };
    }
    return this.#madePrograms.programs;
  }

  /** Before anything is served: takes up what the last life served. */
  async recall(): Promise<void> {
    this.#served = await recallServed(this.paths.stateDir);
    this.#rescueKeys = await writeRescueKeys(this.#state.site, this.paths.stateDir);
  }

  async #serve(files: Partial<ServedFiles>): Promise<void> {
    this.#served = { ...this.#served, ...files };
    await rememberServed(this.paths.stateDir, this.#served);
  }

  async readyRamdisk(report: (line: string) => void, signal: AbortSignal): Promise<Ramdisk> {
    const ramdisk = await prepareRamdisk(this.#state.site, report, signal);
    this.#ramdisk = ramdisk;
    await this.#serve({ agent: { kernel: ramdisk.kernel, initramfs: ramdisk.initramfs } });
    return ramdisk;
  }

  /** Secure Boot, ARM64 and memtest need them; a site that has none of that is not held up by their absence. */
  async readyPrograms(report: (line: string) => void, signal: AbortSignal): Promise<string[]> {
    try {
      const programs = await preparePrograms(report, signal);
      await this.#serve({ programs });
      return Object.keys(programs);
    } catch (error) {
      const { site } = this.#state.site;
      if (signal.aborted || site.nodes.some((node) => nodeProfile(site, node).secureBoot)) throw error;
      this.#state.log.warn(
        { reason: reasonOf(error) },
        'no boot programs for secure boot, arm64 and memtest',
      );
      return [];
    }
  }

  async readyImages(report: (line: string) => void, signal: AbortSignal): Promise<string[]> {
    this.#images = await prepareImages(this.#state.site, report, signal);
    await this.#serve({ images: [...this.#images.values()] });
    return [...this.#images.keys()];
  }

  async startUndercloud(
    report: (line: string) => void,
    signal: AbortSignal,
  ): Promise<{ adopted: boolean; pid: number }> {
    const ramdisk = this.#ramdisk ?? (await this.readyRamdisk(report, signal));
    return this.#undercloud.start(ramdisk, report, signal);
  }

  /** After a start: an undercloud that an earlier life left running, or that died meanwhile, is taken up again. */
  async resume(signal: AbortSignal): Promise<void> {
    if (!(await this.#undercloud.shouldRun())) return;
    await this.startUndercloud(() => {}, signal).catch((error: unknown) => {
      this.#state.log.warn({ reason: reasonOf(error) }, 'undercloud not taken up again');
    });
  }

  async undercloudAction(action: 'up' | 'status' | 'down'): Promise<UndercloudView> {
    if (action === 'up') await this.startUndercloud(() => {}, AbortSignal.timeout(600_000));
    if (action === 'down') await this.#undercloud.stop();
    return this.#undercloud.view();
  }

  ironic(): Ironic | null {
    return this.#undercloud.client();
  }

  /**
   * One client for each BMC, so that its session is used again and its commands keep their turn; another one once the
   * site's file holds another password.
   */
  async bmc(node: SiteNode): Promise<Bmc> {
    const password = node.bmc === null ? null : await this.#state.site.readSecret(node.bmc.password);
    const known = this.#bmcs.get(node.name);
    if (known !== undefined && known.password === password) return known.open;
    const open = openNodeBmc(this.#state.site, node);
    this.#bmcs.set(node.name, { password, open });
    open.catch(() => this.#bmcs.delete(node.name));
    await known?.open.then((old) => old.close()).catch(() => {});
    return open;
  }

  async openConsole(name: string): Promise<Duplex> {
    const node = this.#state.site.site.nodes.find((candidate) => candidate.name === name);
    if (node === undefined)
      throw new BlackstartError('E_NO_SUCH_NODE', `there is no node "${name}"`, {
        remedy: '"blackstart nodes list" shows them all.',
      });
    return (await this.bmc(node)).openConsole();
  }

  image(name: string): ServedImage {
    const image = this.#images.get(name);
    if (image !== undefined) return image;
    throw new BlackstartError('E_IMAGE_MISSING', `image "${name}" is not ready`, {
      remedy: '"blackstart image build" makes it.',
    });
  }

  ansible(signal: AbortSignal): Promise<string> {
    return prepareAnsible(() => {}, signal);
  }

  async close(): Promise<void> {
    await this.#undercloud.letGo();
    for (const { open } of this.#bmcs.values()) {
      await open.then(
        (bmc) => bmc.close(),
        () => {},
      );
    }
  }
}
