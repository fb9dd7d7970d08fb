/** Bytes as lowercase hexadecimal, two digits each, joined. */
export function hexOf(bytes: Uint8Array, separator = ''): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++)
    text += (at > 0 ? separator : '') + (HEX_PAIRS[bytes[at] ?? 0] ?? '');
  return text;
}

const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A hardware address as the rest of the product spells it: `52:54:00:99:00:01`. */
export const formatMac = (bytes: Uint8Array): string => hexOf(bytes, ':');

/** Any usual spelling (colons, hyphens, bare, upper case) → `52:54:00:99:00:01`, or null. */
export function parseMac(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[:.-]/g, '');
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : null;
}

/** The bytes of a hardware address in colon form; any length, for InfiniBand's sake. */
export function macBytes(mac: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((mac.length + 1) / 3));
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = (hexDigit(mac.charCodeAt(at * 3)) << 4) | hexDigit(mac.charCodeAt(at * 3 + 1));
  return bytes;
}

/** '0'…'9' are 0x30…0x39; 'a'…'f' and 'A'…'F' end in 1…6. */
const hexDigit = (code: number): number => (code & 15) + (code > 0x39 ? 9 : 0);

/** The spelling of pxelinux, Ironic and iPXE's `${mac:hexhyp}`: `52-54-00-99-00-01`. */
export const hyphenMac = (mac: string): string => mac.replaceAll(':', '-');
