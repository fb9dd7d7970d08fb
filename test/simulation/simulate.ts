import type { BootNode } from '../../src/core/boot-node.ts';
import { aNetwork } from '../core/a-network.ts';
import { aNode } from '../core/boot-samples.ts';
import { type Random, seededRandom } from '../random.ts';
import { SimClock } from './sim-clock.ts';
import { SimDisk } from './sim-disk.ts';
import { type Belief, SimMachine } from './sim-machine.ts';
import { type SeedParts, SimSeed } from './sim-seed.ts';
import { FAIR, SimWire, type Weather } from './sim-wire.ts';

const LEASE_SECONDS = 120;
const STORM_MS = 6 * 60_000;
const CALM_MS = 5 * 60_000;
const PROGRAM = 'snponly.efi';

/** What one simulated quarter of an hour came to. */
export interface Outcome {
  /** What must never be: empty when all is well. */
  readonly wrongs: readonly string[];
  readonly boots: number;
  readonly crashes: number;
  readonly transfers: number;
}

/** A hall of machines and one seed, for some minutes in which the network is bad and the seed is killed. */
export async function simulate(number: number): Promise<Outcome> {
  const hall = new Hall(seededRandom(number));
  return hall.run();
}

class Hall {
  readonly #random: Random;
  readonly #clock = new SimClock();
  readonly #wire: SimWire;
  readonly #parts: SeedParts;
  readonly #machines: SimMachine[];
  readonly #wrongs: string[] = [];
  readonly #hasRoom: boolean;
  readonly #reserved: ReadonlyMap<string, string>;
  #seed: SimSeed | null = null;
  #crashes = 0;
  #transfers = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#wire = new SimWire(this.#clock, random);
    const macs = Array.from({ length: 3 + random.below(6) }, (_, index) => `52:54:00:99:00:0${index}`);
    const nodes = macs.filter(() => random.oneIn(2)).map((mac, index) => this.#node(mac, index));
    this.#reserved = new Map(
      nodes.flatMap(({ macs: [mac = ''], address }) => (address ? [[mac, address]] : [])),
    );
    // Sometimes too small for all: then addresses pass from one machine to the next, and some wait in vain.
    const poolSize = Math.max(2, macs.length - 2 + random.below(6));
    this.#hasRoom = poolSize > macs.length;
    const network = aNetwork({
      leaseSeconds: LEASE_SECONDS,
      pools: [{ start: '10.0.0.100', end: `10.0.0.${99 + poolSize}` }],
    });
    const files = new Map([
      [PROGRAM, Uint8Array.from({ length: random.below(12_000) }, () => random.below(256))],
    ]);
    const disk = new SimDisk(this.#clock, random);
    this.#parts = {
      clock: this.#clock,
      wire: this.#wire,
      disk,
      network,
      nodes,
      files,
    };
    const wiring = {
      ...{
        clock: this.#clock,
        wire: this.#wire,
        random,
        files,
        seedAddress: network.address,
      },
      onAck: (machine: SimMachine, belief: Belief) => this.#checkAck(machine, belief),
      onWrong: (what: string) => this.#wrong(what),
    };
    this.#machines = macs.map((mac) => new SimMachine(mac, wiring));
  }

  async run(): Promise<Outcome> {
    this.#seed = await SimSeed.start(this.#parts);
    const lives = this.#machines.map((machine) => machine.live());
    this.#wire.weather = this.#someWeather();
    const endMs = this.#clock.nowMs() + STORM_MS;
    while (this.#clock.nowMs() < endMs) {
      await this.#clock.pass(5000 + this.#random.below(120_000));
      await this.#crash();
    }
    this.#wire.weather = FAIR;
    const bootsBefore = this.#machines.map(({ boots }) => boots);
    await this.#clock.pass(CALM_MS);
    for (const [index, { mac, boots, belief }] of this.#machines.entries())
      if (this.#hasRoom && boots === bootsBefore[index] && belief === null)
        this.#wrong(`${mac} does not boot, in fair weather`);
    for (const machine of this.#machines) machine.stopping = true;
    await this.#clock.pass(CALM_MS);
    await Promise.all(lives);
    this.#checkEnded();
    const boots = this.#machines.reduce((sum, machine) => sum + machine.boots, 0);
    return {
      wrongs: this.#wrongs,
      boots,
      crashes: this.#crashes,
      transfers: this.#transfers,
    };
  }

  async #crash(): Promise<void> {
    await this.#seed?.kill();
    this.#transfers += this.#seed?.tftp.reports.length ?? 0;
    this.#crashes++;
    this.#checkDisk();
    await this.#clock.pass(this.#random.below(20_000));
    this.#seed = await SimSeed.start(this.#parts);
  }

  /** No address twice; known nodes keep theirs; what is acknowledged is on the disk. */
  #checkAck(machine: SimMachine, { address, untilMs }: Belief): void {
    const nowMs = this.#clock.nowMs();
    for (const { mac, belief } of this.#machines)
      if (mac !== machine.mac && belief?.address === address && nowMs < belief.untilMs)
        this.#wrong(`${address} was given to ${machine.mac} while ${mac} has it`);
    const own = this.#reserved.get(machine.mac);
    if (own !== undefined && own !== address)
      this.#wrong(`${machine.mac} was given ${address}, and ${own} is reserved for it`);
    const stolen = [...this.#reserved].find(([mac, reserved]) => mac !== machine.mac && reserved === address);
    if (stolen) this.#wrong(`${machine.mac} was given ${address}, which is reserved for ${stolen[0]}`);
    this.#checkStored(machine.mac, address, untilMs);
  }

  #checkDisk(): void {
    for (const { mac, belief } of this.#machines)
      if (belief && this.#clock.nowMs() < belief.untilMs)
        this.#checkStored(mac, belief.address, belief.untilMs);
  }

  #checkStored(mac: string, address: string, untilMs: number): void {
    const lease = this.#parts.disk.synced.leases.get(`${this.#parts.network.name} ${address}`);
    if (lease?.mac !== mac || lease.state !== 'bound' || lease.expiresAtMs < untilMs)
      this.#wrong(`the acknowledged lease of ${address} for ${mac} is not on the disk`);
  }

  #checkEnded(): void {
    const tftp = this.#seed?.tftp;
    this.#transfers += tftp?.reports.length ?? 0;
    if (tftp?.busy || tftp?.open !== 0) this.#wrong(`${tftp?.open} transfers have not ended`);
  }

  #node(mac: string, index: number): BootNode {
    // Inside the pool and outside of it, and for some none.
    const address = this.#random.pick([null, `10.0.0.${100 + index}`, `10.0.0.${20 + index}`]);
    return aNode({
      name: `n${index}`,
      macs: [mac],
      address,
      hostname: `n${index}`,
      approval: 'pending',
    });
  }

  #someWeather(): Weather {
    const some = (worst: number) => (this.#random.oneIn(3) ? 0 : worst + this.#random.below(50));
    return {
      lossOneIn: some(5),
      doubleOneIn: some(5),
      lateOneIn: some(3),
      lateMs: 1 + this.#random.below(6000),
    };
  }

  #wrong(what: string): void {
    this.#wrongs.push(`after ${this.#clock.nowMs() - 1_700_000_000_000} ms: ${what}`);
  }
}
