import { latin1, subOptions } from './dhcp-codec.ts';
import { readIpv4 } from './ipv4.ts';
import { hexOf } from './mac.ts';

/** What a relay agent says about the machine behind it, in option 82. */
export interface RelayInformation {
  /** The port that the request came in by, as the relay or switch writes it. RFC 3046 §3.1. */
  readonly circuitId: Uint8Array | null;
  /** The far end, often the switch's own MAC. RFC 3046 §3.2. */
  readonly remoteId: Uint8Array | null;
  /** The subnet to choose the address from, where it is not giaddr's. RFC 3527 §3. */
  readonly linkSelection: string | null;
  /** RFC 3993. */
  readonly subscriberId: Uint8Array | null;
  /** The server identifier to answer with, so that renewals too pass the relay. RFC 5107 §4. */
  readonly serverIdOverride: string | null;
  /** The relay's own name, the same on all of its interfaces. RFC 6925 §4. */
  readonly relayId: Uint8Array | null;
}

const CODE = {
  circuitId: 1,
  remoteId: 2,
  linkSelection: 5,
  subscriberId: 6,
  serverIdOverride: 11,
  relayId: 12,
} as const;

/** Option 82's value → what its sub-options say; null for bytes that are no sub-options. It is echoed unread. */
export function readRelayInformation(raw: Uint8Array): RelayInformation | null {
  const found = subOptions.decode(raw);
  if (found === undefined) return null;
  const address = (code: number) => {
    const value = found.get(code);
    return value?.length === 4 ? readIpv4(value) : null;
  };
  return {
    circuitId: found.get(CODE.circuitId) ?? null,
    remoteId: found.get(CODE.remoteId) ?? null,
    linkSelection: address(CODE.linkSelection),
    subscriberId: found.get(CODE.subscriberId) ?? null,
    serverIdOverride: address(CODE.serverIdOverride),
    relayId: found.get(CODE.relayId) ?? null,
  };
}

/** An identifier as people type it: its text when it is printable ASCII, else its bytes in hexadecimal. */
export function formatRelayId(id: Uint8Array): string {
  const isText = id.length > 0 && id.every((byte) => byte >= 0x20 && byte < 0x7f);
  return isText ? latin1(id) : hexOf(id);
}
