import { bad, ok, type Result } from '../result.ts';
import { type Codec, concatBytes, copyBytes } from './dhcp-codec.ts';
import { type DhcpOptions, END_CODE, OPTION_NAMES, OPTIONS, PAD_CODE } from './dhcp-options.ts';

const MAX_VALUE_BYTES = 255;

/** An option field's raw values by code. Instances of one code are concatenated in order: RFC 3396 §5. */
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
    const value = copyBytes(field.subarray(at, at + length));
    const earlier = found.get(code);
    found.set(code, earlier ? concatBytes([earlier, value]) : value);
    at += length;
  }
  return ok(found); // no END: seen in the field, and harmless
}

/** Raw values → named values. One unreadable value does not spoil the message: it stays raw, in `other`. */
export function nameOptions(raw: ReadonlyMap<number, Uint8Array>): DhcpOptions {
  const named: Record<string, unknown> = {};
  const other = new Map<number, Uint8Array>();
  for (const [code, value] of raw) {
    const name = OPTION_NAMES.get(code);
    const decoded = name && OPTIONS[name].decode(value);
    if (name && decoded !== undefined) named[name] = decoded;
    else other.set(code, value);
  }
  return (other.size > 0 ? { ...named, other } : named) as DhcpOptions;
}

/** Decodes one option field on its own, without overload. */
export function decodeOptions(field: Uint8Array): Result<DhcpOptions> {
  const raw = readRawOptions(field);
  return raw.ok ? ok(nameOptions(raw.value)) : raw;
}

/**
 * The option field: message type first, as old ROMs want it, the rest by code, relay agent information last
 * (RFC 3046 §2.2), then END. Values above 255 bytes are split: RFC 3396 §6.
 */
export function encodeOptions(options: DhcpOptions): Uint8Array {
  const raw: [number, Uint8Array][] = [...(options.other ?? [])];
  for (const [name, value] of Object.entries(options)) {
    if (name === 'other' || value === undefined) continue;
    const { code, encode } = OPTIONS[name as keyof typeof OPTIONS] as Codec<unknown> & { code: number };
    raw.push([code, encode(value)]);
  }
  raw.sort(([a], [b]) => rank(a) - rank(b));
  return concatBytes([...raw.flatMap(([code, value]) => splitValue(code, value)), Uint8Array.of(END_CODE)]);
}

function rank(code: number): number {
  if (code === OPTIONS.dhcpMessageType.code) return -1;
  return code === OPTIONS.dhcpAgentOptions.code ? 256 : code;
}

function splitValue(code: number, value: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  do {
    const part = value.subarray(at, at + MAX_VALUE_BYTES);
    parts.push(Uint8Array.of(code, part.length), part);
    at += MAX_VALUE_BYTES;
  } while (at < value.length);
  return parts;
}
