import { bad, ok, type Result } from '../result.ts';
import { ascii, concatBytes, copyBytes, latin1 } from './dhcp-codec.ts';

/** RFC 1350 §5 and RFC 2347: one TFTP packet. Option names are lowercase; values are text, as sent. */
export type TftpPacket =
  | TftpRequest<'read'>
  | TftpRequest<'write'>
  | { kind: 'data'; block: number; bytes: Uint8Array }
  | { kind: 'ack'; block: number }
  | { kind: 'error'; code: number; message: string }
  | { kind: 'oack'; options: ReadonlyMap<string, string> };

export interface TftpRequest<Kind extends 'read' | 'write'> {
  kind: Kind;
  file: string;
  /** Lowercase; `octet` for all that boots. */
  mode: string;
  options: ReadonlyMap<string, string>;
}

/** RFC 1350 §5 and RFC 2347 §4. */
export const TFTP_ERROR = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionRefused: 8,
} as const;

const MAX_OPTIONS = 16;

/** One UDP payload → a packet. */
export function decodeTftp(packet: Uint8Array): Result<TftpPacket> {
  const [high, low, b2, b3] = packet;
  if (high === undefined || low === undefined) return bad('fewer than 2 bytes');
  const number = b2 === undefined || b3 === undefined ? undefined : b2 * 256 + b3;
  switch (high * 256 + low) {
    case 1:
      return decodeRequest('read', packet);
    case 2:
      return decodeRequest('write', packet);
    case 3:
      return number === undefined
        ? bad('no block number')
        : ok({ kind: 'data', block: number, bytes: copyBytes(packet.subarray(4)) });
    case 4:
      return number === undefined ? bad('no block number') : ok({ kind: 'ack', block: number });
    case 5:
      return number === undefined
        ? bad('no error code')
        : ok({ kind: 'error', code: number, message: latin1(packet.subarray(4)).split('\0', 1)[0] ?? '' });
    case 6: {
      const options = pairs(latin1(packet.subarray(2)).split('\0').slice(0, -1));
      return options ? ok({ kind: 'oack', options }) : bad('malformed options');
    }
    default:
      return bad(`operation ${high * 256 + low} is unknown`);
  }
}

function decodeRequest(kind: 'read' | 'write', packet: Uint8Array): Result<TftpPacket> {
  if (packet.at(-1) !== 0) return bad('a request without its closing NUL');
  const [file = '', mode, ...rest] = latin1(packet.subarray(2)).split('\0').slice(0, -1);
  if (file === '' || mode === undefined) return bad('a request without file or mode');
  const options = pairs(rest);
  return options ? ok({ kind, file, mode: mode.toLowerCase(), options }) : bad('malformed options');
}

function pairs(texts: readonly string[]): Map<string, string> | null {
  if (texts.length % 2 !== 0 || texts.length > 2 * MAX_OPTIONS) return null;
  const options = new Map<string, string>();
  for (let at = 0; at < texts.length; at += 2)
    options.set((texts[at] ?? '').toLowerCase(), texts[at + 1] ?? '');
  return options;
}

/** A packet → one UDP payload. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'read':
    case 'write':
      return concatBytes([
        Uint8Array.of(0, packet.kind === 'read' ? 1 : 2),
        nulEnded(packet.file, packet.mode, ...[...packet.options].flat()),
      ]);
    case 'data':
      return concatBytes([Uint8Array.of(0, 3, packet.block >>> 8, packet.block & 255), packet.bytes]);
    case 'ack':
      return Uint8Array.of(0, 4, packet.block >>> 8, packet.block & 255);
    case 'error':
      return concatBytes([
        Uint8Array.of(0, 5, packet.code >>> 8, packet.code & 255),
        nulEnded(packet.message),
      ]);
    case 'oack':
      return concatBytes([Uint8Array.of(0, 6), nulEnded(...[...packet.options].flat())]);
  }
}

const nulEnded = (...texts: readonly string[]): Uint8Array =>
  ascii.encode(texts.map((text) => `${text}\0`).join(''));
