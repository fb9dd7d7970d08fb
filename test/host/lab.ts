import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, parseDocument } from 'yaml';
import { apiCommands } from '../../src/api/client.ts';
import { removeRehearsal, startRehearsalRack } from '../../src/cli/rehearse-rack.ts';
import { makeRehearsalSite, type RehearsalPlace, rehearsalPlace } from '../../src/cli/rehearse-site.ts';
import { systemClock } from '../../src/clock.ts';
import { lastLines, type RunResult, run, tryRun } from '../../src/exec/run.ts';
import type { HistoryEntry, IronicNode } from '../../src/ironic/types.ts';
import type { Commands } from '../../src/operations/commands.ts';
import type { MachineSpec, RackSpec } from '../../src/rack/machine.ts';
import { seedNamespace } from '../../src/rack/network.ts';
import { forgetProcess, recordProcess } from '../../src/rack/process-record.ts';
import { type MachineKind, startRack } from '../../src/rack/start-rack.ts';
import { type LoadedSite, loadSite } from '../../src/site/load-site.ts';
import { seedPaths } from '../../src/site/seed-paths.ts';

const BLACKSTART = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const START_LIMIT_MS = 60_000;
const COMMAND_LIMIT_MS = 280_000;

type Env = Readonly<Record<string, string>>;
const NEEDED = [
  '/usr/sbin/ip',
  '/usr/bin/curl',
  '/usr/bin/setpriv',
  '/usr/bin/openssl',
  '/usr/lib/ipxe/undionly.kpxe',
];

/** Why no lab can run here, or null. */
export function whyNoLab(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const absent = NEEDED.filter((path) => !existsSync(path) && !existsSync(path.replace('/usr/sbin', '/bin')));
  return absent.length > 0 ? `no ${absent.join(', ')}` : null;
}

/**
 * A whole bring-up under test: a copy of a site with a state of its own, the virtual rack that it describes, a seed that
 * is the public `blackstart serve` in its network namespace, and the public commands beside it.
 */
export class Lab {
  readonly place: RehearsalPlace;
  #site: LoadedSite;
  #rack: RackSpec | null = null;
  #kind: MachineKind = 'fake';
  #seed: ChildProcess | null = null;

  private constructor(place: RehearsalPlace, site: LoadedSite) {
    this.place = place;
    this.#site = site;
  }

  /** `source` is a folder of test/fixtures, or an absolute path. What an earlier, broken-off run left is removed first. */
  static async open(source: string, name = source): Promise<Lab> {
    // Its own for each checkout, and short: namespaces are named after it.
    const key = createHash('sha256').update(`${FIXTURES}/${name}`).digest('hex').slice(0, 6);
    const place = rehearsalPlace(join(tmpdir(), `blackstart-lab-${name}-${key}`));
    await removeRehearsal(place);
    const lab = new Lab(place, await makeRehearsalSite(resolve(FIXTURES, source), place));
    await lab.editSite((site) => site.set('site', `bs-${key}`));
    return lab;
  }

  /** Ends everything that was started, also what a test that failed half way left. */
  async close(): Promise<void> {
    await this.killSeed();
    await removeRehearsal(this.place);
    if (process.env['BLACKSTART_KEEP_LAB'] === undefined)
      await rm(this.place.root, { recursive: true, force: true });
  }

  /** Builds what a bring-up would build at its start, if it is not there: minutes the first time, seconds later. */
  async prepare(): Promise<void> {
    const args = ['prepare', '--site', this.place.siteDir];
    await run(BLACKSTART, args, { timeoutMs: 1_200_000 });
  }

  /** Starts the rack that site.yaml describes at this moment, all machines switched off. */
  async startRack(kind: MachineKind = 'fake'): Promise<void> {
    this.#kind = kind;
    this.#rack = await startRehearsalRack(this.#site, this.place, kind, AbortSignal.timeout(START_LIMIT_MS));
  }

  /** The rack with other machines in its slots, switched off, their disks as they were. End seed and Ironic before. */
  async restartRack(change: (machine: MachineSpec) => MachineSpec): Promise<void> {
    this.#rack = { ...this.rack, machines: this.rack.machines.map(change) };
    const signal = AbortSignal.timeout(START_LIMIT_MS);
    await startRack(this.#rack, { kind: this.#kind, clock: systemClock, signal, keepDisks: true });
  }

  get rack(): RackSpec {
    if (this.#rack === null) throw new Error('the rack was not started');
    return this.#rack;
  }

  /** What an operator does with an editor. The seed reads it at its next start. */
  async editSite(edit: (site: Document) => void): Promise<void> {
    const file = join(this.place.siteDir, 'site.yaml');
    const document = parseDocument(await readFile(file, 'utf8'));
    edit(document);
    await writeFile(file, document.toString());
    this.#site = await loadSite(this.place.siteDir);
  }

  /** A file of the site, such as a secret or an image: `content`, or random bytes. */
  async writeSiteFile(path: string, content: string | Uint8Array = randomBytes(256 * 1024)): Promise<void> {
    const file = join(this.place.siteDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o600 });
  }

  readSiteFile(path: string): Promise<Buffer> {
    return readFile(join(this.place.siteDir, path));
  }

  /** Commands of the running seed, for watching it more closely than the command line does. */
  get commands(): Commands {
    return apiCommands(seedPaths(this.#site.site).socket);
  }

  /** The machine's folder in the rack: disk, console, `readDiskWrites`. */
  machineDir(name: string): string {
    return join(this.place.rackDir, name);
  }

  /** Runs a program where the seed runs. */
  inSeed(command: readonly string[], options: { timeoutMs?: number } = {}): Promise<RunResult> {
    return tryRun('ip', ['netns', 'exec', seedNamespace(this.#site.site.site), ...command], {
      timeoutMs: COMMAND_LIMIT_MS,
      ...options,
    });
  }

  /** The command line of one of our own commands, for `inSeed`. */
  command(...args: readonly string[]): string[] {
    return [BLACKSTART, ...args];
  }

  /** Starts a program where the seed runs, and leaves it running. */
  async startInSeed(command: readonly string[]): Promise<{ end(): Promise<void> }> {
    const child = spawn('ip', ['netns', 'exec', seedNamespace(this.#site.site.site), ...command], {
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    return {
      end() {
        child.kill('SIGKILL');
        return ended(child);
      },
    };
  }

  /** Runs `blackstart ARGS --site …` where the seed runs, as its operator would. */
  blackstart(args: readonly string[], options: { env?: Env; timeoutMs?: number } = {}): Promise<RunResult> {
    const { env = {}, ...limits } = options;
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return this.inSeed(['env', ...settings, ...this.command(...args), '--site', this.place.siteDir], limits);
  }

  /** Starts `blackstart serve`. Resolves with null once it answers, or with its exit code if it ended before. */
  async startSeed(env: Env = {}): Promise<number | null> {
    const seed = await this.#spawnSeed(env);
    const deadlineMs = Date.now() + START_LIMIT_MS;
    while (seed.exitCode === null && seed.signalCode === null) {
      if (await this.#seedAnswers()) return null;
      if (Date.now() > deadlineMs) throw new Error(`the seed does not answer; it said:\n${this.seedSaid()}`);
      await systemClock.sleep(200);
    }
    return seed.exitCode ?? 128;
  }

  /**
   * Starts the seed again whenever it dies, until `signal` aborts; then the one that runs goes on. Returns how often it
   * died. A seed that ends by itself instead of being killed is an error.
   */
  async superviseSeed(env: Env, signal: AbortSignal): Promise<number> {
    for (let deaths = 0; ; deaths += 1) {
      const seed =
        this.#seed?.exitCode === null && this.#seed.signalCode === null
          ? this.#seed
          : await this.#spawnSeed(env);
      const stopped = once(signal, 'abort');
      await Promise.race([ended(seed), ...(signal.aborted ? [] : [stopped])]);
      if (signal.aborted || this.#seed !== seed) return deaths; // or it was ended by us
      if (seed.signalCode !== 'SIGKILL')
        throw new Error(`the seed ended with exit code ${seed.exitCode}; it said:\n${this.seedSaid()}`);
    }
  }

  async #spawnSeed(env: Env): Promise<ChildProcess> {
    await this.killSeed();
    const log = openSync(this.place.seedLog, 'a', 0o600);
    const command = [
      'netns',
      'exec',
      seedNamespace(this.#site.site.site),
      BLACKSTART,
      'serve',
      '--site',
      this.place.siteDir,
    ];
    const seed = spawn('ip', command, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.#seed = seed;
    await once(seed, 'spawn');
    if (seed.pid !== undefined) await recordProcess(this.place.rackDir, seed.pid, 'seed');
    return seed;
  }

  /** What a power cut does to the seed; its undercloud runs on. */
  killSeed(): Promise<void> {
    return this.#endSeed('SIGKILL');
  }

  stopSeed(): Promise<void> {
    return this.#endSeed('SIGTERM');
  }

  async #endSeed(name: NodeJS.Signals): Promise<void> {
    const seed = this.#seed;
    this.#seed = null;
    if (seed === null) return;
    seed.kill(name);
    const killer = setTimeout(() => seed.kill('SIGKILL'), 20_000);
    await ended(seed);
    clearTimeout(killer);
    if (seed.pid !== undefined) await forgetProcess(this.place.rackDir, seed.pid);
  }

  /** The end of what the seed logged. */
  seedSaid(lines = 20): string {
    return lastLines(existsSync(this.place.seedLog) ? readFileSync(this.place.seedLog, 'utf8') : '', lines);
  }

  async #seedAnswers(): Promise<boolean> {
    return this.commands.seed().then(
      () => true,
      () => false,
    );
  }

  /** Ironic's own word, asked past the product. */
  async ironicNodes(): Promise<IronicNode[]> {
    return (await this.#askIronic<{ nodes: IronicNode[] }>('/v1/nodes/detail')).nodes;
  }

  async ironicHistory(node: string): Promise<HistoryEntry[]> {
    return (await this.#askIronic<{ history: HistoryEntry[] }>(`/v1/nodes/${node}/history?detail=true`))
      .history;
  }

  async #askIronic<T>(path: string): Promise<T> {
    const { undercloudDir } = seedPaths(this.#site.site);
    const password = (await readFile(join(undercloudDir, 'password'), 'utf8')).trim();
    const { address } = this.#site.site.networks['provisioning'] ?? {};
    const url = `http://${address}:${this.#site.site.undercloud.apiPort}${path}`;
    const config = `user = "blackstart:${password}"\nurl = "${url}"\n`;
    const version = 'X-OpenStack-Ironic-API-Version: latest';
    const curl = [
      'netns',
      'exec',
      seedNamespace(this.#site.site.site),
      'curl',
      '-sSf',
      '-H',
      version,
      '-K',
      '-',
    ];
    return JSON.parse((await run('ip', curl, { input: config, timeoutMs: 60_000 })).stdout);
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
