import type { IaNa } from '../wire/dhcp6-ia.ts';
import { type Dhcp6Message, MESSAGE_TYPE6, STATUS6 } from '../wire/dhcp6-message.ts';
import type { Dhcp6Options } from '../wire/dhcp6-options.ts';
import { messageTypeName6 } from '../wire/dhcp6-print.ts';
import { inPrefix } from '../wire/ipv6.ts';
import { hexOf } from '../wire/mac.ts';
import { type AddressContext6, chooseAddress6, whyNot6 } from './dhcp6-address.ts';
import { lifetimes6, networkOptions6 } from './dhcp6-network.ts';
import type { Lease } from './lease.ts';

/** Everything one DHCPv6 answer depends on. */
export interface Dhcp6Context extends AddressContext6 {
  readonly serverId: Uint8Array;
  readonly uuid: string | null;
  /** What the answer says about booting, and why; null for a plain DHCP client. */
  readonly boot: { readonly options: Dhcp6Options; readonly reason: string } | null;
  /** Why this machine gets no answer at all; null when it gets one. */
  readonly refusal: string | null;
}

/** What to do about one message: what to send, which leases to have on disk before that, and why. */
export interface Dhcp6Answer {
  readonly reply: Dhcp6Message | null;
  readonly leases: readonly Lease[];
  /** In the words of DHCPv4, which boot traces share. */
  readonly outcome: 'offer' | 'ack' | 'nak' | 'silence' | 'inform' | 'release' | 'decline' | 'exhausted';
  readonly address: string | null;
  readonly reason: string;
}

/** How long a declined address rests, so that whoever sits on it can be found. */
const QUARANTINE_MS = 3_600_000;

/** This server's advertisement is the best there is: no need to wait for others. RFC 8415 §18.2.1. */
const HIGHEST_PREFERENCE = 255;

const silence = (reason: string): Dhcp6Answer => ({
  reply: null,
  leases: [],
  outcome: 'silence',
  address: null,
  reason,
});

/** Messages that name the server they are for, and those that must not. RFC 8415 §16. */
const FOR_ONE_SERVER: ReadonlySet<number> = new Set([
  MESSAGE_TYPE6.request,
  MESSAGE_TYPE6.renew,
  MESSAGE_TYPE6.release,
  MESSAGE_TYPE6.decline,
]);

/** The answer to one client's message on a directly attached network that this server owns alone. RFC 8415 §18.3. */
export function answerDhcp6(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const invalid = context.refusal ?? whyInvalid(request, context.serverId);
  if (invalid !== null) return silence(invalid);
  switch (request.type) {
    case MESSAGE_TYPE6.solicit:
      return request.options.rapidCommit ? answerAssign(request, context) : answerSolicit(request, context);
    case MESSAGE_TYPE6.request:
      return answerAssign(request, context);
    case MESSAGE_TYPE6.renew:
    case MESSAGE_TYPE6.rebind:
      return answerRenew(request, context);
    case MESSAGE_TYPE6.confirm:
      return answerConfirm(request, context);
    case MESSAGE_TYPE6.release:
      return answerRelease(request, context);
    case MESSAGE_TYPE6.decline:
      return answerDecline(request, context);
    case MESSAGE_TYPE6.informationRequest:
      return {
        ...silence(reasonOf(context, 'tells the network’s options')),
        reply: makeReply(request, context, {}),
        outcome: 'inform',
      };
    default:
      return silence('no message that a server answers');
  }
}

function whyInvalid({ type, options }: Dhcp6Message, serverId: Uint8Array): string | null {
  const name = messageTypeName6(type);
  const isInform = type === MESSAGE_TYPE6.informationRequest;
  if (!options.clientid && !isInform) return `a ${name} without client identifier`;
  if (isInform && options.iaNa) return 'an information request with an identity association';
  const named = options.serverid ? hexOf(options.serverid) : null;
  if (FOR_ONE_SERVER.has(type) || (isInform && named !== null))
    return named === hexOf(serverId) ? null : `the machine chose the server ${named ?? '(none)'}`;
  return named === null ? null : `a ${name} that names a server`;
}

/** Offers without holding: LeaseTable6.findFree says why. */
function answerSolicit(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const address = request.options.iaNa ? chooseAddress6(askedAddresses(request), context) : null;
  const associations = assignFirst(request, context, address);
  const preference = HIGHEST_PREFERENCE;
  const reply = makeReply(request, context, { preference, iaNa: associations }, MESSAGE_TYPE6.advertise);
  if (!request.options.iaNa)
    return { ...silence(reasonOf(context, 'asks for no address')), reply, outcome: 'inform' };
  if (address === null) return { ...silence('the IPv6 pool is exhausted'), reply, outcome: 'exhausted' };
  return { ...silence(reasonOf(context, `offers ${address}`)), reply, address, outcome: 'offer' };
}

/** REQUEST, or SOLICIT with rapid commit (RFC 8415 §18.3.2, §18.3.1). */
function answerAssign(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const address = request.options.iaNa ? chooseAddress6(askedAddresses(request), context) : null;
  const isRapid = request.type === MESSAGE_TYPE6.solicit;
  const reply = makeReply(request, context, {
    iaNa: assignFirst(request, context, address),
    ...(isRapid ? { rapidCommit: true } : {}),
  });
  if (!request.options.iaNa)
    return { ...silence(reasonOf(context, 'asks for no address')), reply, outcome: 'inform' };
  if (address === null) return { ...silence('the IPv6 pool is exhausted'), reply, outcome: 'exhausted' };
  return acknowledge(reply, address, context);
}

/**
 * RENEW and REBIND. A machine without any record here that asks for a free address of ours keeps it: there are no
 * other servers, and a lost lease file must not stop a machine. An address that it cannot keep gets lifetimes of 0,
 * and another one beside it (RFC 8415 §18.3.4).
 */
function answerRenew(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const asked = askedAddresses(request);
  const kept = asked.find((address) => whyNot6(address, context) === null) ?? null;
  const address = kept ?? chooseAddress6([], context);
  const [first, ...rest] = assignFirst(request, context, address);
  if (first === undefined) return silence('a renewal of nothing');
  const stale = asked.filter((each) => each !== address).map((each) => withLifetime(each, 0));
  const associations = [{ ...first, addresses: [...first.addresses, ...stale] }, ...rest];
  const reply = makeReply(request, context, { iaNa: associations });
  if (address === null) return { ...silence('the IPv6 pool is exhausted'), reply, outcome: 'exhausted' };
  return acknowledge(reply, address, context);
}

/** RFC 8415 §18.3.3: only whether the addresses suit the link is asked. */
function answerConfirm(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const { network } = context;
  const asked = askedAddresses(request);
  if (asked.length === 0) return silence('confirms no address');
  const stranger = asked.find((each) => !inPrefix(each, network.address, network.prefixLength));
  const code = stranger === undefined ? STATUS6.success : STATUS6.notOnLink;
  const reason =
    stranger === undefined ? `${asked.join(', ')} suits the link` : `${stranger} is not on this link`;
  const reply = makeReply(request, context, { statusCode: { code, message: reason } });
  return { ...silence(reason), reply, outcome: stranger === undefined ? 'inform' : 'nak' };
}

function answerRelease(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const leases = ownLeases(request, context).map((lease): Lease => ({ ...lease, state: 'released' }));
  const reason = `gives back ${leases.map(({ address }) => address).join(', ') || 'nothing that it holds'}`;
  return { ...thanks(request, context, reason), leases, outcome: 'release' };
}

/** Only the holder can decline, so that a forged DECLINE cannot empty the pool. RFC 8415 §18.3.8. */
function answerDecline(request: Dhcp6Message, context: Dhcp6Context): Dhcp6Answer {
  const expiresAtMs = context.nowMs + QUARANTINE_MS;
  const leases = ownLeases(request, context).map(
    (lease): Lease => ({ ...lease, state: 'declined', expiresAtMs }),
  );
  const reason = `found in use: ${leases.map(({ address }) => address).join(', ') || 'nothing that it holds'}`;
  return { ...thanks(request, context, reason), leases, outcome: 'decline' };
}

function thanks(request: Dhcp6Message, context: Dhcp6Context, reason: string): Dhcp6Answer {
  const statusCode = { code: STATUS6.success, message: '' };
  return { ...silence(reason), reply: makeReply(request, context, { statusCode }) };
}

function ownLeases(request: Dhcp6Message, { leases, holder }: Dhcp6Context): Lease[] {
  return askedAddresses(request)
    .map((address) => leases.byAddress(address))
    .flatMap((lease) => (lease?.mac === holder && lease.state === 'bound' ? [lease] : []));
}

function acknowledge(reply: Dhcp6Message, address: string, context: Dhcp6Context): Dhcp6Answer {
  const { network, leases, holder, uuid, node, nowMs } = context;
  const lease: Lease = {
    network: leases.network,
    address,
    mac: holder,
    state: 'bound',
    expiresAtMs: nowMs + network.leaseSeconds * 1000,
    uuid,
    hostname: node?.hostname ?? null,
  };
  const reason = reasonOf(context, `acknowledges ${address}`);
  return { reply, leases: [lease], outcome: 'ack', address, reason };
}

/** The first association gets the address; a machine that wants more of them at once is told that there are none. */
function assignFirst(request: Dhcp6Message, context: Dhcp6Context, address: string | null): IaNa[] {
  const { t1Seconds, t2Seconds, validSeconds } = lifetimes6(context.network);
  const none = { code: STATUS6.noAddrsAvail, message: 'one address for a card, and none left' };
  return (request.options.iaNa ?? []).map(({ iaid }, at) =>
    at === 0 && address !== null
      ? { iaid, t1Seconds, t2Seconds, addresses: [withLifetime(address, validSeconds)], status: null }
      : { iaid, t1Seconds: 0, t2Seconds: 0, addresses: [], status: none },
  );
}

const withLifetime = (address: string, seconds: number) => ({
  address,
  preferredSeconds: seconds,
  validSeconds: seconds,
  status: null,
});

const askedAddresses = ({ options }: Dhcp6Message): string[] =>
  (options.iaNa ?? []).flatMap(({ addresses }) => addresses.map(({ address }) => address));

/** A reply with the client's identifier, ours, and what every answer tells. RFC 8415 §18.3.10. */
function makeReply(
  { xid, options }: Dhcp6Message,
  { serverId, network, boot }: Dhcp6Context,
  own: Dhcp6Options,
  type: number = MESSAGE_TYPE6.reply,
): Dhcp6Message {
  const clientid = options.clientid ? { clientid: options.clientid } : {};
  const told = { ...networkOptions6(network, options.oro), ...boot?.options };
  return { type, xid, options: { ...told, ...clientid, serverid: serverId, ...own } };
}

const reasonOf = ({ boot }: Dhcp6Context, otherwise: string): string => boot?.reason ?? otherwise;
