import { END_CODE, OPTIONS } from './dhcp-options.ts';
import { type RawOption, wireBytes, writeOption } from './dhcp-options-coding.ts';

/** Where a reply's options lie when they do not fit one after another. */
export interface PackedOptions {
  readonly options: Uint8Array;
  /** The header's `file` and `sname`, as option fields; null where they stay what they are. */
  readonly file: Uint8Array | null;
  readonly sname: Uint8Array | null;
  /** Codes that found no room. */
  readonly leftOut: readonly number[];
}

/** The room there is: the field after the cookie, and each header field that may be overloaded. */
export interface OptionRoom {
  readonly optionsBytes: number;
  readonly fileBytes: number;
  readonly snameBytes: number;
}

interface Field {
  readonly bytes: Uint8Array;
  at: number;
}

const OVERLOAD_OPTION_BYTES = 3;
const INSTANCE_HEAD_BYTES = 2;
const MAX_VALUE_BYTES = 255;

/** What a machine cannot boot without, most needed first. The rest follows by code. */
const NEEDED_FIRST = [
  OPTIONS.dhcpMessageType,
  OPTIONS.dhcpServerIdentifier,
  OPTIONS.dhcpLeaseTime,
  OPTIONS.subnetMask,
  OPTIONS.vendorClassIdentifier,
  OPTIONS.vendorEncapsulatedOptions,
  OPTIONS.bootFileName,
  OPTIONS.ipxeEncapsulated,
  OPTIONS.uuidGuid,
  OPTIONS.routers,
  OPTIONS.dhcpClientIdentifier,
  OPTIONS.domainNameServers,
].map(({ code }) => code);

/**
 * Spreads options over the option field and the header's `file` and `sname` (option overload, RFC 2132 §9.3). An
 * option that fits in none goes in pieces over what is left of them, in the order in which RFC 3396 §5 has them
 * read. What finds no room at all is left out, the least needed first. Relay agent information stays last in the
 * option field, where relays look for it (RFC 3046 §2.1).
 */
export function packOptions(raw: readonly RawOption[], room: OptionRoom): PackedOptions {
  const relay = raw.find(([code]) => code === OPTIONS.dhcpAgentOptions.code);
  const relayBytes = relay ? wireBytes(relay[1].length) : 0;
  const main = fieldOf(room.optionsBytes - relayBytes - OVERLOAD_OPTION_BYTES);
  const file = fieldOf(room.fileBytes);
  const sname = fieldOf(room.snameBytes);
  const fields = [main, file, sname];
  const leftOut: number[] = [];
  const wanted = raw.filter(([code]) => code !== OPTIONS.dhcpAgentOptions.code);
  for (const option of wanted.sort(([a], [b]) => need(a) - need(b)))
    if (!putWhole(option, fields) && !putInPieces(option, fields)) leftOut.push(option[0]);
  const overload = (file.at > 0 ? 1 : 0) | (sname.at > 0 ? 2 : 0);
  const last: RawOption[] = overload ? [[OPTIONS.dhcpOptionOverload.code, Uint8Array.of(overload)]] : [];
  return {
    options: closed(main, relay ? [...last, relay] : last),
    file: file.at > 0 ? closed(file, [], room.fileBytes) : null,
    sname: sname.at > 0 ? closed(sname, [], room.snameBytes) : null,
    leftOut,
  };
}

/** A field with one byte kept for its END. */
const fieldOf = (bytes: number): Field => ({ bytes: new Uint8Array(Math.max(0, bytes - 1)), at: 0 });

const need = (code: number): number => {
  const place = NEEDED_FIRST.indexOf(code);
  return place === -1 ? NEEDED_FIRST.length + code : place;
};

const roomIn = ({ bytes, at }: Field): number => bytes.length - at;

function putWhole([code, value]: RawOption, fields: readonly Field[]): boolean {
  const field = fields.find((candidate) => wireBytes(value.length) <= roomIn(candidate));
  if (field) field.at = writeOption(field.bytes, field.at, code, value);
  return field !== undefined;
}

function putInPieces([code, value]: RawOption, fields: readonly Field[]): boolean {
  const sizes = fields.map((field) => valueRoom(roomIn(field)));
  if (sizes.reduce((sum, size) => sum + size, 0) < value.length) return false;
  let from = 0;
  for (const [index, field] of fields.entries()) {
    const piece = value.subarray(from, from + (sizes[index] ?? 0));
    if (piece.length > 0) field.at = writeOption(field.bytes, field.at, code, piece);
    from += piece.length;
  }
  return true;
}

/** How many bytes of a value fit into `free` bytes, with the heads of its instances. */
function valueRoom(free: number): number {
  const wholeInstances = Math.floor(free / (MAX_VALUE_BYTES + INSTANCE_HEAD_BYTES));
  const rest = free - wholeInstances * (MAX_VALUE_BYTES + INSTANCE_HEAD_BYTES);
  return wholeInstances * MAX_VALUE_BYTES + Math.max(0, rest - INSTANCE_HEAD_BYTES);
}

/** The field's bytes with `more` and END, zeros after them up to `padTo`. */
function closed({ bytes, at }: Field, more: readonly RawOption[], padTo = 0): Uint8Array {
  const moreBytes = more.reduce((sum, [, value]) => sum + wireBytes(value.length), 0);
  const field = new Uint8Array(Math.max(padTo, at + moreBytes + 1));
  field.set(bytes.subarray(0, at));
  let end = at;
  for (const [code, value] of more) end = writeOption(field, end, code, value);
  field[end] = END_CODE;
  return field;
}
