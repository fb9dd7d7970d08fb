import type { NodeView } from '../operations/commands.ts';
import { secondsBetween, table } from './output.ts';

/** The stable interface of `npm run rehearse -- --json FILE`: README documents it. */
export interface RehearsalReport {
  readonly ok: boolean;
  readonly seconds: { readonly total: number; readonly setup: number; readonly build: number };
  /** The seed's peak; Ironic's master and worker together at the end, what they share counted once. */
  readonly memoryMiB: { readonly seed: number | null; readonly ironic: number | null };
  readonly nodes: readonly RehearsedNode[];
}

interface RehearsedNode {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  readonly provisionState: string | null;
  readonly sshVerified: boolean;
  /** From power-on; null where the point was not reached. */
  readonly seconds: {
    readonly kernel: number | null;
    readonly discovered: number | null;
    readonly active: number | null;
    readonly login: number | null;
  };
}

export function rehearsedNode(node: NodeView): RehearsedNode {
  const { powerOnAtMs, kernelAtMs, discoveredAtMs, activeAtMs, loginAtMs } = node.times;
  return {
    name: node.name,
    firmware: node.firmware ?? 'bios',
    provisionState: node.provisionState,
    sshVerified: node.verified !== null && loginAtMs !== null,
    seconds: {
      kernel: secondsBetween(powerOnAtMs, kernelAtMs),
      discovered: secondsBetween(powerOnAtMs, discoveredAtMs),
      active: secondsBetween(powerOnAtMs, activeAtMs),
      login: secondsBetween(powerOnAtMs, loginAtMs),
    },
  };
}

/** The closing table: the machines, what was verified of them, and seconds from power-on. */
export function reportTable(report: RehearsalReport, nodes: readonly NodeView[]): string {
  const rows = report.nodes.map((node) => {
    const view = nodes.find((candidate) => candidate.name === node.name);
    const { kernel, discovered, active, login } = node.seconds;
    const verified = view?.verified
      ? `${view.verified.hostname}, ${view.verified.systemUuid.slice(0, 8)}…, ${view.verified.rootDisk}`
      : null;
    return [
      node.name,
      node.firmware,
      node.provisionState,
      view?.address ?? null,
      kernel,
      discovered,
      active,
      login,
      verified,
    ];
  });
  const memory = `memory: seed ${report.memoryMiB.seed ?? '-'} MiB at its peak, Ironic ${report.memoryMiB.ironic ?? '-'} MiB`;
  const { total, setup, build } = report.seconds;
  return [
    'Seconds from power-on:',
    table(
      ['NAME', 'FIRMWARE', 'STATE', 'ADDRESS', 'KERNEL', 'DISCOVERED', 'ACTIVE', 'LOGIN', 'VERIFIED'],
      rows,
    ),
    '',
    `total ${total} s, of that set-up ${setup} s and builds ${build} s; ${memory}`,
  ].join('\n');
}
