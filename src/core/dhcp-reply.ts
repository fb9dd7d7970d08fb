import { type DhcpMessage, MESSAGE_TYPE } from '../wire/dhcp-message.ts';
import { type DhcpOptions, OPTIONS } from '../wire/dhcp-options.ts';
import { ANY_ADDRESS, BROADCAST_ADDRESS } from '../wire/ipv4.ts';
import type { PxeClient } from '../wire/pxe-client.ts';
import type { BootDecision } from './boot.ts';
import type { BootNode } from './boot-node.ts';
import { bootFields } from './dhcp-boot-options.ts';
import { type BootNetwork, leaseTimeOptions, networkOptions } from './dhcp-network.ts';

export const SERVER_PORT = 67;
export const CLIENT_PORT = 68;

/** What an OFFER or ACK is built from. */
export interface ReplyFacts {
  readonly network: BootNetwork;
  /** Option 54 of our replies: our address there, or what the relay wants there (RFC 5107). */
  readonly serverId: string;
  readonly node: BootNode | null;
  /** The client and what it boots; null for a plain DHCP client. */
  readonly boot: { readonly client: PxeClient; readonly decision: BootDecision } | null;
}

/** An OFFER or ACK that gives `yiaddr` for the network's lease time. */
export function leaseReply(
  request: DhcpMessage,
  type: 'offer' | 'ack',
  yiaddr: string,
  facts: ReplyFacts,
): DhcpMessage {
  return infoReply(request, type, yiaddr, leaseTimeOptions(facts.network), facts);
}

/** The ACK of an INFORM: options only, no lease. RFC 2131 §4.3.5. */
export const informReply = (request: DhcpMessage, facts: ReplyFacts): DhcpMessage =>
  infoReply(request, 'ack', ANY_ADDRESS, {}, facts);

function infoReply(
  request: DhcpMessage,
  type: 'offer' | 'ack',
  yiaddr: string,
  leaseTime: DhcpOptions,
  { network, serverId, node, boot }: ReplyFacts,
): DhcpMessage {
  const fields = boot && bootFields(boot.client, boot.decision, network.address);
  return {
    ...replyHeader(request),
    ciaddr: type === 'ack' ? request.ciaddr : ANY_ADDRESS,
    yiaddr,
    siaddr: fields?.siaddr ?? ANY_ADDRESS,
    file: fields?.file ?? '',
    options: {
      dhcpMessageType: MESSAGE_TYPE[type],
      dhcpServerIdentifier: serverId,
      ...leaseTime,
      ...networkOptions(network, request.options.dhcpParameterRequestList),
      ...(node?.hostname ? { hostName: node.hostname } : {}),
      ...fields?.options,
      ...(fields && asksFor(request, TFTP_SERVER_ADDRESS) && fields.siaddr !== ANY_ADDRESS
        ? { tftpServerAddress: [fields.siaddr] }
        : {}),
      ...echoes(request, boot !== null),
    },
  };
}

/** Option 150, RFC 5859: some firmware takes its TFTP server from there. Sent to those who ask, or a reply grows. */
const TFTP_SERVER_ADDRESS = OPTIONS.tftpServerAddress.code;

const asksFor = ({ options }: DhcpMessage, code: number): boolean =>
  options.dhcpParameterRequestList?.includes(code) ?? false;

/**
 * A NAK, which sends the machine back to DISCOVER; always broadcast, by a relay too, which the flag tells it: the
 * machine may have no address there. RFC 2131 §4.3.2.
 */
export const nakReply = (request: DhcpMessage, serverId: string, reason: string): DhcpMessage => ({
  ...replyHeader(request),
  flags: request.giaddr === ANY_ADDRESS ? request.flags : request.flags | BROADCAST_FLAG,
  options: {
    dhcpMessageType: MESSAGE_TYPE.nak,
    dhcpServerIdentifier: serverId,
    dhcpMessage: reason.slice(0, 255),
    ...echoes(request, false),
  },
});

/** Asks for replies by broadcast. RFC 2131 §2. */
const BROADCAST_FLAG = 0x8000;

/**
 * Where a reply goes: to the relay; else to a configured address; else to everybody on the wire, whatever the
 * BROADCAST flag says. Not to 255 of the subnet, which OVMF ignores, and not by raw unicast to an address that nobody
 * has yet, which a UDP socket cannot send. `isOnWire` is false for a machine behind routers that renews by itself: a
 * NAK by broadcast would not reach it.
 */
export function destinationOf(
  request: DhcpMessage,
  reply: DhcpMessage,
  isOnWire = true,
): { address: string; port: number } {
  if (request.giaddr !== ANY_ADDRESS) return { address: request.giaddr, port: SERVER_PORT };
  const isNak = reply.options.dhcpMessageType === MESSAGE_TYPE.nak;
  const configured = request.ciaddr !== ANY_ADDRESS && !(isNak && isOnWire);
  return { address: configured ? request.ciaddr : BROADCAST_ADDRESS, port: CLIENT_PORT };
}

/**
 * The client identifier (RFC 6842 §3), what the relay said (RFC 3046 §2.2), and to a netboot client its UUID (RFC 4578
 * §2.3) go back unchanged.
 */
export const echoes = ({ options }: DhcpMessage, netboot: boolean): DhcpOptions => ({
  ...(options.dhcpClientIdentifier ? { dhcpClientIdentifier: options.dhcpClientIdentifier } : {}),
  ...(netboot && options.uuidGuid ? { uuidGuid: options.uuidGuid } : {}),
  ...(options.dhcpAgentOptions ? { dhcpAgentOptions: options.dhcpAgentOptions } : {}),
});

/** The header of any reply; what it gives is for the caller to add. */
export const replyHeader = (request: DhcpMessage): DhcpMessage => ({
  op: 2,
  htype: request.htype,
  hops: 0,
  xid: request.xid,
  secs: 0,
  flags: request.flags,
  ciaddr: ANY_ADDRESS,
  yiaddr: ANY_ADDRESS,
  siaddr: ANY_ADDRESS,
  giaddr: request.giaddr,
  chaddr: request.chaddr,
  sname: '',
  file: '',
  options: {},
});
