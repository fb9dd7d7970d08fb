import { type DhcpMessage, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { type AddressContext, chooseAddress, whyNot } from './dhcp-address.ts';
import { informReply, leaseReply, nakReply, type ReplyFacts } from './dhcp-reply.ts';
import type { Lease } from './lease.ts';

/** Everything one DHCP answer depends on. */
export interface DhcpContext extends AddressContext, ReplyFacts {
  /** Whether option 54 of a request names this seed at another of its addresses. */
  readonly isOwnOtherId: (serverId: string) => boolean;
  /** Why this machine gets no answer at all; null when it gets one. */
  readonly refusal: string | null;
  /** Why a machine gets no answer now; null when it gets one. Asked once, by a request that could get one. */
  readonly limit: () => string | null;
}

/** What to do about one message: what to send, what becomes of which lease, and why. */
export interface DhcpAnswer {
  readonly reply: DhcpMessage | null;
  /** The lease as it shall be from now on. */
  readonly lease: Lease | null;
  /** An offer that the machine turned down. */
  readonly dropped: Lease | null;
  /** Whether the lease must be on disk before the reply leaves. */
  readonly durable: boolean;
  readonly outcome:
    | 'offer'
    | 'ack'
    | 'nak'
    | 'silence'
    | 'inform'
    | 'release'
    | 'decline'
    | 'exhausted'
    /** The machine took another server's offer. */
    | 'elsewhere'
    /** One unknown machine too many. */
    | 'limited';
  readonly reason: string;
}

/** How long an offer is held for its REQUEST: longer than OVMF's slowest retry (32 s). */
const OFFER_MS = 60_000;
/** How long a declined address rests, so that whoever sits on it can be found. */
export const QUARANTINE_MS = 3_600_000;

/** A message without a type is plain BOOTP's. */
const BOOTP = 0;

/** No answer, for a reason; with whatever becomes of a lease all the same. */
export const silence = (reason: string, effects: Partial<DhcpAnswer> = {}): DhcpAnswer => ({
  reply: null,
  lease: null,
  dropped: null,
  durable: false,
  outcome: 'silence',
  reason,
  ...effects,
});

/** The answer to one DHCP message from a network that this server owns alone. RFC 2131 §4.3. */
export function answerDhcp(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  if (request.op !== 1) return silence('a reply, not a request');
  if (context.refusal !== null) return silence(context.refusal);
  const limit = context.limit();
  if (limit !== null) return silence(limit, { outcome: 'limited' });
  switch (request.options.dhcpMessageType ?? BOOTP) {
    case MESSAGE_TYPE.discover:
      return answerDiscover(request, context);
    case MESSAGE_TYPE.request:
      return answerRequest(request, context);
    case MESSAGE_TYPE.decline:
      return answerDecline(request, context);
    case MESSAGE_TYPE.release:
      return answerRelease(request, context);
    case MESSAGE_TYPE.inform:
      return answerInform(request, context);
    default:
      return silence('no message that a server answers');
  }
}

function answerDiscover(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  const asked = request.options.dhcpRequestedAddress ?? null;
  const address = chooseAddress(request.chaddr, asked, context);
  if (address === null) return silence(exhaustedReason(context), { outcome: 'exhausted' });
  const current = context.leases.byAddress(address);
  const isRunning = current?.state === 'bound' && context.nowMs < current.expiresAtMs;
  const lease = isRunning ? null : makeLease(request, context, address, 'offered', OFFER_MS);
  const reply = leaseReply(request, 'offer', address, context);
  return { ...silence(reasonOf(context, `offers ${address}`)), reply, lease, outcome: 'offer' };
}

function exhaustedReason({ network, leases, nowMs }: DhcpContext): string {
  const { size, bound, offered, declined } = leases.count(nowMs);
  if (size === 0) return `${network.name} has no pool, and the machine no address reserved`;
  return `the pool of ${network.name} is exhausted: ${size} addresses, ${bound} leased, ${offered} offered, ${declined} quarantined`;
}

/** The four states of RFC 2131 §4.3.2, told apart by options 50 and 54 and by ciaddr. */
function answerRequest(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  const { network, leases, serverId } = context;
  const server = request.options.dhcpServerIdentifier;
  const own = leases.byMac(request.chaddr);
  if (server !== undefined && context.isOwnOtherId(server))
    return silence(`the machine chose this seed at ${server}, and is answered there`);
  if (server !== undefined && server !== serverId && server !== network.address)
    return silence(`the machine chose the server ${server}`, {
      outcome: 'elsewhere',
      dropped: own?.state === 'offered' ? own : null,
    });
  const wanted = request.options.dhcpRequestedAddress ?? request.ciaddr;
  if (wanted === ANY_ADDRESS) return silence('a request for no address');
  const refusal = refusalOf(wanted, request.chaddr, context);
  if (refusal !== null)
    return { ...silence(refusal), reply: nakReply(request, serverId, refusal), outcome: 'nak' };
  return {
    ...silence(reasonOf(context, `acknowledges ${wanted}`)),
    reply: leaseReply(request, 'ack', wanted, context),
    lease: makeLease(request, context, wanted, 'bound', network.leaseSeconds * 1000),
    durable: true,
    outcome: 'ack',
  };
}

/**
 * Why a REQUEST is refused. A machine without any record here that asks for a free address of ours gets it: RFC
 * 2131 wants silence for the sake of other servers, but there are none, and a lost lease file must not stop a boot.
 */
function refusalOf(wanted: string, mac: string, context: DhcpContext): string | null {
  const why = whyNot(wanted, mac, context);
  if (why !== null) return why;
  const own = context.leases.byMac(mac);
  const elsewhere = own !== null && own.state === 'offered' && own.address !== wanted;
  return elsewhere ? `${own.address} was offered, not ${wanted}` : null;
}

/** RFC 2131 §4.3.3. Only the holder can decline, so that a forged DECLINE cannot empty the pool. */
function answerDecline(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  const { network, leases, serverId } = context;
  const address = request.options.dhcpRequestedAddress;
  const server = request.options.dhcpServerIdentifier;
  if ((server !== serverId && server !== network.address) || address === undefined)
    return silence('a DECLINE meant for another server');
  if (leases.byAddress(address)?.mac !== request.chaddr)
    return silence(`a DECLINE of ${address}, which the machine does not hold`);
  const lease = makeLease(request, context, address, 'declined', QUARANTINE_MS);
  const reason = `${address} is in use by an unknown host; quarantined`;
  return silence(reason, { lease, durable: true, outcome: 'decline' });
}

/** RFC 2131 §4.3.4: the address is kept for the machine until another needs it. */
function answerRelease(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  const held = context.leases.byAddress(request.ciaddr);
  if (held?.mac !== request.chaddr || held.state !== 'bound')
    return silence(`a RELEASE of ${request.ciaddr}, which the machine does not hold`);
  const lease: Lease = { ...held, state: 'released', expiresAtMs: context.nowMs };
  return silence(`${held.address} was given back`, { lease, durable: true, outcome: 'release' });
}

function answerInform(request: DhcpMessage, context: DhcpContext): DhcpAnswer {
  if (request.ciaddr === ANY_ADDRESS) return silence('an INFORM without ciaddr');
  const reply = informReply(request, context);
  return { ...silence(reasonOf(context, 'answers an INFORM')), reply, outcome: 'inform' };
}

const reasonOf = ({ boot }: DhcpContext, act: string): string =>
  boot ? `${act}; ${boot.decision.reason}` : `${act}; a plain DHCP client`;

const makeLease = (
  request: DhcpMessage,
  { network, boot, node, nowMs }: DhcpContext,
  address: string,
  state: Lease['state'],
  forMs: number,
): Lease => ({
  network: network.name,
  address,
  mac: request.chaddr,
  state,
  expiresAtMs: nowMs + forMs,
  uuid: boot?.client.uuid ?? node?.uuid ?? null,
  hostname: node?.hostname ?? request.options.hostName ?? null,
});
