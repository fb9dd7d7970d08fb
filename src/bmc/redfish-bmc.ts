import type { Duplex } from 'node:stream';
import { BlackstartError } from '../errors.ts';
import type { Bmc, BootDevice, CallOptions, PowerManner, PowerState, SystemDescription } from './bmc.ts';
import { ignored, refused } from './bmc-errors.ts';
import {
  bootPatch,
  isBootSetTo,
  keepsOverride,
  printBoot,
  readBoot,
  settingsPathOf,
  whyNotBootable,
} from './redfish-boot.ts';
import { actionAt, RedfishClient, type Resource } from './redfish-client.ts';
import { openSystemConsole } from './redfish-console.ts';
import { describeNothing, describeSystem } from './redfish-describe.ts';
import { idOf, type JsonObject } from './redfish-json.ts';
import {
  chooseResetType,
  offWish,
  type PowerWish,
  readPowerState,
  readResetTypes,
  resetWish,
} from './redfish-power.ts';
import type { RedfishSession } from './redfish-session.ts';
import { findSystem } from './redfish-system.ts';
import { RedfishWalk } from './redfish-walk.ts';
import { inTurn } from './turns.ts';

export interface RedfishPatience {
  /** How long the power may take to change once it was asked for. */
  readonly powerMs: number;
  /** How long to wait before asking whether a boot device is still set: some BMCs agree, and revert. */
  readonly readBackDelayMs: number;
  /** How long a BMC may take to show a boot device that it did accept. */
  readonly readBackMs: number;
  readonly pollMs: number;
}

/** What one command works with: the BMC's client and walk, both under the command's signal. */
interface Command {
  readonly client: RedfishClient;
  readonly walk: RedfishWalk;
  readonly signal: AbortSignal | undefined;
}

/** A server behind a Redfish service. */
export class RedfishBmc implements Bmc {
  readonly #session: RedfishSession;
  readonly #systemId: string | null;
  readonly #patience: RedfishPatience;
  readonly #signal: AbortSignal | undefined;
  #systemPath: string | null = null;

  constructor(
    session: RedfishSession,
    systemId: string | null,
    patience: RedfishPatience,
    signal?: AbortSignal,
  ) {
    this.#session = session;
    this.#systemId = systemId;
    this.#patience = patience;
    this.#signal = signal;
  }

  powerState(options: CallOptions = {}): Promise<PowerState> {
    return this.#inTurn(options, async (command) => readPowerState((await this.#system(command)).body));
  }

  powerOn(options: CallOptions = {}): Promise<void> {
    return this.#inTurn(options, (command) => this.#changePower('on', 'on', command));
  }

  powerOff(options: CallOptions & { readonly manner?: PowerManner } = {}): Promise<void> {
    return this.#inTurn(options, (command) => this.#changePower(offWish(options.manner), 'off', command));
  }

  reset(options: CallOptions & { readonly manner?: PowerManner } = {}): Promise<void> {
    return this.#inTurn(options, async (command) => {
      const { body } = await this.#system(command);
      if (readPowerState(body) === 'off') return this.#changePower('on', 'on', command);
      const wish = resetWish(options.manner);
      if (chooseResetType(wish, await readResetTypes(body, command.walk)) !== null) {
        return this.#askReset(wish, body, command);
      }
      // A Cray EX offers On and ForceOff, and no restart.
      await this.#changePower(offWish(options.manner), 'off', command);
      return this.#changePower('on', 'on', command);
    });
  }

  setNextBoot(
    device: BootDevice,
    options: CallOptions & { readonly firmware?: 'bios' | 'uefi' } = {},
  ): Promise<void> {
    return this.#inTurn(options, async (command) => {
      const system = await this.#system(command);
      const settings = await this.#bootSettings(system.body, command);
      const where = settings ?? system;
      const doing = `setting the next boot to ${device}`;
      const boot = readBoot(system.body, settings?.body);
      const why = whyNotBootable(device, boot);
      if (why !== null) throw refused(this.#host, doing, why, NO_OVERRIDE_REMEDY);
      await command.client.patch(where, bootPatch(device, options.firmware, boot), doing);
      await this.#untilBootIs(device, [system.path, where.path], command);
    });
  }

  describe(options: CallOptions = {}): Promise<SystemDescription> {
    return this.#inTurn(options, async ({ client, walk }) => {
      const root = await client.root();
      const system = await findSystem(root, this.#systemId, walk, this.#host);
      if (system.ok) return describeSystem(root, system.value, walk);
      walk.note('system', system.reason);
      return describeNothing(walk);
    });
  }

  openConsole(options: CallOptions = {}): Promise<Duplex> {
    return this.#inTurn(options, async (command) => {
      const { body } = await this.#system(command);
      return openSystemConsole(body, this.#session, command.walk, command.signal);
    });
  }

  async close(): Promise<void> {
    await inTurn(this.#key, () => this.#session.close());
  }

  get #host(): string {
    return this.#session.target.host;
  }

  get #key(): string {
    return this.#session.target.origin;
  }

  #inTurn<T>(options: CallOptions, work: (command: Command) => Promise<T>): Promise<T> {
    const signals = [this.#signal, options.signal].filter((signal) => signal !== undefined);
    const signal = signals.length > 0 ? AbortSignal.any(signals) : undefined;
    const client = new RedfishClient(this.#session, signal);
    return inTurn(this.#key, () => work({ client, walk: new RedfishWalk(client), signal }), signal);
  }

  /** The system as it is now. Where it is, is looked for once. */
  async #system(command: Command): Promise<Resource> {
    if (this.#systemPath === null) {
      const found = await findSystem(await command.client.root(), this.#systemId, command.walk, this.#host);
      const path = found.ok ? idOf(found.value) : null;
      if (path === null)
        throw refused(this.#host, 'managing a system', found.ok ? 'it has no id' : found.reason);
      this.#systemPath = path;
    }
    const read = await command.client.read(this.#systemPath);
    if (read.ok) return read.value;
    const path = this.#systemPath;
    this.#systemPath = null; // a BMC that was updated may have moved it
    throw refused(this.#host, `reading ${path}`, read.reason);
  }

  async #askReset(wish: PowerWish, system: JsonObject, { client, walk }: Command): Promise<void> {
    const reset = actionAt(system, '#ComputerSystem.Reset');
    if (!reset) throw refused(this.#host, `power ${wish}`, 'its system has no Reset action');
    const offered = await readResetTypes(system, walk);
    const type = chooseResetType(wish, offered);
    if (type === null)
      throw refused(this.#host, `power ${wish}`, `it offers only ${offered?.join(', ') ?? 'nothing'}`);
    await client.post(reset.target, { ResetType: type }, `power ${wish} (${type})`);
  }

  /** Asks for a power state and waits until it is reported. Throws E_BMC_IGNORED when it is not. */
  async #changePower(wish: PowerWish, want: 'on' | 'off', command: Command): Promise<void> {
    const { body } = await this.#system(command);
    if (readPowerState(body) === want) return;
    try {
      await this.#askReset(wish, body, command);
    } catch (error) {
      // Somebody may have pressed the button meanwhile: "no" to what is already so is no refusal (iLO, 400).
      const isRefusal = error instanceof BlackstartError && error.code === 'E_BMC_REFUSED';
      if (!isRefusal || readPowerState((await this.#system(command)).body) !== want) throw error;
    }
    const { clock } = this.#session.target;
    const deadlineMs = clock.nowMs() + this.#patience.powerMs;
    for (;;) {
      const power = readPowerState((await this.#system(command)).body);
      if (power === want) return;
      if (clock.nowMs() >= deadlineMs) {
        throw ignored(
          this.#host,
          `power ${wish}`,
          `${this.#patience.powerMs / 1000} s later the power is ${power}`,
        );
      }
      await clock.sleep(this.#patience.pollMs, command.signal);
    }
  }

  /** The settings resource that keeps the override, where it is not the system itself. */
  async #bootSettings(system: JsonObject, { client }: Command): Promise<Resource | null> {
    const path = settingsPathOf(system);
    const read = path === null ? null : await client.read(path);
    return read?.ok && keepsOverride(read.value.body) ? read.value : null;
  }

  async #untilBootIs(
    device: BootDevice,
    paths: readonly string[],
    { client, signal }: Command,
  ): Promise<void> {
    const { clock } = this.#session.target;
    const deadlineMs = clock.nowMs() + this.#patience.readBackMs;
    for (let delayMs = this.#patience.readBackDelayMs; ; delayMs = this.#patience.pollMs) {
      await clock.sleep(delayMs, signal);
      const found: string[] = [];
      for (const path of new Set(paths)) {
        const read = await client.read(path);
        if (read.ok && isBootSetTo(device, readBoot(read.value.body))) return;
        found.push(read.ok ? printBoot(readBoot(read.value.body)) : read.reason);
      }
      if (clock.nowMs() >= deadlineMs) {
        throw ignored(
          this.#host,
          `boot from ${device} next`,
          `its boot override now is ${found.join(' and ')}`,
        );
      }
    }
  }
}

const NO_OVERRIDE_REMEDY =
  'Set the boot order in the machine’s firmware by hand, network first: Blackstart tells a machine that shall ' +
  'not be installed to boot its disk.';
