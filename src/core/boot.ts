import { archOf } from '../wire/arch.ts';
import type { PxeClient } from '../wire/pxe-client.ts';
import { type BootIntent, type BootNode, unexpired } from './boot-node.ts';
import { NETBOOT_PROGRAM } from './boot-programs.ts';
import { bootPath } from './boot-urls.ts';

/** What the site allows, and what this seed has to serve. */
export interface BootPolicy {
  /** `http://ADDRESS:PORT` of the boot server, as the asking machine reaches it. */
  readonly httpUrl: string;
  /** What an unknown machine gets. Discovery never writes to a disk. */
  readonly unknown: 'discover' | 'ignore';
  /** What a rejected machine gets. */
  readonly rejected: 'ignore' | 'local-disk';
  /** The network boot programs that are really there to be served. */
  readonly programs: ReadonlySet<string>;
  /** The processors that an agent ramdisk is there for. */
  readonly agentCpus: ReadonlySet<string>;
}

/** A machine at one stage of its boot: its firmware or iPXE by DHCP, or iPXE fetching its script. */
export interface BootClient extends Pick<PxeClient, 'kind' | 'arch' | 'mac'> {
  readonly stage: 'dhcp' | 'script';
}

/** How a machine is sent to its local disk. Which form each firmware takes: docs/booting.md. */
export type LocalDiskForm = 'pxe-e21' | 'no-file' | 'http-404' | 'script' | 'sanboot' | 'exit';

/** What a machine that asks to netboot gets, and why. */
export type BootDecision = { readonly reason: string } & (
  | { readonly kind: 'ignore' }
  | { readonly kind: 'local-disk'; readonly form: LocalDiskForm; readonly url: string | null }
  | { readonly kind: 'tftp'; readonly file: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'script'; readonly url: string }
  | { readonly kind: 'agent'; readonly kernelArgs: string }
  | { readonly kind: 'chain'; readonly url: string }
);

type Wish = { readonly intent: BootIntent | null; readonly reason: string };

const ignore = (reason: string): BootDecision => ({ kind: 'ignore', reason });

/**
 * What a machine that asks to netboot shall boot. Pure: no clock, no store, no log. A known machine netboots only
 * under an unexpired intent; everything else is sent to its local disk, whoever asks.
 */
export function decideBoot(
  client: BootClient,
  node: BootNode | null,
  intent: BootIntent | null,
  policy: BootPolicy,
  nowMs: number,
): BootDecision {
  if (!node) {
    if (policy.unknown === 'ignore')
      return ignore('the MAC address is in no inventory, and the site discovers no unknown machines');
    return netboot(client, null, { intent: null, reason: 'unknown machine: discovery' }, policy);
  }
  if (node.approval === 'rejected') {
    const reason = `node ${node.name} was rejected`;
    return policy.rejected === 'ignore' ? ignore(reason) : localDisk(client, node, policy, reason);
  }
  const active = unexpired(intent, nowMs);
  if (active)
    return netboot(client, node, { intent: active, reason: `${active.kind}: ${active.reason}` }, policy);
  const why = intent ? `its boot intent "${intent.kind}" has expired` : 'no boot intent';
  return localDisk(client, node, policy, `node ${node.name}: ${why}`);
}

/** The next step of a netboot: firmware loads iPXE, iPXE fetches its script, the script boots. */
function netboot(client: BootClient, node: BootNode | null, wish: Wish, policy: BootPolicy): BootDecision {
  if (wish.intent?.kind === 'install') return ignore(`${wish.reason}: this seed serves no installer`);
  if (client.stage === 'script') return bootSystem(client, node, wish, policy);
  if (client.kind === 'iPXE')
    return {
      kind: 'script',
      url: policy.httpUrl + bootPath.script(client.arch, client.mac),
      reason: wish.reason,
    };
  const arch = archOf(client.arch);
  const program = NETBOOT_PROGRAM[client.arch];
  if (program === undefined)
    return ignore(`no network boot program for architecture ${client.arch} (${arch.text})`);
  if (!policy.programs.has(program))
    return ignore(
      `architecture ${client.arch} (${arch.text}) needs ${program}, which this seed does not have`,
    );
  if (client.kind === 'HTTPClient')
    return { kind: 'http', url: policy.httpUrl + bootPath.program(program), reason: wish.reason };
  if (arch.http) return ignore(`a PXE client that claims architecture ${client.arch} (${arch.text})`);
  return { kind: 'tftp', file: program, reason: wish.reason };
}

/** The last step: Ironic's own boot file, or the agent's ramdisk. */
function bootSystem(client: BootClient, node: BootNode | null, wish: Wish, policy: BootPolicy): BootDecision {
  if (wish.intent?.kind === 'undercloud')
    return { kind: 'chain', url: policy.httpUrl + bootPath.ironic(wish.intent.path), reason: wish.reason };
  const { cpu } = archOf(client.arch);
  if (!policy.agentCpus.has(cpu)) return ignore(`no agent ramdisk for ${cpu}`);
  return { kind: 'agent', kernelArgs: node?.kernelArgs ?? '', reason: wish.reason };
}

function localDisk(client: BootClient, node: BootNode, policy: BootPolicy, reason: string): BootDecision {
  const { firmware } = archOf(client.arch);
  if (client.stage === 'script') {
    const auto = firmware === 'bios' ? 'sanboot' : 'exit';
    return { kind: 'local-disk', form: node.localDisk === 'auto' ? auto : node.localDisk, url: null, reason };
  }
  if (client.kind === 'iPXE') {
    const url = policy.httpUrl + bootPath.script(client.arch, client.mac);
    return { kind: 'local-disk', form: 'script', url, reason };
  }
  if (client.kind === 'HTTPClient')
    return { kind: 'local-disk', form: 'http-404', url: policy.httpUrl + bootPath.nothing, reason };
  return { kind: 'local-disk', form: firmware === 'bios' ? 'no-file' : 'pxe-e21', url: null, reason };
}

/** Why a machine's DHCP messages get no answer at all; null when they do. Also for plain DHCP clients. */
export function refuseDhcp(
  node: BootNode | null,
  decision: BootDecision | null,
  policy: BootPolicy,
): string | null {
  if (decision) return decision.kind === 'ignore' ? decision.reason : null;
  if (!node) return policy.unknown === 'ignore' ? 'the MAC address is in no inventory' : null;
  const ignored = node.approval === 'rejected' && policy.rejected === 'ignore';
  return ignored ? `node ${node.name} was rejected` : null;
}
