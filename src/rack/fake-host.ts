import type { Clock } from '../clock.ts';
import type { FakeBehaviour } from './fake-behaviour.ts';
import type { FakeDisk } from './fake-disk.ts';
import type { MachineSpec } from './machine.ts';

/** The hardware of a simulated machine while its power is on, as its firmware and systems see it. */
export interface FakeHost {
  readonly spec: MachineSpec;
  /** The machine's own folder. */
  readonly dir: string;
  readonly disk: FakeDisk;
  readonly behaviour: FakeBehaviour;
  readonly timeScale: number;
  readonly clock: Clock;
  /** Aborted when the power goes. */
  readonly signal: AbortSignal;
  /** A line of the machine's history and of its console. */
  record(event: string, why: string): void;
  print(line: string): void;
  /** Switches off or resets; the process is ended by the rack a moment later. */
  end(how: 'poweroff' | 'reboot', why: string): void;
  /** Called when somebody presses the power button; firmware and ramdisk leave it null. */
  onPowerButton: ((then: 'poweroff' | 'reboot') => void) | null;
}

/** Waits as long as the real thing would, times the machine's time scale. */
export const waitScaled = (host: FakeHost, realMs: number): Promise<void> =>
  host.clock.sleep(realMs * host.timeScale, host.signal);

/** A stage of the boot begins: slow machines take their time before it. */
export async function beginStage(host: FakeHost, event: string, why: string): Promise<void> {
  if (host.behaviour.slowSeconds > 0) await host.clock.sleep(host.behaviour.slowSeconds * 1000, host.signal);
  host.record(event, why);
}
