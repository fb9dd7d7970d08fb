import { bad, ok, type Result } from '../result.ts';
import { CLIENT_ARCHS } from './arch.ts';
import { latin1 } from './dhcp-codec.ts';
import { type DhcpMessage, ETHERNET } from './dhcp-message.ts';
import { hexOf } from './mac.ts';

/** A machine that asks to boot from the network, as its DHCP message describes it. */
export interface PxeClient {
  readonly mac: string;
  /** Who asks: the firmware's PXE or HTTP boot client, or iPXE (as a ROM or chain-loaded). */
  readonly kind: 'PXEClient' | 'HTTPClient' | 'iPXE';
  /** The first architecture code that we know, else the first sent; 0 when none was sent. */
  readonly arch: number;
  /** The system UUID in RFC 4122 order, in the order it was sent; null when absent or a placeholder. */
  readonly uuid: string | null;
}

/** "iPXE" as iPXE sends it, and as RFC 3004 would have it sent. */
const IPXE_USER_CLASSES = new Set(['iPXE', '\x04iPXE']);

/**
 * Reads a message as a netboot client's. Not ok for an operating system's plain DHCP client. Option 60 says
 * PXEClient or HTTPClient, 93 the architecture (RFC 4578 §2.1); ROMs without 93, 94 or 97 exist and are
 * served.
 */
export function readPxeClient(message: DhcpMessage): Result<PxeClient> {
  const { options } = message;
  if (message.htype !== ETHERNET || message.chaddr.length !== 17) return bad('no Ethernet address');
  const isIpxe =
    options.ipxeEncapsulated !== undefined ||
    IPXE_USER_CLASSES.has(latin1(options.userClass ?? new Uint8Array()));
  const vendorClass = /^(PXEClient|HTTPClient)/.exec(options.vendorClassIdentifier ?? '')?.[1];
  if (!isIpxe && vendorClass === undefined) return bad('no PXE or HTTP boot client');
  const uuid = options.uuidGuid;
  if (uuid && (uuid.length !== 17 || uuid[0] !== 0)) return bad('option 97 holds no UUID of type 0');
  return ok({
    mac: message.chaddr,
    kind: isIpxe ? 'iPXE' : (vendorClass as 'PXEClient' | 'HTTPClient'),
    arch: chooseArch(options.clientSystem ?? []),
    uuid: uuid ? readUuid(uuid.subarray(1)) : null,
  });
}

const chooseArch = (codes: readonly number[]): number =>
  codes.find((code) => CLIENT_ARCHS.has(code)) ?? codes[0] ?? 0;

/** 16 bytes → text; null for what boards without a UUID send: all zeros, all ones. */
function readUuid(raw: Uint8Array): string | null {
  if (raw.every((byte) => byte === 0) || raw.every((byte) => byte === 255)) return null;
  const hex = hexOf(raw);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join('-');
}

/**
 * The same UUID with its first three fields in the other byte order. EDK2 sends SMBIOS's little-endian bytes, iPXE
 * the RFC 4122 order: one machine shows both within one boot, so a UUID is matched in either order.
 */
export function swapUuid(uuid: string): string {
  const byte = (at: number) => uuid.slice(at, at + 2);
  const a = byte(6) + byte(4) + byte(2) + byte(0);
  return `${a}-${byte(11)}${byte(9)}-${byte(16)}${byte(14)}${uuid.slice(18)}`;
}
