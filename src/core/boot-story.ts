import { type BootPhase, phaseOf } from './boot-stages.ts';

/** What dividing a trace into boots looks at. */
export interface StoryEvent {
  readonly atMs: number;
  readonly startedAtMs: number | null;
  readonly stage: string;
  readonly decision: string;
  readonly reason: string;
  readonly arch: number | null;
}

/** One boot: from power-on, or from the first packet where nobody noted that, to the next one. */
export interface Boot<E extends StoryEvent> {
  /** Counted from the first that is kept, from 1. */
  readonly number: number;
  /** When the machine was switched on; null where this seed did not do it. */
  readonly poweredAtMs: number | null;
  readonly startedAtMs: number;
  readonly events: readonly E[];
}

/** The parts of a boot, in the order in which they come. */
export const BOOT_STEPS = [
  'power-on',
  'firmware DHCP',
  'boot program',
  'iPXE DHCP',
  'script',
  'kernel',
  'ramdisk',
  'ramdisk starts',
  'agent DHCP',
  'agent starts',
  'inventory',
  'image',
  'system DHCP',
  'plain DHCP',
  'other',
] as const;
export type BootStep = (typeof BOOT_STEPS)[number];

/** How long a part took: several tries are one. */
export interface StepSpan {
  readonly step: BootStep;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A netboot client that is silent that long has begun anew; OVMF's slowest DHCP retry comes after 32 s. */
const NETBOOT_PAUSE_MS = 120_000;
/** A plain DHCP client may be a ramdisk that starts slowly. */
const PLAIN_PAUSE_MS = 900_000;

const FROM_DISCOVER: ReadonlySet<string> = new Set([
  'dhcp offer',
  'dhcp ignored',
  'dhcp exhausted',
  'dhcp observed',
  'dhcp limited',
]);

const isNetbootDhcp = ({ stage, decision, arch }: StoryEvent): boolean =>
  stage.startsWith('dhcp ') && arch !== null && decision !== 'address' && decision !== 'renewal';

/** When an event began: a transfer is told of when it ends. */
const beganAt = ({ startedAtMs, atMs }: StoryEvent): number => startedAtMs ?? atMs;

/**
 * Divides a machine's events, oldest first, into its boots. A boot begins at a power-on; else when a netboot client's
 * DISCOVER comes after a pause, or after the machine had got further than that.
 */
export function splitBoots<E extends StoryEvent>(
  events: readonly E[],
  powerOnsMs: readonly number[],
): Boot<E>[] {
  const boots: { poweredAtMs: number | null; events: E[]; reached: number; lastMs: number }[] = [];
  const powers = [...powerOnsMs].sort((a, b) => a - b);
  for (const event of events) {
    const atMs = beganAt(event);
    let poweredAtMs: number | null = null;
    while (powers[0] !== undefined && powers[0] <= atMs) poweredAtMs = powers.shift() ?? null;
    let boot = boots.at(-1);
    if (boot === undefined || poweredAtMs !== null || beginsAnew(event, boot)) {
      boot = { poweredAtMs, events: [], reached: 0, lastMs: atMs };
      boots.push(boot);
    }
    boot.events.push(event);
    boot.reached = Math.max(boot.reached, progressOf(event));
    boot.lastMs = Math.max(boot.lastMs, event.atMs);
  }
  const lastPower = powers.at(-1);
  if (lastPower !== undefined)
    boots.push({ poweredAtMs: lastPower, events: [], reached: 0, lastMs: lastPower });
  return boots.map(({ poweredAtMs, events: own }, index) => ({
    number: index + 1,
    poweredAtMs,
    startedAtMs: poweredAtMs ?? Math.min(...own.map(beganAt)),
    events: own,
  }));
}

const IPXE = 2;
const SCRIPT = 3;

/** 1 a boot program, 2 iPXE, 3 its script or anything later. */
function progressOf(event: StoryEvent): number {
  const phase = phaseOf(event.stage);
  if (phase === 'dhcp') return isNetbootDhcp(event) && event.decision === 'script' ? IPXE : 0;
  return phase === 'program' || phase === 'other' ? 1 : SCRIPT;
}

function beginsAnew(event: StoryEvent, boot: { reached: number; lastMs: number }): boolean {
  if (!FROM_DISCOVER.has(event.stage)) return false;
  const pauseMs = beganAt(event) - boot.lastMs;
  if (!isNetbootDhcp(event)) return pauseMs >= PLAIN_PAUSE_MS;
  if (pauseMs >= NETBOOT_PAUSE_MS) return true;
  return event.decision === 'script' ? boot.reached >= SCRIPT : boot.reached >= IPXE;
}

const STEP_OF: Readonly<Record<Exclude<BootPhase, 'dhcp'>, BootStep>> = {
  program: 'boot program',
  script: 'script',
  kernel: 'kernel',
  ramdisk: 'ramdisk',
  agent: 'inventory',
  image: 'image',
  other: 'other',
};

/** The part of the boot that each event belongs to; a plain DHCP client is known by what came before it. */
export function stepsOf(events: readonly StoryEvent[]): BootStep[] {
  let seen: ReadonlySet<BootStep> = new Set();
  return events.map((event) => {
    const phase = phaseOf(event.stage);
    const step = phase === 'dhcp' ? dhcpStep(event, seen) : STEP_OF[phase];
    seen = new Set([...seen, step]);
    return step;
  });
}

function dhcpStep(event: StoryEvent, seen: ReadonlySet<BootStep>): BootStep {
  if (isNetbootDhcp(event)) return event.decision === 'script' ? 'iPXE DHCP' : 'firmware DHCP';
  if (seen.has('image')) return 'system DHCP';
  if (seen.has('ramdisk')) return 'agent DHCP';
  return 'plain DHCP';
}

/** How long each part of a boot took, in order of their beginnings. The parts that send nothing are filled in. */
export function spansOf(boot: Boot<StoryEvent>): StepSpan[] {
  const spans = new Map<BootStep, { fromMs: number; toMs: number }>();
  const steps = stepsOf(boot.events);
  boot.events.forEach((event, index) => {
    const step = steps[index] ?? 'other';
    const known = spans.get(step);
    const fromMs = beganAt(event);
    if (known) {
      known.fromMs = Math.min(known.fromMs, fromMs);
      known.toMs = Math.max(known.toMs, event.atMs);
    } else spans.set(step, { fromMs, toMs: event.atMs });
  });
  const first = boot.events[0];
  if (boot.poweredAtMs !== null && first)
    spans.set('power-on', { fromMs: boot.poweredAtMs, toMs: beganAt(first) });
  const ramdisk = spans.get('ramdisk');
  const alive = spans.get('agent DHCP') ?? spans.get('inventory');
  if (ramdisk && alive && alive.fromMs > ramdisk.toMs)
    spans.set('ramdisk starts', { fromMs: ramdisk.toMs, toMs: alive.fromMs });
  const address = spans.get('agent DHCP');
  const inventory = spans.get('inventory');
  if (address && inventory && inventory.fromMs > address.fromMs)
    spans.set('agent starts', { fromMs: Math.min(address.toMs, inventory.fromMs), toMs: inventory.fromMs });
  return [...spans]
    .map(([step, span]) => ({ step, ...span }))
    .sort((a, b) => a.fromMs - b.fromMs || BOOT_STEPS.indexOf(a.step) - BOOT_STEPS.indexOf(b.step));
}
