import { archOf } from '../wire/arch.ts';
import {
  type BootClient,
  type BootDecision,
  type BootPolicy,
  ignore,
  type MenuEntry,
} from './boot-decision.ts';
import { firstProgram } from './boot-first-program.ts';
import { localDisk } from './boot-local-disk.ts';
import { type BootIntent, type BootNode, isOnce, type OnceKind, unexpired } from './boot-node.ts';
import { MEMTEST_PROGRAMS } from './boot-programs.ts';
import { whyNotTool } from './boot-tool.ts';
import { bootPath } from './boot-urls.ts';

export type { BootClient, BootDecision, BootPolicy } from './boot-decision.ts';

type Wish = { readonly intent: BootIntent | null; readonly reason: string };

/**
 * What a machine that asks to netboot shall boot. Pure: no clock, no store, no log. A known machine netboots only
 * under an unexpired intent, or into what a person at its console takes from the menu, where the site has one;
 * everything else is sent to its local disk, whoever asks.
 */
export function decideBoot(
  client: BootClient,
  node: BootNode | null,
  intent: BootIntent | null,
  policy: BootPolicy,
  nowMs: number,
): BootDecision {
  if (!node && policy.unknown === 'ignore')
    return ignore('the MAC address is in no inventory, and the site discovers no unknown machines');
  if (node?.approval === 'rejected') {
    const reason = `node ${node.name} was rejected`;
    return policy.rejected === 'ignore' ? ignore(reason) : localDisk(client, node, policy, reason);
  }
  const ordinary = decideUnasked(client, node, intent, policy, nowMs);
  if (policy.menuSeconds === null) return ordinary;
  return client.stage === 'dhcp'
    ? towardsMenu(client, node, ordinary, policy)
    : decideByMenu(client, node, ordinary, policy, policy.menuSeconds);
}

/** What it boots when nobody stands at its console. */
function decideUnasked(
  client: BootClient,
  node: BootNode | null,
  intent: BootIntent | null,
  policy: BootPolicy,
  nowMs: number,
): BootDecision {
  if (!node) return netboot(client, null, { intent: null, reason: 'unknown machine: discovery' }, policy);
  const active = unexpired(intent, nowMs);
  if (active)
    return netboot(client, node, { intent: active, reason: `${active.kind}: ${active.reason}` }, policy);
  const why = intent ? `its boot intent "${intent.kind}" has expired` : 'no boot intent';
  return localDisk(client, node, policy, `node ${node.name}: ${why}`);
}

/** The next step of a netboot: firmware loads iPXE or GRUB, that fetches its script, the script boots. */
function netboot(client: BootClient, node: BootNode | null, wish: Wish, policy: BootPolicy): BootDecision {
  if (wish.intent?.kind === 'install') return ignore(`${wish.reason}: this seed serves no installer`);
  if (client.stage === 'script') return bootSystem(client, node, wish, policy);
  if (client.kind !== 'iPXE') return firstProgram(client, node, policy, wish.reason);
  const url = policy.httpUrl + bootPath.script(client.arch, client.mac);
  return { kind: 'script', url, reason: wish.reason };
}

/** The last step: Ironic's own boot file, a person's wish, or the agent's ramdisk. */
function bootSystem(client: BootClient, node: BootNode | null, wish: Wish, policy: BootPolicy): BootDecision {
  const { intent, reason } = wish;
  if (intent?.kind === 'undercloud')
    return { kind: 'chain', url: policy.httpUrl + bootPath.ironic(intent.path), reason };
  if (intent !== null && isOnce(intent.kind)) return bootOnce(intent.kind, client, node, reason, policy);
  return bootAgent('agent', client, node, reason, policy);
}

/** Debian's names, which people know from its kernels, are not the wire's. */
const CPU_NAMES: Readonly<Record<string, string>> = { arm64: 'aarch64' };

function bootAgent(
  purpose: 'agent' | 'rescue',
  client: BootClient,
  node: BootNode | null,
  reason: string,
  policy: BootPolicy,
): BootDecision {
  const { cpu } = archOf(client.arch);
  if (!policy.agentCpus.has(cpu)) return ignore(`no agent ramdisk for ${CPU_NAMES[cpu] ?? cpu}`);
  return { kind: 'agent', purpose, kernelArgs: node?.kernelArgs ?? '', reason };
}

function bootOnce(
  kind: OnceKind,
  client: BootClient,
  node: BootNode | null,
  reason: string,
  policy: BootPolicy,
): BootDecision {
  if (kind === 'rescue') return bootAgent('rescue', client, node, reason, policy);
  if (kind === 'memtest') return bootMemtest(client, node, reason, policy);
  const name = kind.slice('tool:'.length);
  const tool = Object.hasOwn(policy.tools, name) ? policy.tools[name] : undefined;
  if (tool === undefined) return ignore(`${reason}: the site names no tool "${name}"`);
  const { firmware, cpu } = archOf(client.arch);
  const whyNot = whyNotTool(tool, { firmware, cpu, grub: client.kind === 'GRUB' });
  return whyNot === null
    ? { kind: 'program', name, files: tool.files, reason }
    : ignore(`${reason}: ${whyNot}`);
}

/** Debian's memtest86+ is for x86 and is not signed. */
function bootMemtest(
  client: BootClient,
  node: BootNode | null,
  reason: string,
  policy: BootPolicy,
): BootDecision {
  const { firmware, cpu } = archOf(client.arch);
  if (cpu !== 'x86_64' || firmware === 'other') return ignore(`${reason}: there is no memtest for ${cpu}`);
  if (firmware === 'uefi' && (node?.secureBoot ?? policy.secureBoot))
    return ignore(`${reason}: memtest86+ is not signed, and Secure Boot would refuse it`);
  const program = MEMTEST_PROGRAMS[firmware];
  if (!policy.programs.has(program)) return ignore(`${reason}: this seed does not have ${program}`);
  const path = bootPath.program(program);
  const files =
    firmware === 'uefi'
      ? ({ kind: 'efi', path } as const)
      : ({ kind: 'kernel', path, initrd: null, args: '' } as const);
  return { kind: 'program', name: 'memtest', files, reason };
}

/** With a menu, a machine that would go to its disk first loads what shows the menu, if there is such a program. */
function towardsMenu(
  client: BootClient,
  node: BootNode | null,
  ordinary: BootDecision,
  policy: BootPolicy,
): BootDecision {
  if (ordinary.kind !== 'local-disk' || client.kind === 'HTTPClient') return ordinary;
  const reason = `${ordinary.reason}; the menu first`;
  const step = netboot(client, node, { intent: null, reason }, policy);
  return step.kind === 'tftp' || step.kind === 'script' ? step : ordinary;
}

/** What `default` is called in the menu: what happens when nobody takes anything. */
const titleOf = (decision: BootDecision): string => {
  switch (decision.kind) {
    case 'agent':
      return decision.purpose === 'rescue' ? 'Rescue ramdisk' : 'Agent ramdisk';
    case 'chain':
      return 'What the undercloud wants';
    case 'program':
      return decision.name;
    case 'local-disk':
      return 'Local disk';
    case 'ignore':
    case 'tftp':
    case 'http':
    case 'raspberry-pi':
    case 'script':
    case 'menu':
      return 'Nothing';
  }
};

function decideByMenu(
  client: BootClient,
  node: BootNode | null,
  ordinary: BootDecision,
  policy: BootPolicy,
  seconds: number,
): BootDecision {
  const chosen = client.chosen ?? null;
  if (chosen === 'default') return ordinary;
  if (chosen !== null) return takeChoice(chosen, client, node, policy);
  const names = [
    'local-disk',
    'rescue',
    'memtest',
    ...Object.keys(policy.tools).map((name) => `tool:${name}`),
  ];
  const others = names.flatMap((name): MenuEntry[] => {
    const choice = takeChoice(name, client, node, policy);
    return choice.kind === 'ignore' ? [] : [{ name, title: titleOf(choice) }];
  });
  const first: MenuEntry = { name: 'default', title: `${titleOf(ordinary)} (${ordinary.reason})` };
  return { kind: 'menu', seconds, entries: [first, ...others], reason: ordinary.reason };
}

function takeChoice(
  chosen: string,
  client: BootClient,
  node: BootNode | null,
  policy: BootPolicy,
): BootDecision {
  const reason = `taken from the menu at its console`;
  if (chosen === 'local-disk') return localDisk(client, node, policy, reason);
  return isOnce(chosen)
    ? bootOnce(chosen, client, node, reason, policy)
    : ignore(`the menu has no entry "${chosen}"`);
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
