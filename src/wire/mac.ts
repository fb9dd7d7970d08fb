/** Bytes as lowercase hexadecimal, two digits each, joined. */
export const hexOf = (bytes: Uint8Array, separator = ''): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);

/** A hardware address as the rest of the product spells it: `52:54:00:99:00:01`. */
export const formatMac = (bytes: Uint8Array): string => hexOf(bytes, ':');

/** Any usual spelling (colons, hyphens, bare, upper case) → `52:54:00:99:00:01`, or null. */
export function parseMac(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[:.-]/g, '');
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : null;
}

/** The bytes of a hardware address in colon form; any length, for InfiniBand's sake. */
export const macBytes = (mac: string): Uint8Array =>
  mac === '' ? new Uint8Array() : Uint8Array.from(mac.split(':'), (digits) => Number.parseInt(digits, 16));

/** The spelling of pxelinux, Ironic and iPXE's `${mac:hexhyp}`: `52-54-00-99-00-01`. */
export const hyphenMac = (mac: string): string => mac.replaceAll(':', '-');
