import { refuseDhcp } from '../core/boot.ts';
import { answerDhcp, type DhcpAnswer } from '../core/dhcp.ts';
import { destinationOf, SERVER_PORT } from '../core/dhcp-reply.ts';
import { reasonOf } from '../errors.ts';
import { type Datagram, openUdpSocket, type UdpSocket } from '../net/udp.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp, payloadLimit } from '../wire/dhcp-message.ts';
import { messageTypeName } from '../wire/dhcp-print.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { readPxeClient } from '../wire/pxe-client.ts';
import { type BootSegment, decide, findNode, policyOf, reportEvent } from './boot-segment.ts';
import type { BootEvent, Closable } from './network-boot.ts';

const ETHERNET_MTU = 1500;

/** Serves DHCP on one network's interface. */
export async function serveDhcp(segment: BootSegment): Promise<Closable> {
  const { network, deps } = segment;
  const socket: UdpSocket = await openUdpSocket({
    device: network.interface,
    address: ANY_ADDRESS,
    port: SERVER_PORT,
    broadcast: true,
    onDatagram: (datagram) => {
      answerDatagram(datagram, segment, socket).catch((error: unknown) =>
        deps.log.error({ network: network.name, reason: reasonOf(error) }, 'dhcp answer failed'),
      );
    },
    onError: (error) => deps.log.warn({ network: network.name, reason: error.message }, 'dhcp socket error'),
  });
  return socket;
}

/** Answers one datagram. A lease that is acknowledged is on disk first; rejects, unanswered, if it cannot be. */
export async function answerDatagram(
  datagram: Datagram,
  segment: BootSegment,
  socket: Pick<UdpSocket, 'send'>,
): Promise<void> {
  const { deps } = segment;
  const request = decodeDhcp(datagram.bytes);
  if (!request.ok) return deps.log.debug({ from: datagram.from, reason: request.reason }, 'dhcp dropped');
  const { answer, arch, decision } = answerRequest(request.value, segment);
  if (answer.dropped) segment.leases.drop(answer.dropped);
  if (answer.lease) segment.leases.put(answer.lease);
  if (answer.lease && answer.durable) await deps.leases.commit([answer.lease]);
  if (answer.reply) {
    const to = destinationOf(request.value, answer.reply);
    const limit = payloadLimit(request.value, segment.network.mtu ?? ETHERNET_MTU);
    socket.send(encodeDhcp(answer.reply, limit), to.port, to.address);
  }
  const stage = stageOf(answer, decision !== null);
  if (stage === null) {
    const type = messageTypeName(request.value.options.dhcpMessageType);
    deps.log.debug({ mac: request.value.chaddr, type, reason: answer.reason }, 'dhcp not answered');
    return;
  }
  reportEvent(segment, {
    stage,
    decision: decision ?? 'address',
    reason: answer.reason,
    mac: request.value.chaddr,
    address: answer.reply?.yiaddr ?? answer.lease?.address ?? null,
    arch,
  });
}

function answerRequest(request: DhcpMessage, segment: BootSegment) {
  const { deps, network, leases } = segment;
  const client = readPxeClient(request);
  const node = findNode(segment, request.chaddr, client.ok ? client.value.uuid : null);
  const decision = client.ok ? decide(segment, { ...client.value, stage: 'dhcp' }, node) : null;
  const answer = answerDhcp(request, {
    network,
    leases,
    node,
    boot: client.ok && decision ? { client: client.value, decision } : null,
    refusal: refuseDhcp(node, decision, policyOf(segment, request.chaddr)),
    reservedForOther: (address) => {
      const owner = deps.directory.reservedBy(address);
      return owner !== null && owner.name !== node?.name;
    },
    nowMs: deps.clock.nowMs(),
  });
  return { answer, arch: client.ok ? client.value.arch : null, decision: decision?.kind ?? null };
}

/** The event's stage; null for what only a debug log wants. */
function stageOf(answer: DhcpAnswer, isNetboot: boolean): BootEvent['stage'] | null {
  if (answer.outcome !== 'silence') return `dhcp ${answer.outcome}`;
  return isNetboot ? 'dhcp ignored' : null;
}
