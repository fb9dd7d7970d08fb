import { createHash } from 'node:crypto';
import { bad, ok, type Result } from '../../result.ts';

/** RFC 6455 §5.2. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_PAYLOAD_BYTES = 64 * 1024;

/** The proof that the server speaks WebSocket: Sec-WebSocket-Accept (RFC 6455 §4.2.2). */
export const acceptKey = (key: string): string =>
  createHash('sha1')
    .update(key + HANDSHAKE_GUID)
    .digest('base64');

/** One unmasked, unfragmented frame, as servers send them. */
export function encodeFrame(opcode: number, payload: Uint8Array): Buffer {
  const header = payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10;
  const frame = Buffer.alloc(header + payload.length);
  frame[0] = 0x80 | opcode;
  if (header === 2) frame[1] = payload.length;
  if (header === 4) frame.writeUInt16BE(payload.length, 2);
  if (header === 10) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  if (header > 2) frame[1] = header === 4 ? 126 : 127;
  frame.set(payload, header);
  return frame;
}

/**
 * The frames that a client sent, and the bytes of one that is not whole yet. A frame that is not masked
 * (RFC 6455 §5.1) or longer than 64 KiB is a reason to hang up.
 */
export function decodeFrames(
  bytes: Buffer,
): Result<{ readonly frames: readonly Frame[]; readonly rest: Buffer }> {
  const frames: Frame[] = [];
  let rest = bytes;
  for (;;) {
    const size = sizeOf(rest);
    if (!size) return ok({ frames, rest });
    if (((rest[1] ?? 0) & 0x80) === 0) return bad('a client must mask its frames');
    if (size.payload > MAX_PAYLOAD_BYTES) return bad(`a frame of ${size.payload} bytes is too long`);
    const start = size.header + 4;
    if (rest.length < start + size.payload) return ok({ frames, rest });
    const mask = rest.subarray(size.header, start);
    const payload = Buffer.from(rest.subarray(start, start + size.payload));
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
    frames.push({ opcode: (rest[0] ?? 0) & 0x0f, payload });
    rest = rest.subarray(start + size.payload);
  }
}

/** Null while the header is not whole. */
function sizeOf(bytes: Buffer): { header: number; payload: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short < 126) return { header: 2, payload: short };
  if (short === 126) return bytes.length < 4 ? null : { header: 4, payload: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? null : { header: 10, payload: Number(bytes.readBigUInt64BE(2)) };
}
