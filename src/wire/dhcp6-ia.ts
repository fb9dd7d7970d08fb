import { type Codec, concatBytes, uint32 } from './dhcp-codec.ts';
import { type Status, status } from './dhcp6-codec.ts';
import { frameOption, readRawOptions6 } from './dhcp6-raw-options.ts';
import { ipv6Bytes, readIpv6 } from './ipv6.ts';

/** One address within an identity association. RFC 8415 §21.6. */
export interface IaAddress {
  readonly address: string;
  readonly preferredSeconds: number;
  readonly validSeconds: number;
  readonly status: Status | null;
}

/** A client's bundle of addresses for one of its interfaces: its `iaid` is the client's own number. RFC 8415 §21.4. */
export interface IaNa {
  readonly iaid: number;
  readonly t1Seconds: number;
  readonly t2Seconds: number;
  readonly addresses: readonly IaAddress[];
  readonly status: Status | null;
}

const IA_ADDRESS = 5;
const STATUS = 13;
const IA_HEAD_BYTES = 12;
const ADDRESS_HEAD_BYTES = 24;

/** The identity association; its options other than addresses and status are none that any RFC puts there. */
export const iaNa: Codec<IaNa> = {
  decode(raw) {
    const inner = raw.length < IA_HEAD_BYTES ? null : readRawOptions6(raw.subarray(IA_HEAD_BYTES));
    if (inner === null || !inner.ok) return undefined;
    const head = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    const addresses = inner.value.flatMap(([code, value]) =>
      code === IA_ADDRESS ? [readAddress(value)] : [],
    );
    const whole = addresses.flatMap((address) => address ?? []);
    if (whole.length < addresses.length) return undefined;
    return {
      iaid: head.getUint32(0),
      t1Seconds: head.getUint32(4),
      t2Seconds: head.getUint32(8),
      addresses: whole,
      status: statusIn(inner.value),
    };
  },
  encode: (ia) =>
    concatBytes([
      uint32.encode(ia.iaid),
      uint32.encode(ia.t1Seconds),
      uint32.encode(ia.t2Seconds),
      ...ia.addresses.map((address) => frameOption(IA_ADDRESS, writeAddress(address))),
      ...writeStatus(ia.status),
    ]),
};

function readAddress(raw: Uint8Array): IaAddress | undefined {
  const inner = raw.length < ADDRESS_HEAD_BYTES ? null : readRawOptions6(raw.subarray(ADDRESS_HEAD_BYTES));
  if (inner === null || !inner.ok) return undefined;
  const head = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return {
    address: readIpv6(raw),
    preferredSeconds: head.getUint32(16),
    validSeconds: head.getUint32(20),
    status: statusIn(inner.value),
  };
}

const writeAddress = (address: IaAddress): Uint8Array =>
  concatBytes([
    ipv6Bytes(address.address),
    uint32.encode(address.preferredSeconds),
    uint32.encode(address.validSeconds),
    ...writeStatus(address.status),
  ]);

function statusIn(options: readonly (readonly [number, Uint8Array])[]): Status | null {
  const raw = options.find(([code]) => code === STATUS)?.[1];
  return (raw && status.decode(raw)) ?? null;
}

const writeStatus = (value: Status | null): Uint8Array[] =>
  value === null ? [] : [frameOption(STATUS, status.encode(value))];
