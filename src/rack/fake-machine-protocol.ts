import type { BootTarget } from './boot-override.ts';
import type { MachineSpec } from './machine.ts';

/** What the rack tells a simulated machine's process: one process is one power-on. */
export type ToFakeMachine =
  | { readonly kind: 'boot'; readonly order: BootOrder }
  /** The ACPI power button: an installed system shuts down; firmware and the agent's ramdisk do not listen. */
  | { readonly kind: 'power-button'; readonly then: 'poweroff' | 'reboot' };

export interface BootOrder {
  readonly spec: MachineSpec;
  readonly target: BootTarget;
  readonly dir: string;
  /** Real waits of firmware, ramdisk and agent are multiplied by this. */
  readonly timeScale: number;
}

/** What a simulated machine's process tells the rack. */
export type FromFakeMachine =
  /** Its network namespace is there: the cable can be plugged in. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'event'; readonly event: string; readonly why: string }
  | { readonly kind: 'console'; readonly line: string }
  /** The machine switched itself off, or resets. */
  | { readonly kind: 'ends'; readonly how: 'poweroff' | 'reboot'; readonly why: string };

/** The only network interface that a simulated machine has. */
export const FAKE_NIC = 'eth0';
