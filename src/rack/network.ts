import { readFile } from 'node:fs/promises';
import { BlackstartError } from '../errors.ts';
import { run, tryRun } from '../exec/run.ts';
import type { NetworkSpec, RackSpec } from './machine.ts';

export const rackNamespace = (name: string): string => `${name}-rack`;
export const seedNamespace = (name: string): string => `${name}-seed`;

/** The tap of the rack's nth machine. */
export const tapName = (index: number): string => `tap${index}`;

/**
 * Two networks and the two ends of their cables: the namespace `<name>-rack` holds the switches `prov` (the
 * machines' taps) and `mgmt` (the BMCs' addresses), the namespace `<name>-seed` is the seed host with one cable
 * into each. Nothing forwards between them. What an earlier run left under the same name is removed first.
 */
export async function createRackNetwork(spec: RackSpec): Promise<void> {
  requireShortName(spec.name);
  await destroyRackNetwork(spec.name);
  const [rack, seed] = [rackNamespace(spec.name), seedNamespace(spec.name)];
  try {
    await run('ip', ['netns', 'add', rack]);
    await run('ip', ['netns', 'add', seed]);
    await inNamespace(rack, switchCommands(spec));
    await setSysctls(seed, seedSysctls(spec));
    await inNamespace(seed, seedCommands(spec));
    await setSysctls(rack, ['net/ipv4/ip_forward=0']);
  } catch (error) {
    await destroyRackNetwork(spec.name);
    throw error;
  }
}

/** Removes both namespaces and with them every link; does nothing when they are not there. */
export async function destroyRackNetwork(name: string): Promise<void> {
  requireShortName(name);
  const present = await listNamespaces();
  for (const namespace of [rackNamespace(name), seedNamespace(name)]) {
    if (present.has(namespace)) await run('ip', ['netns', 'del', namespace]);
  }
}

export interface NamespaceProcess {
  readonly pid: number;
  readonly command: string;
}

/** What still runs in the rack's namespaces: a deleted namespace lives on, nameless, until its last process ends. */
export async function processesInNetwork(name: string): Promise<NamespaceProcess[]> {
  const found: NamespaceProcess[] = [];
  for (const namespace of [rackNamespace(name), seedNamespace(name)]) {
    const { stdout } = await tryRun('ip', ['netns', 'pids', namespace]);
    for (const pid of stdout.split('\n').filter(Boolean)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
      if (command !== null) found.push({ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() });
    }
  }
  return found;
}

async function listNamespaces(): Promise<Set<string>> {
  const { stdout } = await run('ip', ['netns', 'list']);
  return new Set(stdout.split('\n').map((line) => line.split(' ')[0] ?? ''));
}

function switchCommands(spec: RackSpec): string[] {
  const bmcAddresses = [...new Set(spec.machines.map((machine) => machine.bmc.address))];
  return [
    'link set lo up',
    ...bridge('prov'),
    ...bridge('mgmt'),
    ...cable('prov', spec.provisioning, seedNamespace(spec.name)),
    ...cable('mgmt', spec.management, seedNamespace(spec.name)),
    ...spec.machines.flatMap((_, index) => tap(tapName(index))),
    ...bmcAddresses.map((address) => `addr add ${address}/${spec.management.prefix} dev mgmt`),
  ];
}

/** A plain switch: forwards at once, and no snooping that swallows router advertisements without a querier. */
const bridge = (name: string): string[] => [
  `link add ${name} type bridge forward_delay 0 mcast_snooping 0`,
  ...upWithoutIpv6(name),
];

const cable = (name: string, network: NetworkSpec, seed: string): string[] => [
  `link add ${name}-seed type veth peer name ${network.seedInterface} netns ${seed}`,
  `link set ${name}-seed master ${name}`,
  ...upWithoutIpv6(`${name}-seed`),
];

const tap = (name: string): string[] => [
  `tuntap add ${name} mode tap`,
  `link set ${name} master prov`,
  ...upWithoutIpv6(name),
];

/** A switch and its ports shall not speak IPv6 to the machines. In two steps: the kernel sets `up` first. */
const upWithoutIpv6 = (link: string): string[] => [
  `link set ${link} addrgenmode none`,
  `link set ${link} up`,
];

const seedCommands = ({ provisioning, management }: RackSpec): string[] => [
  'link set lo up',
  ...[provisioning, management].flatMap(({ seedInterface, seedAddress, prefix }) => [
    `addr add ${seedAddress}/${prefix} dev ${seedInterface}`,
    `link set ${seedInterface} up`,
  ]),
];

/**
 * No duplicate address detection: the seed's link-local address answers router solicitations from the start.
 * The seed itself asks for no router.
 */
const seedSysctls = ({ provisioning, management }: RackSpec): string[] => [
  'net/ipv4/ip_forward=0',
  ...[provisioning, management].flatMap(({ seedInterface }) => [
    `net/ipv6/conf/${seedInterface}/accept_dad=0`,
    `net/ipv6/conf/${seedInterface}/router_solicitations=0`,
  ]),
];

const inNamespace = (namespace: string, commands: readonly string[]) =>
  run('ip', ['-n', namespace, '-batch', '-'], { input: `${commands.join('\n')}\n` });

async function setSysctls(namespace: string, settings: readonly string[]): Promise<void> {
  const script = settings.map((setting) => setting.split('='));
  const lines = script.map(([key, value]) => `[ ! -e /proc/sys/${key} ] || echo ${value} > /proc/sys/${key}`);
  await run('ip', ['netns', 'exec', namespace, 'sh', '-ec', lines.join('\n')]);
}

function requireShortName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,9}$/.test(name)) return;
  throw new BlackstartError('E_RACK_NAME', `"${name}" cannot name a virtual rack`, {
    remedy: 'Use at most 10 of a-z, 0-9 and "-": namespaces are named after it.',
  });
}
