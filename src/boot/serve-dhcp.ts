import { refuseDhcp } from '../core/boot.ts';
import { answerDhcp, type DhcpAnswer, type DhcpContext, silence } from '../core/dhcp.ts';
import type { BootNetwork } from '../core/dhcp-network.ts';
import { answerBootServer, answerProxy, PXE_PORT } from '../core/dhcp-proxy.ts';
import { destinationOf, nakReply, SERVER_PORT } from '../core/dhcp-reply.ts';
import { chooseSubnet, findSubnets } from '../core/dhcp-subnet.ts';
import type { Lease } from '../core/lease.ts';
import type { UnknownGuard } from '../core/unknown-guard.ts';
import { reasonOf } from '../errors.ts';
import type { Datagram } from '../net/datagram.ts';
import { openUdpSocket, type UdpSocket } from '../net/udp.ts';
import { ok, type Result } from '../result.ts';
import {
  type DhcpMessage,
  decodeDhcp,
  encodeDhcp,
  MESSAGE_TYPE,
  payloadLimit,
} from '../wire/dhcp-message.ts';
import { readRelayInformation } from '../wire/dhcp-relay-information.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { readPxeClient } from '../wire/pxe-client.ts';
import { type BootSegment, decide, findNode, policyOf, reportEvent, uuidOf } from './boot-segment.ts';
import { dhcpFacts, plainDecision, reportHomeless, reportMalformed } from './dhcp-events.ts';
import { DhcpIntake } from './dhcp-intake.ts';
import type { Closable, NetworkBootDeps } from './network-boot.ts';

const ETHERNET_MTU = 1500;

/** One interface of the seed, and the networks whose DHCP comes by way of it: those on its wire, and relayed ones. */
export interface DhcpLink {
  readonly interface: string;
  readonly segments: readonly BootSegment[];
  readonly guard: UnknownGuard;
  /** The seed's addresses on all of its interfaces. */
  readonly ownAddresses: ReadonlySet<string>;
}

/** Where a datagram came in, and where its answer goes out. */
export interface DhcpPort extends Pick<UdpSocket, 'send'> {
  readonly link: DhcpLink;
  /** pxe: port 4011, where a machine that has an address asks what to boot. */
  readonly service: 'dhcp' | 'pxe';
  /** The seed's address that was written to; null for a broadcast. */
  readonly to: string | null;
}

/** One request's way in and its answer's way out. */
interface Exchange extends DhcpPort {
  readonly from: Datagram['from'];
}

/**
 * Serves DHCP on one interface, and port 4011 beside it. One socket hears broadcasts, and one for each of the seed's
 * addresses hears what was sent to it: so a machine behind a router that renews is told from one that was plugged in
 * elsewhere.
 */
export async function serveDhcp(
  link: DhcpLink,
  deps: NetworkBootDeps,
  openSocket = openUdpSocket,
): Promise<Closable> {
  const opened: UdpSocket[] = [];
  const close = async () => {
    await Promise.all(opened.map((socket) => socket.close()));
  };
  const intake = openIntake(link, deps);
  const open = async (service: DhcpPort['service'], to: string | null) => {
    opened.push(await openPort({ link, service, to }, intake, deps, openSocket));
  };
  const addresses = new Set(link.segments.map(({ network }) => network.address));
  try {
    for (const to of [null, ...addresses]) await open('dhcp', to);
    if (link.segments.some(({ network }) => !network.observe))
      for (const to of addresses) await open('pxe', to);
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** A message that was read and waits for its turn. */
interface Arrived {
  readonly request: DhcpMessage;
  readonly exchange: Exchange;
}

function openIntake(
  { interface: name }: DhcpLink,
  { log, directory, clock }: NetworkBootDeps,
): DhcpIntake<Arrived> {
  return new DhcpIntake({
    isKnown: ({ request }) => directory.nameByMac(request.chaddr) !== null,
    answer: ({ request, exchange }) => {
      answerMessage(request, exchange).catch((error: unknown) =>
        log.error({ interface: name, reason: reasonOf(error) }, 'dhcp answer failed'),
      );
    },
    onDropped: (count) => log.warn({ interface: name, count }, 'dhcp messages dropped in a flood'),
    defer: setImmediate,
    nowMs: clock.nowMs,
  });
}

async function openPort(
  port: Omit<DhcpPort, 'send'>,
  intake: DhcpIntake<Arrived>,
  { log }: NetworkBootDeps,
  openSocket: typeof openUdpSocket,
): Promise<UdpSocket> {
  const { link, service, to } = port;
  const facts = { interface: link.interface, service };
  const socket: UdpSocket = await openSocket({
    device: link.interface,
    address: to ?? ANY_ADDRESS,
    port: service === 'dhcp' ? SERVER_PORT : PXE_PORT,
    broadcast: true,
    bursts: service === 'dhcp',
    besideOwn: service === 'dhcp' && to !== null,
    onDatagram: (datagram) => {
      const request = readRequest(datagram, link);
      if (request) intake.take({ request, exchange: { ...port, send: socket.send, from: datagram.from } });
    },
    onError: (error) => log.warn({ ...facts, reason: error.message }, 'dhcp socket error'),
  });
  return socket;
}

/** Answers one datagram at once; see `answerMessage`. */
export async function answerDatagram(datagram: Datagram, port: DhcpPort): Promise<void> {
  const request = readRequest(datagram, port.link);
  if (request) await answerMessage(request, { ...port, from: datagram.from });
}

function readRequest({ bytes, from }: Datagram, { segments: [first] }: DhcpLink): DhcpMessage | null {
  const request = decodeDhcp(bytes);
  if (request.ok) return request.value;
  if (first) reportMalformed(first, bytes, from.address, request.reason);
  return null;
}

/** Answers one message. A lease that is acknowledged is on disk first; rejects, unanswered, if it cannot be. */
async function answerMessage(request: DhcpMessage, exchange: Exchange): Promise<void> {
  const [first] = exchange.link.segments;
  if (!first) return;
  const answered = answerRequest(request, exchange, first.deps);
  if (!answered.ok) return reportHomeless(first, request, answered.reason);
  const { answer, segment } = answered.value;
  noteHeard(request, segment);
  if (segment.network.observe) return reportObserved(request, answered.value);
  if (answer.dropped) segment.leases.drop(answer.dropped);
  if (answer.lease) segment.leases.put(answer.lease);
  if (answer.lease && answer.durable) {
    const [standing] = await segment.deps.leases.commit([answer.lease]);
    if (standing) return yieldTo(standing, request, answered.value, exchange);
  }
  sendReply(request, answered.value, exchange);
  reportAnswer(request, answered.value);
}

/**
 * Another seed was first to give the address to another machine. This one is told so, and asks again at once: the
 * table now has what stands.
 */
function yieldTo(standing: Lease, request: DhcpMessage, answered: Answered, exchange: Exchange): void {
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
  sendReply(request, refused, exchange);
  reportAnswer(request, refused);
}

function sendReply(request: DhcpMessage, { answer, segment }: Answered, port: Exchange): void {
  if (answer.reply) {
    const isOnWire = segment.network.mode !== 'relayed';
    const to = port.service === 'pxe' ? port.from : destinationOf(request, answer.reply, isOnWire);
    const limit = payloadLimit(request, segment.network.mtu ?? ETHERNET_MTU);
    port.send(encodeDhcp(answer.reply, limit), to.port, to.address);
  }
}

/** Where another server gives addresses, a machine is known by what it asks that server for. */
function noteHeard(request: DhcpMessage, { network, heard }: BootSegment): void {
  if (network.mode !== 'proxy') return;
  const client = readPxeClient(request);
  heard.heard(request.chaddr, {
    address: claimedAddress(request),
    uuid: client.ok ? client.value.uuid : null,
  });
}

/** The address that a machine has, or asks for with a REQUEST. */
function claimedAddress({ ciaddr, options }: DhcpMessage): string | null {
  if (ciaddr !== ANY_ADDRESS) return ciaddr;
  return options.dhcpMessageType === MESSAGE_TYPE.request ? (options.dhcpRequestedAddress ?? null) : null;
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
  { link, service, to }: DhcpPort,
  deps: NetworkBootDeps,
): Result<Answered> {
  const relayOption = request.options.dhcpAgentOptions;
  const relay = relayOption ? readRelayInformation(relayOption) : null;
  const subnets = findSubnets(request, relay, to, link.segments);
  if (!subnets.ok) return subnets;
  const client = readPxeClient(request);
  const uuid = (client.ok ? client.value.uuid : null) ?? uuidOf(link.segments, request.chaddr);
  // Only what netboots is taken for the node on its port: a BMC may share the cable.
  const byPort = () => (client.ok && relay ? deps.directory.byPort(relay, request.chaddr) : null);
  const node = findNode(deps, request.chaddr, uuid) ?? byPort();
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
  const context: DhcpContext = {
    ...facts,
    network,
    leases,
    serverId,
    isOwnOtherId: (id) => id !== serverId && id !== network.address && link.ownAddresses.has(id),
    boot: client.ok && decision ? { client: client.value, decision } : null,
    limit: () => (node === null ? link.guard.refuse(request, segment, facts.nowMs) : null),
    refusal: refuseDhcp(node, decision, policyOf(segment, request.chaddr)),
  };
  const answer = answerIn(service === 'pxe' ? 'pxe' : network.mode, request, context);
  const arch = client.ok ? client.value.arch : null;
  return ok({
    ...{ segment, answer, arch },
    decision: decision?.kind ?? null,
    node: node?.name ?? null,
    startedAtMs: facts.nowMs,
  });
}

function answerIn(mode: BootNetwork['mode'] | 'pxe', request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  switch (mode) {
    case 'pxe':
      return answerBootServer(request, context);
    case 'proxy':
      return answerProxy(request, context);
    case 'authoritative':
    case 'relayed':
      return answerDhcp(request, context);
    case 'off':
      return silence('no DHCP is served here');
  }
}

function reportAnswer(request: DhcpMessage, { segment, answer, ...seen }: Answered): void {
  // Others' laptops, on a network that we share: not a word of them.
  if (segment.network.mode === 'proxy' && seen.decision === null && seen.node === null) return;
  const { outcome, reason } = answer;
  reportEvent(segment, {
    ...dhcpFacts(request),
    stage: outcome === 'silence' ? 'dhcp ignored' : `dhcp ${outcome}`,
    ...seen,
    decision: seen.decision ?? plainDecision(request, outcome),
    reason,
    address: addressOf(request, segment, answer),
  });
}

/** The address that is given, or that the machine has or takes from another server. */
function addressOf(request: DhcpMessage, { network }: BootSegment, answer: DhcpAnswer): string | null {
  const given = answer.reply?.yiaddr ?? answer.lease?.address ?? ANY_ADDRESS;
  if (given !== ANY_ADDRESS) return given;
  return network.mode === 'proxy' ? claimedAddress(request) : null;
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
