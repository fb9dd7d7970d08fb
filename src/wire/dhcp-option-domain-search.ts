import { ascii, type Codec, concatBytes, latin1 } from './dhcp-codec.ts';

const POINTER = 0xc0;
const MAX_NAME_BYTES = 255;

/**
 * Option 119, the domain search list: DNS names, which may point back into the option. RFC 3397 §2, RFC 1035
 * §4.1.4. Written without compression; a pointer that does not go backwards is refused, so none can loop.
 */
export const domainNames: Codec<readonly string[]> = {
  decode(raw) {
    const names: string[] = [];
    let at = 0;
    while (at < raw.length) {
      const name = readName(raw, at);
      if (!name) return undefined;
      names.push(name.text);
      at = name.next;
    }
    return names.length > 0 ? names : undefined;
  },
  encode: (names) => concatBytes(names.map(encodeName)),
};

function readName(raw: Uint8Array, start: number): { text: string; next: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let lowest = start;
  let next: number | null = null;
  let length = 0;
  for (;;) {
    const size = raw[at];
    if (size === undefined) return undefined;
    if (size === 0) return labels.length > 0 ? { text: labels.join('.'), next: next ?? at + 1 } : undefined;
    if (size >= POINTER) {
      const low = raw[at + 1];
      if (low === undefined) return undefined;
      next ??= at + 2;
      at = ((size & 0x3f) << 8) | low;
      if (at >= lowest) return undefined;
      lowest = at;
      continue;
    }
    length += size + 1;
    if (size > 63 || at + 1 + size > raw.length || length > MAX_NAME_BYTES) return undefined;
    labels.push(latin1(raw.subarray(at + 1, at + 1 + size)));
    at += 1 + size;
  }
}

const encodeName = (name: string): Uint8Array =>
  concatBytes([
    ...name.split('.').flatMap((label) => [Uint8Array.of(label.length), ascii.encode(label)]),
    Uint8Array.of(0),
  ]);
