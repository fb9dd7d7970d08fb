import { type BootDecision, refuseDhcp } from '../core/boot.ts';
import { answerDhcp6, type Dhcp6Answer } from '../core/dhcp6.ts';
import { bootOptions6 } from '../core/dhcp6-boot-options.ts';
import type { LeaseTable6 } from '../core/dhcp6-lease-table.ts';
import { type BootNetwork6, urlHost6 } from '../core/dhcp6-network.ts';
import { type Arrival6, unwrapRelays, wrapForRelays } from '../core/dhcp6-relay.ts';
import { reasonOf } from '../errors.ts';
import type { Datagram } from '../net/datagram.ts';
import { interfaceMac } from '../net/interface-mac.ts';
import { openUdpSocket, type UdpSocket } from '../net/udp.ts';
import { type Dhcp6Client, readDhcp6Client } from '../wire/dhcp6-client.ts';
import { duidOfMac } from '../wire/dhcp6-duid.ts';
import type { Dhcp6Message } from '../wire/dhcp6-message.ts';
import { messageTypeName6 } from '../wire/dhcp6-print.ts';
import { ANY_ADDRESS6 } from '../wire/ipv6.ts';
import { type BootSegment, decide, findNode, policyOf, reportEvent } from './boot-segment.ts';
import type { BootEvent, Closable } from './network-boot.ts';

/** RFC 8415 §7.1, §7.2. */
const ALL_RELAYS_AND_SERVERS = 'ff02::1:2';
const CLIENT_PORT = 546;
const SERVER_PORT = 547;

/** The IPv6 side of a segment, as its DHCP server needs it. */
export interface Segment6 {
  readonly network: BootNetwork6;
  readonly leases: LeaseTable6;
  readonly serverId: Uint8Array;
  /** The segment with the HTTP server's IPv6 address in its URLs. */
  readonly segment: BootSegment;
}

export const segment6 = (
  segment: BootSegment,
  network: BootNetwork6,
  leases: LeaseTable6,
  serverId: Uint8Array,
): Segment6 => ({
  network,
  leases,
  serverId,
  segment: { ...segment, httpUrl: `http://${urlHost6(network.address)}:${segment.deps.httpPort}` },
});

/** Serves DHCPv6 on one network's interface. */
export async function serveDhcp6(
  segment: BootSegment,
  network6: BootNetwork6,
  leases6: LeaseTable6,
): Promise<Closable> {
  const { network, deps } = segment;
  const own = segment6(segment, network6, leases6, duidOfMac(interfaceMac(network.interface)));
  const socket: UdpSocket = await openUdpSocket({
    device: network.interface,
    address: ANY_ADDRESS6,
    port: SERVER_PORT,
    groups: [ALL_RELAYS_AND_SERVERS],
    onDatagram: (datagram) => {
      answerDatagram6(datagram, own, socket).catch((error: unknown) =>
        deps.log.error({ network: network.name, reason: reasonOf(error) }, 'dhcp6 answer failed'),
      );
    },
    onError: (error) => deps.log.warn({ network: network.name, reason: error.message }, 'dhcp6 socket error'),
  });
  return socket;
}

/** Answers one datagram. A lease that is acknowledged is on disk first; rejects, unanswered, if it cannot be. */
export async function answerDatagram6(
  datagram: Datagram,
  own: Segment6,
  socket: Pick<UdpSocket, 'send'>,
): Promise<void> {
  const { deps } = own.segment;
  const { from } = datagram;
  const arrival = unwrapRelays(datagram.bytes, from.address.split('%')[0] ?? '', own.network);
  if (!arrival.ok) return reportMalformed(own, from.address, arrival.reason);
  const { answer, report } = answerArrival(arrival.value, own);
  for (const lease of answer.leases) own.leases.put(lease);
  const standing = answer.leases.length > 0 ? await deps.leases.commit(answer.leases) : [];
  if (standing.length > 0) {
    // Another seed gave the address away first: the machine asks again, and gets another one.
    for (const lease of standing) own.leases.put(lease);
    deps.log.info({ standing }, 'another seed was first with an ipv6 address');
    return;
  }
  const { relays } = arrival.value;
  const port = relays.length > 0 ? SERVER_PORT : CLIENT_PORT;
  if (answer.reply) socket.send(wrapForRelays(answer.reply, relays), port, from.address);
  report();
}

function answerArrival({ message, sender }: Arrival6, { network, leases, serverId, segment }: Segment6) {
  const { deps } = segment;
  const { mac, holder, uuid, boot } = readDhcp6Client(message, sender);
  const node = findNode(deps, holder, uuid);
  const decision = boot && decide(segment, { ...boot, mac: holder, stage: 'dhcp' }, node);
  const answer = answerDhcp6(message, {
    network,
    leases,
    serverId,
    node,
    holder,
    uuid,
    boot:
      boot && decision
        ? { options: bootOptions6(boot.kind, decision, network.address), reason: decision.reason }
        : null,
    refusal: refuseDhcp(node, decision, policyOf(segment, holder)),
    reservedForOther: (address) => {
      const owner = deps.directory.reservedBy(address);
      return owner !== null && owner.name !== node?.name;
    },
    nowMs: deps.clock.nowMs(),
  });
  return { answer, report: () => reportAnswer(message, answer, { mac, boot, decision, segment }) };
}

interface Asked {
  readonly mac: string | null;
  readonly boot: Dhcp6Client['boot'];
  readonly decision: BootDecision | null;
  readonly segment: BootSegment;
}

function reportAnswer(
  message: Dhcp6Message,
  answer: Dhcp6Answer,
  { mac, boot, decision, segment }: Asked,
): void {
  const type = messageTypeName6(message.type);
  const { reason } = answer;
  if (answer.outcome === 'silence' && !decision) {
    segment.deps.log.debug({ mac, type, reason }, 'dhcp6 not answered');
    return;
  }
  reportEvent(segment, {
    stage: STAGE[answer.outcome],
    decision: decision?.kind ?? 'address',
    reason,
    mac,
    address: answer.address ?? answer.leases[0]?.address ?? null,
    arch: boot?.arch ?? null,
    message: type.toUpperCase(),
    xid: message.xid,
  });
}

const STAGE: Readonly<Record<Dhcp6Answer['outcome'], BootEvent['stage']>> = {
  offer: 'dhcp6 advertise',
  ack: 'dhcp6 reply',
  nak: 'dhcp6 reply',
  inform: 'dhcp6 reply',
  release: 'dhcp6 reply',
  decline: 'dhcp6 reply',
  exhausted: 'dhcp6 exhausted',
  silence: 'dhcp6 ignored',
};

const reportMalformed = ({ segment }: Segment6, address: string, reason: string): void =>
  reportEvent(segment, { stage: 'dhcp6 malformed', decision: 'dropped', reason, mac: null, address });
