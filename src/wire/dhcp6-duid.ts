import { hexOf, macBytes } from './mac.ts';

/** DUID types. RFC 8415 §11, RFC 6355. */
const LINK_LAYER_TIME = 1;
const LINK_LAYER = 3;
const UUID = 4;
const ETHERNET = 1;

/** What a DHCP unique identifier says about the machine behind it. */
export interface DuidFacts {
  /** Of one of its network cards, by no means always the one that asks. */
  readonly mac: string | null;
  /** The system UUID in the order it was sent; OVMF sends this kind of DUID, and nothing else. */
  readonly uuid: string | null;
}

/** Reads what can be read of a DUID; a receiver must take any (RFC 8415 §11), so nothing here is an error. */
export function readDuid(duid: Uint8Array): DuidFacts {
  const type = ((duid[0] ?? 0) << 8) | (duid[1] ?? 0);
  const hardware = ((duid[2] ?? 0) << 8) | (duid[3] ?? 0);
  const macAt = type === LINK_LAYER_TIME ? 8 : 4;
  const hasMac = (type === LINK_LAYER_TIME || type === LINK_LAYER) && hardware === ETHERNET;
  return {
    mac: hasMac && duid.length === macAt + 6 ? hexOf(duid.subarray(macAt), ':') : null,
    uuid: type === UUID && duid.length === 18 ? readUuid(duid.subarray(2)) : null,
  };
}

/** 16 bytes → text; null for what boards without a UUID send: all zeros, all ones. */
function readUuid(raw: Uint8Array): string | null {
  if (raw.every((byte) => byte === 0) || raw.every((byte) => byte === 255)) return null;
  return hexOf(raw).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A server's identity made of its card's address (DUID-LL): the same after every start, with nothing to keep. */
export const duidOfMac = (mac: string): Uint8Array =>
  Uint8Array.from([0, LINK_LAYER, 0, ETHERNET, ...macBytes(mac)]);
