import { refuseDhcp } from '../core/boot.ts';
import { answerDhcp, type DhcpAnswer } from '../core/dhcp.ts';
import { destinationOf, nakReply, SERVER_PORT } from '../core/dhcp-reply.ts';
import { chooseSubnet, findSubnets } from '../core/dhcp-subnet.ts';
import type { Lease } from '../core/lease.ts';
import { reasonOf } from '../errors.ts';
import type { Datagram } from '../net/datagram.ts';
import { openUdpSocket, type UdpSocket } from '../net/udp.ts';
import { ok, type Result } from '../result.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp, payloadLimit } from '../wire/dhcp-message.ts';
import { readRelayInformation } from '../wire/dhcp-relay-information.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { readPxeClient } from '../wire/pxe-client.ts';
import { type BootSegment, decide, findNode, policyOf, reportEvent, uuidOf } from './boot-segment.ts';
import { dhcpFacts, plainDecision, reportHomeless, reportMalformed } from './dhcp-events.ts';
import type { Closable, NetworkBootDeps } from './network-boot.ts';

const ETHERNET_MTU = 1500;

/** One interface of the seed, and the networks whose DHCP comes by way of it: those on its wire, and relayed ones. */
export interface DhcpLink {
  readonly interface: string;
  readonly segments: readonly BootSegment[];
  /** The seed's addresses on all of its interfaces. */
  readonly ownAddresses: ReadonlySet<string>;
}

/** Where a datagram came in, and where its answer goes out. */
export interface DhcpPort extends Pick<UdpSocket, 'send'> {
  readonly link: DhcpLink;
  /** The seed's address that was written to; null for a broadcast. */
  readonly to: string | null;
}

/**
 * Serves DHCP on one interface. One socket hears broadcasts, and one for each of the seed's addresses hears what was
 * sent to it: so a machine behind a router that renews is told from one that was plugged in elsewhere.
 */
export async function serveDhcp(link: DhcpLink, deps: NetworkBootDeps): Promise<Closable> {
  const opened: UdpSocket[] = [];
  const close = async () => {
    await Promise.all(opened.map((socket) => socket.close()));
  };
  const open = async (to: string | null) => {
    const socket: UdpSocket = await openUdpSocket({
      device: link.interface,
      address: to ?? ANY_ADDRESS,
      port: SERVER_PORT,
      broadcast: true,
      bursts: true,
      besideOwn: to !== null,
      onDatagram: (datagram) => {
        answerDatagram(datagram, { link, to, send: socket.send }).catch((error: unknown) =>
          deps.log.error({ interface: link.interface, reason: reasonOf(error) }, 'dhcp answer failed'),
        );
      },
      onError: (error) =>
        deps.log.warn({ interface: link.interface, reason: error.message }, 'dhcp socket error'),
    });
    opened.push(socket);
  };
  try {
    for (const to of [null, ...new Set(link.segments.map(({ network }) => network.address))]) await open(to);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** Answers one datagram. A lease that is acknowledged is on disk first; rejects, unanswered, if it cannot be. */
export async function answerDatagram(datagram: Datagram, port: DhcpPort): Promise<void> {
  const [first] = port.link.segments;
  if (!first) return;
  const request = decodeDhcp(datagram.bytes);
  if (!request.ok) return reportMalformed(first, datagram.bytes, datagram.from.address, request.reason);
  const answered = answerRequest(request.value, port, first.deps);
  if (!answered.ok) return reportHomeless(first, request.value, answered.reason);
  const { answer, segment } = answered.value;
  if (segment.network.observe) return reportObserved(request.value, answered.value);
  if (answer.dropped) segment.leases.drop(answer.dropped);
  if (answer.lease) segment.leases.put(answer.lease);
  if (answer.lease && answer.durable) {
    const [standing] = await segment.deps.leases.commit([answer.lease]);
    if (standing) return yieldTo(standing, request.value, answered.value, port);
  }
  sendReply(request.value, answered.value, port);
  reportAnswer(request.value, answered.value);
}

/**
 * Another seed was first to give the address to another machine. This one is told so, and asks again at once: the
 * table now has what stands.
 */
function yieldTo(standing: Lease, request: DhcpMessage, answered: Answered, port: DhcpPort): void {
  const { answer, segment } = answered;
  segment.leases.put(standing);
  const reason = `${standing.address} was given to ${standing.mac} by another seed`;
  const serverId = answer.reply?.options.dhcpServerIdentifier ?? segment.network.address;
  const refused: Answered =
    answer.outcome === 'ack'
      ? {
          ...answered,
          answer: { ...answer, reply: nakReply(request, serverId, reason), outcome: 'nak', reason },
        }
      : { ...answered, answer: { ...answer, reply: null, outcome: 'silence', reason } };
  sendReply(request, refused, port);
  reportAnswer(request, refused);
}

function sendReply(request: DhcpMessage, { answer, segment }: Answered, port: DhcpPort): void {
  if (answer.reply) {
    const to = destinationOf(request, answer.reply, segment.network.mode !== 'relayed');
    const limit = payloadLimit(request, segment.network.mtu ?? ETHERNET_MTU);
    port.send(encodeDhcp(answer.reply, limit), to.port, to.address);
  }
}

interface Answered {
  readonly segment: BootSegment;
  readonly answer: DhcpAnswer;
  readonly arch: number | null;
  /** The boot decision's kind; null for a plain DHCP client. */
  readonly decision: string | null;
  readonly node: string | null;
  readonly startedAtMs: number;
}

function answerRequest(
  request: DhcpMessage,
  { link, to }: DhcpPort,
  deps: NetworkBootDeps,
): Result<Answered> {
  const relayOption = request.options.dhcpAgentOptions;
  const relay = relayOption ? readRelayInformation(relayOption) : null;
  const subnets = findSubnets(request, relay, to, link.segments);
  if (!subnets.ok) return subnets;
  const client = readPxeClient(request);
  const uuid = (client.ok ? client.value.uuid : null) ?? uuidOf(link.segments, request.chaddr);
  const node = findNode(deps, request.chaddr, uuid);
  const facts = {
    node,
    reservedForOther: (address: string) => {
      const owner = deps.directory.reservedBy(address);
      return owner !== null && owner.name !== node?.name;
    },
    nowMs: deps.clock.nowMs(),
  };
  const segment = chooseSubnet(request, subnets.value, facts);
  const { network, leases } = segment;
  const decision = client.ok ? decide(segment, { ...client.value, stage: 'dhcp' }, node) : null;
  const serverId = relay?.serverIdOverride ?? network.address;
  const answer = answerDhcp(request, {
    ...facts,
    network,
    leases,
    serverId,
    isOwnOtherId: (id) => id !== serverId && id !== network.address && link.ownAddresses.has(id),
    boot: client.ok && decision ? { client: client.value, decision } : null,
    refusal: refuseDhcp(node, decision, policyOf(segment, request.chaddr)),
  });
  const arch = client.ok ? client.value.arch : null;
  return ok({
    ...{ segment, answer, arch },
    decision: decision?.kind ?? null,
    node: node?.name ?? null,
    startedAtMs: facts.nowMs,
  });
}

function reportAnswer(request: DhcpMessage, { segment, answer, ...seen }: Answered): void {
  const { outcome, reason, reply, lease } = answer;
  reportEvent(segment, {
    ...dhcpFacts(request),
    stage: outcome === 'silence' ? 'dhcp ignored' : `dhcp ${outcome}`,
    ...seen,
    decision: seen.decision ?? plainDecision(request, outcome),
    reason,
    address: reply?.yiaddr ?? lease?.address ?? null,
  });
}

/** What would have been answered: nothing was sent, and no lease was given. */
function reportObserved(request: DhcpMessage, { segment, answer, ...seen }: Answered): void {
  reportEvent(segment, {
    ...dhcpFacts(request),
    stage: 'dhcp observed',
    ...seen,
    decision: seen.decision ?? plainDecision(request, answer.outcome),
    reason: `would answer "${answer.outcome}": ${answer.reason}`,
    address: answer.reply?.yiaddr ?? null,
  });
}
