import { bad, ok, type Result } from '../result.ts';
import { type Codec, concatBytes } from './dhcp-codec.ts';
import { type DhcpOptions, END_CODE, OPTIONS, PAD_CODE } from './dhcp-options.ts';

/** An option's code and its whole value, however many instances it takes on the wire. */
export type RawOption = readonly [code: number, value: Uint8Array];

const MAX_VALUE_BYTES = 255;

/**
 * An option field's raw values by code, which share the field's memory. Instances of one code are concatenated in
 * order: RFC 3396 §5.
 */
export function readRawOptions(
  field: Uint8Array,
  found: Map<number, Uint8Array> = new Map(),
): Result<Map<number, Uint8Array>> {
  let at = 0;
  while (at < field.length) {
    const code = field[at++] ?? END_CODE;
    if (code === PAD_CODE) continue;
    if (code === END_CODE) return ok(found);
    const length = field[at++];
    if (length === undefined) return bad(`option ${code} has no length`);
    if (at + length > field.length) return bad(`option ${code} runs past the end`);
    const value = field.subarray(at, at + length);
    const earlier = found.get(code);
    found.set(code, earlier ? concatBytes([earlier, value]) : value);
    at += length;
  }
  return ok(found); // no END: seen in the field, and harmless
}

/** Raw values → named values. One unreadable value does not spoil the message: it stays raw, in `other`. */
export function nameOptions(raw: ReadonlyMap<number, Uint8Array>): DhcpOptions {
  const named: Record<string, unknown> = {};
  let other: Map<number, Uint8Array> | undefined;
  for (const [code, value] of raw) {
    const entry = BY_CODE[code];
    const decoded = entry?.codec.decode(value);
    if (entry && decoded !== undefined) named[entry.name] = decoded;
    else {
      other ??= new Map();
      other.set(code, value);
    }
  }
  if (other) named['other'] = other;
  return named as DhcpOptions;
}

/** Decodes one option field on its own, without overload. The values share no memory with it. */
export function decodeOptions(field: Uint8Array): Result<DhcpOptions> {
  const raw = readRawOptions(new Uint8Array(field));
  return raw.ok ? ok(nameOptions(raw.value)) : raw;
}

/**
 * Named values → raw ones in the order of the wire: the message type first, as old ROMs want it, the rest by code,
 * relay agent information last (RFC 3046 §2.2). What `other` holds under the code of a named option replaces it.
 */
export function rawOptions(options: DhcpOptions): RawOption[] {
  const raw: RawOption[] = options.other ? [...options.other] : [];
  for (const name in options) {
    const option = BY_NAME.get(name);
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (option && value !== undefined && !options.other?.has(option.code))
      raw.push([option.code, option.codec.encode(value)]);
  }
  return raw.sort(([a], [b]) => rank(a) - rank(b));
}

/** The option field on its own, with its END. */
export function encodeOptions(options: DhcpOptions): Uint8Array {
  const raw = rawOptions(options);
  let length = 1;
  for (const [, value] of raw) length += wireBytes(value.length);
  const field = new Uint8Array(length);
  let at = 0;
  for (const [code, value] of raw) at = writeOption(field, at, code, value);
  field[at] = END_CODE;
  return field;
}

/** How much an option of so many bytes takes on the wire, with the heads of its instances. */
export const wireBytes = (valueBytes: number): number =>
  valueBytes + 2 * Math.max(1, Math.ceil(valueBytes / MAX_VALUE_BYTES));

/** Writes one option; above 255 bytes as several instances (RFC 3396 §6). The position after it. */
export function writeOption(field: Uint8Array, start: number, code: number, value: Uint8Array): number {
  let at = start;
  let from = 0;
  do {
    const length = Math.min(MAX_VALUE_BYTES, value.length - from);
    field[at++] = code;
    field[at++] = length;
    for (const end = from + length; from < end; from++) field[at++] = value[from] ?? 0;
  } while (from < value.length);
  return at;
}

function rank(code: number): number {
  if (code === OPTIONS.dhcpMessageType.code) return -1;
  return code === OPTIONS.dhcpAgentOptions.code ? 256 : code;
}

interface NamedOption {
  readonly name: string;
  readonly code: number;
  readonly codec: Codec<unknown>;
}

const NAMED: readonly NamedOption[] = Object.entries(OPTIONS).map(([name, option]) => ({
  name,
  code: option.code,
  codec: option as Codec<unknown>,
}));
const BY_NAME = new Map(NAMED.map((option) => [option.name, option]));
const BY_CODE: (NamedOption | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  NAMED.find((option) => option.code === code),
);
