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

/** Where else to look, said where the trace is not on the screen already. */
export const LOOK =
  'Look at its screen with "blackstart nodes console NODE" and at its packets with "blackstart trace NODE".';

/** How far a netboot got, with the usual cause of stopping there. */
interface Halt {
  readonly stage: RegExp;
  /** What it was answered; any answer when absent. */
  readonly decision?: RegExp;
  readonly reason?: RegExp;
  readonly waiting: string;
  readonly seen: string;
  readonly remedy: string;
}

const ENDED_WELL = /^(completed|part)$/;
const CABLING =
  'the switch port (VLAN, spanning tree without portfast, DHCP snooping), a firewall on the seed';

/** Furthest first: the first that a boot's events have is where it stands. */
const HALTS: readonly Halt[] = [
  {
    stage: /^ramdisk$/,
    decision: ENDED_WELL,
    waiting: 'the discovery ramdisk is starting',
    seen: 'it fetched the kernel and the ramdisk, but no agent has called back',
    remedy: `The ramdisk crashed, has no driver for the network card, or cannot reach the seed. ${LOOK}`,
  },
  {
    stage: /^(kernel|ramdisk)$/,
    decision: /^not found$/,
    waiting: 'what it shall boot is not there',
    seen: 'it asked for a kernel or a ramdisk that the seed does not have',
    remedy: 'Build what is missing with "blackstart prepare", then netboot the machine again.',
  },
  {
    stage: /^ramdisk$/,
    waiting: 'loading the discovery ramdisk',
    seen: 'it fetched the kernel, but did not finish fetching the ramdisk',
    remedy: `The transfer broke off or the machine has too little memory. ${LOOK}`,
  },
  {
    stage: /^kernel$/,
    decision: ENDED_WELL,
    waiting: 'loading the discovery ramdisk',
    seen: 'it fetched the kernel, but did not finish fetching the ramdisk',
    remedy: `The transfer broke off or the machine has too little memory. ${LOOK}`,
  },
  {
    stage: /^kernel$/,
    waiting: 'loading the kernel',
    seen: 'it began to fetch the kernel, and the transfer broke off',
    remedy: `Large packets are lost between the machine and the seed (MTU, cable, duplex), or it was switched off. ${LOOK}`,
  },
  {
    stage: /^script$/,
    decision: /^local-disk$/,
    waiting: 'it was sent to its disk',
    seen: 'it was told to boot from its disk',
    remedy: `That is what a node without a reason to netboot gets. "blackstart up" gives it one. ${LOOK}`,
  },
  {
    stage: /^script$/,
    decision: /^ignore$/,
    waiting: 'there is no script for it',
    seen: 'iPXE asked for its script and was given none',
    remedy: `The reason is in the trace. ${LOOK}`,
  },
  {
    stage: /^script$/,
    waiting: 'iPXE has its script',
    seen: 'iPXE got its script, but never asked for the kernel',
    remedy: `HTTP between the machine and the seed is blocked, or the seed's address is wrong for its network. ${LOOK}`,
  },
  {
    stage: /^dhcp6? (ack|reply)$/,
    decision: /^script$/,
    waiting: 'iPXE has an address',
    seen: 'iPXE got an address and the URL of its script, but never asked for it',
    remedy: `HTTP (TCP, the seed's "httpPort") is blocked between the machine and the seed. ${LOOK}`,
  },
  {
    stage: /^dhcp6? (offer|advertise)$/,
    decision: /^script$/,
    waiting: 'iPXE was offered an address',
    seen: 'iPXE was offered an address and did not take it',
    remedy: `The offer did not reach it, or another DHCP server was quicker: look at ${CABLING}. ${LOOK}`,
  },
  {
    stage: /^(tftp|http) program$/,
    decision: ENDED_WELL,
    waiting: 'loading iPXE',
    seen: 'it loaded the network boot program, but that never asked for its script',
    remedy: `The boot program did not start: Secure Boot refuses an unsigned one, or it is for another architecture. ${LOOK}`,
  },
  {
    stage: /^tftp (program|file)$/,
    decision: /^not found$/,
    waiting: 'it asked for a file that is not there',
    seen: 'it asked for a boot file that the seed does not serve',
    remedy: `Another DHCP server names that file, or the firmware has it from its own settings. ${LOOK}`,
  },
  {
    stage: /^tftp /,
    waiting: 'loading a boot program',
    seen: 'it asked TFTP for a boot program, and the transfer never ended',
    remedy: `TFTP answers from a port of its own: a firewall that only lets UDP 69 through breaks it. Large packets may be lost, too (MTU). ${LOOK}`,
  },
  {
    stage: /^http program$/,
    waiting: 'loading a boot program',
    seen: 'it asked HTTP for a boot program, and did not get it whole',
    remedy: `The firmware wants another name or certificate, or large packets are lost (MTU). ${LOOK}`,
  },
  {
    stage: /^dhcp /,
    reason: /chose the server/,
    waiting: 'it listens to another DHCP server',
    seen: 'it took the offer of another DHCP server than this seed',
    remedy: `Switch that server off on this network, or use "mode: proxy" beside it. "blackstart check" names it. ${LOOK}`,
  },
  {
    stage: /^dhcp ack$/,
    decision: /^local-disk$/,
    waiting: 'it was sent to its disk',
    seen: 'it was told to boot from its disk',
    remedy: `That is what a node without a reason to netboot gets. "blackstart up" gives it one. ${LOOK}`,
  },
  {
    stage: /^dhcp6? (ack|reply)$/,
    decision: /^(tftp|http)$/,
    waiting: 'it got an address',
    seen: 'it took an address and the name of a boot program, but never asked for the program',
    remedy: `TFTP (UDP 69) or HTTP is blocked, the machine has a wrong gateway, or its firmware waits for another server (port 4011). ${LOOK}`,
  },
  {
    stage: /^dhcp6? (offer|advertise)$/,
    decision: /^(tftp|http)$/,
    waiting: 'it was offered an address',
    seen: 'it was offered an address and a boot program, and never took the offer',
    remedy: `The offer did not reach it, it lacks what this firmware wants, or another DHCP server was quicker: look at ${CABLING}. ${LOOK}`,
  },
  {
    stage: /^dhcp exhausted$/,
    waiting: 'there is no address for it',
    seen: 'it asked for an address, and the pool has none left',
    remedy: 'Widen the pool of that network in site.yaml, or reserve an address for the node.',
  },
  {
    stage: /^dhcp nak$/,
    waiting: 'it was refused an address',
    seen: 'it asked for an address that is not to be had here, and did not ask again',
    remedy: `It remembers a lease of another network, and goes on once it gives that up. ${LOOK}`,
  },
  {
    stage: /^dhcp (ignored|limited|observed)$/,
    waiting: 'it is not answered',
    seen: 'it spoke DHCP, and the seed did not answer',
    remedy: `The reason is the last sign. ${LOOK}`,
  },
  {
    stage: /^dhcp/,
    decision: /^(address|renewal)$/,
    waiting: 'a plain DHCP client has an address',
    seen: 'a system that runs on it got an address, but its firmware never asked to netboot',
    remedy: `It boots from its disk: check its boot order, and whether its BMC kept the boot device. ${LOOK}`,
  },
  {
    stage: /^dhcp/,
    waiting: 'it got an address',
    seen: 'it spoke DHCP, but never asked for a boot program',
    remedy: `TFTP (UDP 69) is blocked, another DHCP server answered it, or it was told to boot its disk. ${LOOK}`,
  },
];

const isAt = ({ stage, decision, reason }: Halt, sight: BootSight): boolean =>
  stage.test(sight.stage) && (decision?.test(sight.decision) ?? true) && (reason?.test(sight.reason) ?? true);

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
  if (/^dhcp6? /.test(last.stage)) return ['tftp', 'http', 'script'].includes(last.decision);
  if (last.stage === 'script') return last.decision !== 'local-disk';
  return /program$|^kernel$/.test(last.stage);
}

/** Why a machine that was switched on has not called back, as far as the boot servers can tell. */
export function explainSilence(boot: readonly BootSight[], nowMs: number): Silence {
  for (const step of HALTS) {
    const sight = boot.findLast((candidate) => isAt(step, candidate));
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
