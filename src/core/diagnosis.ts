/** One thing the boot servers saw a machine do. */
export interface BootSight {
  readonly stage: string;
  /** What it was answered: a boot decision's kind, or what became of a transfer. */
  readonly decision: string;
  readonly atMs: number;
  readonly reason: string;
}

export interface Silence {
  /** What is going on, for a task list. */
  readonly waiting: string;
  /** What was seen and what was not, for an error. */
  readonly seen: string;
  /** What to do; NODE stands for the node's name. */
  readonly remedy: string;
}

const LOOK =
  'Look at its screen with "blackstart nodes console NODE" and at its packets with "blackstart trace NODE".';

/** How far a netboot got, furthest first, with the usual cause of stopping there. */
const FURTHEST: readonly {
  readonly stage: RegExp;
  readonly waiting: string;
  readonly seen: string;
  readonly remedy: string;
}[] = [
  {
    stage: /^(ramdisk|http initramfs|initramfs)/,
    waiting: 'the discovery ramdisk is starting',
    seen: 'it fetched the kernel and the ramdisk, but no agent has called back',
    remedy: `The ramdisk crashed, has no driver for the network card, or cannot reach the seed. ${LOOK}`,
  },
  {
    stage: /^(kernel|http kernel)/,
    waiting: 'loading the discovery ramdisk',
    seen: 'it fetched the kernel, but did not finish fetching the ramdisk',
    remedy: `The transfer broke off or the machine has too little memory. ${LOOK}`,
  },
  {
    stage: /^script/,
    waiting: 'iPXE has its script',
    seen: 'iPXE got its script, but never asked for the kernel',
    remedy: `HTTP between the machine and the seed is blocked, or the seed's address is wrong for its network. ${LOOK}`,
  },
  {
    stage: /^(tftp|program|http program)/,
    waiting: 'loading iPXE',
    seen: 'it loaded the network boot program, but that never asked for its script',
    remedy: `The boot program did not start: Secure Boot refuses an unsigned one, or it is for another architecture. ${LOOK}`,
  },
  {
    stage: /^dhcp/,
    waiting: 'it got an address',
    seen: 'it spoke DHCP, but never asked for a boot program',
    remedy: `TFTP (UDP 69) is blocked, another DHCP server answered it, or it was told to boot its disk. ${LOOK}`,
  },
];

/** Between two packets of a netboot that goes on, no machine takes longer. */
const NETBOOT_PAUSE_MS = 60_000;

/**
 * Whether the seed went away in the middle of a netboot, and the machine gave up: the last that was seen of it is a
 * netboot which did not get as far as the ramdisk (that needs no seed while it starts), and the seed is back for long.
 */
export function brokeOff(boot: readonly BootSight[], seedSinceMs: number, nowMs: number): boolean {
  // A transfer that failed is told of long after it: what the machine did meanwhile came before.
  const last = boot.findLast(({ decision }) => decision !== 'failed' && decision !== 'aborted');
  if (last === undefined || last.atMs >= seedSinceMs || nowMs < seedSinceMs + NETBOOT_PAUSE_MS) return false;
  if (last.stage.startsWith('dhcp ')) return ['tftp', 'http', 'script'].includes(last.decision);
  if (last.stage === 'script') return last.decision !== 'local-disk';
  return /program$|^kernel$/.test(last.stage);
}

/** Why a machine that was switched on has not called back, as far as the boot servers can tell. */
export function explainSilence(boot: readonly BootSight[], nowMs: number): Silence {
  for (const step of FURTHEST) {
    const sight = boot.findLast((candidate) => step.stage.test(candidate.stage));
    if (sight === undefined) continue;
    const ago = Math.max(0, Math.round((nowMs - sight.atMs) / 1000));
    return {
      waiting: `${step.waiting} (${ago} s)`,
      seen: `${step.seen} (last sign ${ago} s ago: ${sight.reason || sight.stage})`,
      remedy: step.remedy,
    };
  }
  return {
    waiting: 'switched on; nothing heard yet',
    seen: 'not one DHCP packet came from it',
    remedy: `It did not netboot: check the cable, the switch port's VLAN and spanning tree, and whether its BMC kept the boot device ("blackstart nodes show NODE"). ${LOOK}`,
  };
}
