import type { BootDecision } from '../../src/core/boot.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import { answerDhcp, type DhcpAnswer } from '../../src/core/dhcp.ts';
import type { BootNetwork } from '../../src/core/dhcp-network.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { type DhcpMessage, MESSAGE_TYPE } from '../../src/wire/dhcp-message.ts';
import type { DhcpOptions } from '../../src/wire/dhcp-options.ts';
import { readPxeClient } from '../../src/wire/pxe-client.ts';
import { aNetwork } from './a-network.ts';
import { MAC, NOW_MS } from './boot-samples.ts';

export const NETWORK: BootNetwork = aNetwork({
  gateway: '10.0.0.254',
  dns: ['10.0.0.53'],
  domain: 'hall.example',
});

export const aMessage = (
  type: keyof typeof MESSAGE_TYPE,
  options: DhcpOptions = {},
  header: Partial<DhcpMessage> = {},
): DhcpMessage => ({
  op: 1,
  htype: 1,
  hops: 0,
  xid: 7,
  secs: 0,
  flags: 0x8000,
  ciaddr: '0.0.0.0',
  yiaddr: '0.0.0.0',
  siaddr: '0.0.0.0',
  giaddr: '0.0.0.0',
  chaddr: MAC,
  sname: '',
  file: '',
  options: { dhcpMessageType: MESSAGE_TYPE[type], ...options },
  ...header,
});

/** A DHCP server of nothing but the pure decision and its table: what the shell does, without sockets. */
export class PureServer {
  readonly leases: LeaseTable;
  readonly nodes: readonly BootNode[];
  readonly decision: BootDecision;
  readonly network: BootNetwork;
  nowMs = NOW_MS;

  constructor(
    nodes: readonly BootNode[] = [],
    decision: BootDecision = { kind: 'tftp', file: 'f', reason: 'test' },
    network = NETWORK,
  ) {
    this.network = network;
    this.leases = new LeaseTable(network);
    this.nodes = nodes;
    this.decision = decision;
  }

  answer(request: DhcpMessage, refusal: string | null = null): DhcpAnswer {
    const client = readPxeClient(request);
    const node = this.nodes.find(({ macs }) => macs.includes(request.chaddr)) ?? null;
    const answer = answerDhcp(request, {
      network: this.network,
      serverId: this.network.address,
      isOwnOtherId: () => false,
      leases: this.leases,
      node,
      boot: client.ok ? { client: client.value, decision: this.decision } : null,
      refusal,
      limit: () => null,
      reservedForOther: (address) => this.nodes.some((other) => other.address === address && other !== node),
      nowMs: this.nowMs,
    });
    if (answer.dropped) this.leases.drop(answer.dropped);
    if (answer.lease) this.leases.put(answer.lease);
    return answer;
  }

  /** DISCOVER and REQUEST; the address, or null when none was given. */
  acquire(mac: string, options: DhcpOptions = {}): string | null {
    const offer = this.answer(aMessage('discover', options, { chaddr: mac }));
    if (!offer.reply) return null;
    const asked = { dhcpServerIdentifier: NETWORK.address, dhcpRequestedAddress: offer.reply.yiaddr };
    const ack = this.answer(aMessage('request', { ...options, ...asked }, { chaddr: mac }));
    return ack.outcome === 'ack' ? (ack.reply?.yiaddr ?? null) : null;
  }
}
