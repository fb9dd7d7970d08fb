import { latin1 } from '../wire/dhcp-codec.ts';
import type { RelayInformation } from '../wire/dhcp-relay-information.ts';
import { hexOf } from '../wire/mac.ts';

/** The switch port that a node is cabled to, as the relay or switch writes it into option 82. Text, or bytes in hex. */
export interface SwitchPort {
  readonly circuitId: string;
  /** Which switch: circuit ids are the same on each. null where there is one switch only. */
  readonly remoteId: string | null;
}

/** Whether a relayed message came in by this port. RFC 3046 §2.0: the ids are opaque, and compared as a whole. */
export const isFromPort = (relay: RelayInformation, port: SwitchPort): boolean =>
  isId(relay.circuitId, port.circuitId) && (port.remoteId === null || isId(relay.remoteId, port.remoteId));

/** `Ethernet1/7` is text; `00:04:00:64:01:07`, `000400640107` and `0x000400640107` are the same bytes. */
function isId(id: Uint8Array | null, typed: string): boolean {
  if (id === null) return false;
  return (
    latin1(id) === typed || hexOf(id) === typed.toLowerCase().replace(/^0x/, '').replaceAll(/[: -]/g, '')
  );
}
