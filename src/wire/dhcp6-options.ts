import { bad, ok, type Result } from '../result.ts';
import { ascii, bytes, type Codec, concatBytes, listOf, uint8, uint16 } from './dhcp-codec.ts';
import { domainNames } from './dhcp-option-domain-search.ts';
import { flag, ipv6, linkLayerAddress, opaqueList, status, vendorClass } from './dhcp6-codec.ts';
import { type IaNa, iaNa } from './dhcp6-ia.ts';
import { frameOption, readRawOptions6 } from './dhcp6-raw-options.ts';

interface Option<T> extends Codec<T> {
  readonly code: number;
}

const option = <T>(code: number, codec: Codec<T>): Option<T> => ({ code, ...codec });

/** The DHCPv6 options we read or write, each at most once in a message: Kea's names, IANA's codes. RFC 8415 unless noted. */
export const OPTIONS6 = {
  clientid: option(1, bytes), // a DUID: dhcp6-duid.ts
  serverid: option(2, bytes),
  oro: option(6, listOf(uint16, 2)), // the options that the client asks for
  preference: option(7, uint8),
  elapsedTime: option(8, uint16), // hundredths of a second
  relayMsg: option(9, bytes), // a whole message
  statusCode: option(13, status),
  rapidCommit: option(14, flag),
  userClass: option(15, opaqueList),
  vendorClass: option(16, vendorClass), // "PXEClient:…" or "HTTPClient:…", under Intel's number 343
  interfaceId: option(18, bytes), // a relay's: echoed
  dnsServers: option(23, listOf(ipv6, 16)), // RFC 3646
  domainSearch: option(24, domainNames), // RFC 3646
  bootfileUrl: option(59, ascii), // RFC 5970 §3.1
  bootfileParam: option(60, opaqueList), // RFC 5970 §3.2
  clientArchType: option(61, listOf(uint16, 2)), // RFC 5970 §3.3
  nii: option(62, bytes), // RFC 5970 §3.4: type, major, minor of UNDI
  clientLinklayerAddr: option(79, linkLayerAddress), // RFC 6939, by relays
} as const;

/** The one option that may come several times, once for each interface of a client. */
const IA_NA_CODE = 3;

export type OptionName6 = keyof typeof OPTIONS6;

/** Every option found, by name; `other` holds those without a name here, and values too malformed to read. */
export type Dhcp6Options = {
  readonly [K in OptionName6]?: NonNullable<ReturnType<(typeof OPTIONS6)[K]['decode']>>;
} & { readonly iaNa?: readonly IaNa[]; readonly other?: ReadonlyMap<number, Uint8Array> };

const NAMES: ReadonlyMap<number, OptionName6> = new Map(
  Object.entries(OPTIONS6).map(([name, { code }]) => [code, name as OptionName6]),
);

export const hasName6 = (code: number): boolean => code === IA_NA_CODE || NAMES.has(code);

/** Reads an option field. Of an option that may come once, the first counts. */
export function decodeOptions6(field: Uint8Array): Result<Dhcp6Options> {
  const raw = readRawOptions6(field);
  if (!raw.ok) return bad(raw.reason);
  const named: Record<string, unknown> = {};
  const associations: IaNa[] = [];
  const other = new Map<number, Uint8Array>();
  for (const [code, value] of raw.value) {
    const name = NAMES.get(code);
    if (name !== undefined && Object.hasOwn(named, name)) continue;
    const decoded = code === IA_NA_CODE ? iaNa.decode(value) : name && OPTIONS6[name].decode(value);
    if (decoded === undefined || decoded === '') other.set(code, value);
    else if (code === IA_NA_CODE) associations.push(decoded as IaNa);
    else if (name) named[name] = decoded;
  }
  return ok({
    ...named,
    ...(associations.length > 0 ? { iaNa: associations } : {}),
    ...(other.size > 0 ? { other } : {}),
  } as Dhcp6Options);
}

/** The option field, by code; the identity associations come third, as their code says. */
export function encodeOptions6(options: Dhcp6Options): Uint8Array {
  const raw: [number, Uint8Array][] = [...(options.other ?? [])];
  for (const ia of options.iaNa ?? []) raw.push([IA_NA_CODE, iaNa.encode(ia)]);
  for (const [name, value] of Object.entries(options)) {
    if (name === 'other' || name === 'iaNa' || value === undefined) continue;
    const { code, encode } = OPTIONS6[name as OptionName6] as Option<unknown>;
    raw.push([code, encode(value)]);
  }
  raw.sort(([a], [b]) => a - b);
  return concatBytes(raw.map(([code, value]) => frameOption(code, value)));
}
