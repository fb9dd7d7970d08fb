import type { DhcpMessage } from '../wire/dhcp-message.ts';
import { messageTypeName } from '../wire/dhcp-print.ts';
import { ANY_ADDRESS } from '../wire/ipv4.ts';
import { formatMac } from '../wire/mac.ts';
import type { BootEvent } from './boot-event.ts';
import { type BootSegment, reportEvent } from './boot-segment.ts';

/** What a DHCP message itself tells of an event. */
export const dhcpFacts = (request: DhcpMessage): Pick<BootEvent, 'mac' | 'message' | 'xid'> => ({
  mac: request.chaddr,
  message: messageTypeName(request.options.dhcpMessageType).toUpperCase(),
  xid: request.xid,
});

/** The decision of an answer without a boot decision: RENEWING and REBINDING (RFC 2131 §4.3.2) are told apart. */
export const plainDecision = (request: DhcpMessage, outcome: string): 'renewal' | 'address' =>
  outcome === 'ack' && request.ciaddr !== ANY_ADDRESS ? 'renewal' : 'address';

const CHADDR_AT = 28;
const MAC_BYTES = 6;

/** Notes what could not be read, with the MAC address where at least the header is there. */
export function reportMalformed(segment: BootSegment, bytes: Uint8Array, from: string, reason: string): void {
  const hasHeader = bytes.length >= CHADDR_AT + MAC_BYTES && bytes[1] === 1 && bytes[2] === MAC_BYTES;
  reportEvent(segment, {
    stage: 'dhcp malformed',
    decision: 'dropped',
    reason,
    mac: hasHeader ? formatMac(bytes.subarray(CHADDR_AT, CHADDR_AT + MAC_BYTES)) : null,
    address: from === ANY_ADDRESS ? null : from,
    bytes: bytes.length,
  });
}

/** Notes a message from a network that is not served here: a relay's of another site, most likely. */
export function reportHomeless(segment: BootSegment, request: DhcpMessage, reason: string): void {
  const address = request.giaddr === ANY_ADDRESS ? null : request.giaddr;
  reportEvent(segment, {
    ...dhcpFacts(request),
    stage: 'dhcp ignored',
    decision: 'no network',
    reason,
    address,
  });
}
