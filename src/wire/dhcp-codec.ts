import { ipv4Bytes, readIpv4 } from './ipv4.ts';

/** How one option's value lies in bytes. `decode` gives undefined for bytes that cannot be such a value. */
export interface Codec<T> {
  decode(bytes: Uint8Array): T | undefined;
  encode(value: T): Uint8Array;
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** As they are, and sharing the message's memory: `decodeDhcp` made that a copy of its own. */
export const bytes: Codec<Uint8Array> = {
  decode: (raw) => raw,
  encode: (value) => value,
};

export const uint8: Codec<number> = {
  decode: (raw) => (raw.length === 1 ? raw[0] : undefined),
  encode: (value) => Uint8Array.of(value),
};

export const uint16: Codec<number> = {
  decode: (raw) => (raw.length === 2 ? view(raw).getUint16(0) : undefined),
  encode: (value) => Uint8Array.of(value >>> 8, value & 255),
};

export const uint32: Codec<number> = {
  decode: (raw) => (raw.length === 4 ? view(raw).getUint32(0) : undefined),
  encode: (value) => Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255),
};

export const ipv4: Codec<string> = {
  decode: (raw) => (raw.length === 4 ? readIpv4(raw) : undefined),
  encode: ipv4Bytes,
};

/**
 * Text, one byte a character. Trailing NULs are dropped: RFC 2132 §2 lets a receiver expect them, and ROMs send
 * them.
 */
export const ascii: Codec<string> = {
  decode(raw) {
    let end = raw.length;
    while (end > 0 && raw[end - 1] === 0) end--;
    return latin1(raw, end);
  },
  encode(value) {
    const encoded = new Uint8Array(value.length);
    for (let at = 0; at < value.length; at++) encoded[at] = value.charCodeAt(at);
    return encoded;
  },
};

/** One or more values of a fixed size, end to end. */
export const listOf = <T>(item: Codec<T>, itemBytes: number): Codec<readonly T[]> => ({
  decode(raw) {
    if (raw.length === 0 || raw.length % itemBytes !== 0) return undefined;
    const values: T[] = [];
    for (let at = 0; at < raw.length; at += itemBytes) {
      const value = item.decode(raw.subarray(at, at + itemBytes));
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  },
  encode: (values) => concatBytes(values.map((value) => item.encode(value))),
});

/** Sub-options in the same code-length-value form: options 43, 82 and 175. RFC 2132 §8.4. */
export const subOptions: Codec<ReadonlyMap<number, Uint8Array>> = {
  decode(raw) {
    const found = new Map<number, Uint8Array>();
    let at = 0;
    while (at < raw.length) {
      const code = raw[at++] ?? 0;
      if (code === 255) break;
      if (code === 0) continue;
      const length = raw[at++];
      if (length === undefined || at + length > raw.length) return undefined;
      found.set(code, raw.subarray(at, at + length));
      at += length;
    }
    return found;
  },
  encode: (value) => concatBytes([...value].flatMap(([code, raw]) => [Uint8Array.of(code, raw.length), raw])),
};

/** A copy that shares no memory; `slice` of Node's Buffer would not be one. */
export function copyBytes(raw: Uint8Array): Uint8Array {
  return new Uint8Array(raw);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The first `end` bytes as text, one character a byte, so that nothing is lost and nothing throws. */
export const latin1 = (raw: Uint8Array, end = raw.length): string => {
  let text = '';
  for (let at = 0; at < end; at++) text += CHARACTERS[raw[at] ?? 0];
  return text;
};

const CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
