import { type BootOverride, consumeBoot, NO_OVERRIDE, patchBoot } from '../../src/rack/boot-override.ts';
import type { Machine, MachineEvent, MachineSpec, PowerState, ResetType } from '../../src/rack/machine.ts';
import { decideReset } from '../../src/rack/reset.ts';

export const SPEC: MachineSpec = {
  name: 'lab-1',
  firmware: 'bios',
  uuid: '6f1c2b1e-52aa-4000-8000-000000000001',
  serial: 'SN-0001',
  mac: '52:54:00:aa:00:01',
  cpus: 2,
  memoryMib: 2048,
  diskGib: 8,
  diskSerial: 'DISK-0001',
  bmc: {
    address: '127.0.0.1',
    port: 0,
    username: 'admin',
    password: 'a pass:word',
    mac: '52:54:00:bb:00:01',
  },
};

/** A machine with nothing behind its power button, for what only the BMC is asked. */
export class BenchMachine implements Machine {
  readonly spec: MachineSpec;
  readonly history: MachineEvent[] = [];
  readonly typed: string[] = [];
  boot: BootOverride = NO_OVERRIDE;
  breaks = false;
  #power: PowerState = 'Off';
  readonly #viewers = new Set<(bytes: Uint8Array) => void>();

  constructor(spec: MachineSpec = SPEC) {
    this.spec = spec;
  }

  readonly console = {
    attach: (viewer: (bytes: Uint8Array) => void) => {
      this.#viewers.add(viewer);
      return () => this.#viewers.delete(viewer);
    },
    write: (bytes: Uint8Array) => {
      this.typed.push(Buffer.from(bytes).toString());
    },
  };

  print(text: string): void {
    for (const viewer of this.#viewers) viewer(Buffer.from(text));
  }

  powerState(): PowerState {
    return this.#power;
  }

  setBoot(patch: Partial<BootOverride>): void {
    this.boot = patchBoot(this.boot, patch);
  }

  async reset(type: ResetType): Promise<void> {
    if (this.breaks) throw new Error('the fuse blew');
    const effect = decideReset(type, this.#power);
    if (effect === 'stop' || effect === 'ask-stop') this.#power = 'Off';
    if (effect === 'start' || effect === 'restart' || effect === 'ask-restart') {
      this.#power = 'On';
      this.boot = consumeBoot(this.boot).next;
    }
    this.history.push({ atMs: 0, kind: effect, why: type });
  }

  async close(): Promise<void> {
    this.#power = 'Off';
  }
}
