import { bad, ok, type Result } from '../result.ts';
import type { Dhcp6Sender } from '../wire/dhcp6-client.ts';
import {
  type Dhcp6Message,
  type Dhcp6RelayMessage,
  decodeDhcp6,
  encodeDhcp6,
  isRelayMessage,
  MESSAGE_TYPE6,
} from '../wire/dhcp6-message.ts';
import { ANY_ADDRESS6, inPrefix } from '../wire/ipv6.ts';
import type { BootNetwork6 } from './dhcp6-network.ts';

/** A client's message, who sent it, and the relays it came through, the one next to us first. */
export interface Arrival6 {
  readonly message: Dhcp6Message;
  readonly sender: Dhcp6Sender;
  readonly relays: readonly Dhcp6RelayMessage[];
}

/** HOP_COUNT_LIMIT. RFC 8415 §7.6. */
const MAX_RELAYS = 8;
const ETHERNET = 1;

/**
 * Takes a client's message out of what relays wrapped it in. RFC 8415 §19.3. The relay next to the client names the
 * link; a lightweight one in a switch (RFC 6221) is on ours, and names none.
 */
export function unwrapRelays(packet: Uint8Array, from: string, network: BootNetwork6): Result<Arrival6> {
  const relays: Dhcp6RelayMessage[] = [];
  for (let inner = packet; relays.length <= MAX_RELAYS; ) {
    const decoded = decodeDhcp6(inner);
    if (!decoded.ok) return decoded;
    const message = decoded.value;
    if (!isRelayMessage(message)) return ok({ message, relays, sender: senderOf(relays.at(-1), from) });
    if (message.type !== MESSAGE_TYPE6.relayForw) return bad('a relay’s answer, not a question');
    if (!message.options.relayMsg) return bad('a relay’s message with nothing in it');
    if (!isOurs(message.linkAddress, network))
      return bad(`relayed from ${message.linkAddress}, and no relayed network is served`);
    relays.push(message);
    inner = message.options.relayMsg;
  }
  return bad(`through more than ${MAX_RELAYS} relays`);
}

const isOurs = (link: string, { address, prefixLength }: BootNetwork6): boolean =>
  link === ANY_ADDRESS6 || inPrefix(link, address, prefixLength);

function senderOf(relay: Dhcp6RelayMessage | undefined, from: string): Dhcp6Sender {
  const said = relay?.options.clientLinklayerAddr;
  return {
    address: relay?.peerAddress ?? from,
    relayedMac: said?.type === ETHERNET && said.address.length === 17 ? said.address : null,
  };
}

/** Wraps an answer as it came, each relay's interface identifier echoed. RFC 8415 §19.3. */
export function wrapForRelays(reply: Dhcp6Message, relays: readonly Dhcp6RelayMessage[]): Uint8Array {
  return relays.reduceRight<Uint8Array>((relayMsg, relay) => {
    const { hopCount, linkAddress, peerAddress } = relay;
    const { interfaceId } = relay.options;
    const options = interfaceId ? { interfaceId, relayMsg } : { relayMsg };
    return encodeDhcp6({ type: MESSAGE_TYPE6.relayRepl, hopCount, linkAddress, peerAddress, options });
  }, encodeDhcp6(reply));
}
