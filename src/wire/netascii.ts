const LF = 10;
const CR = 13;

/** Bytes as `netascii` carries them: LF as CR LF, CR as CR NUL. RFC 764, which RFC 1350 §5 names. */
export function toNetascii(bytes: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of bytes) if (byte === LF || byte === CR) extra++;
  if (extra === 0) return bytes;
  const text = new Uint8Array(bytes.length + extra);
  let at = 0;
  for (const byte of bytes) {
    if (byte === LF) text[at++] = CR;
    text[at++] = byte;
    if (byte === CR) text[at++] = 0;
  }
  return text;
}
