import { bad, ok, type Result } from '../result.ts';
import { concatBytes, copyBytes, uint16 } from './dhcp-codec.ts';

const HEAD_BYTES = 4;

/** An option field's raw values with their codes, in order; a code may come again. RFC 8415 §21.1. */
export function readRawOptions6(field: Uint8Array): Result<readonly (readonly [number, Uint8Array])[]> {
  const view = new DataView(field.buffer, field.byteOffset, field.byteLength);
  const found: (readonly [number, Uint8Array])[] = [];
  for (let at = 0; at < field.length; ) {
    if (at + HEAD_BYTES > field.length) return bad('an option without code and length');
    const code = view.getUint16(at);
    const end = at + HEAD_BYTES + view.getUint16(at + 2);
    if (end > field.length) return bad(`option ${code} runs past the end`);
    found.push([code, copyBytes(field.subarray(at + HEAD_BYTES, end))]);
    at = end;
  }
  return ok(found);
}

/** One option as it lies in a message. */
export const frameOption = (code: number, value: Uint8Array): Uint8Array =>
  concatBytes([uint16.encode(code), uint16.encode(value.length), value]);
