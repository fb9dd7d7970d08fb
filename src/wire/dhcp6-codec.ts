import { ascii, type Codec, concatBytes, copyBytes, uint16, uint32 } from './dhcp-codec.ts';
import { ipv6Bytes, readIpv6 } from './ipv6.ts';
import { formatMac, macBytes } from './mac.ts';

/** The enterprise number of a vendor class, and its texts. RFC 8415 §21.16. */
export interface VendorClass {
  readonly enterprise: number;
  readonly classes: readonly Uint8Array[];
}

/** RFC 8415 §21.13. */
export interface Status {
  readonly code: number;
  readonly message: string;
}

/** A relay's word on the client's hardware address. RFC 6939 §4. */
export interface LinkLayerAddress {
  readonly type: number;
  readonly address: string;
}

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const ipv6: Codec<string> = {
  decode: (raw) => (raw.length === 16 ? readIpv6(raw) : undefined),
  encode: ipv6Bytes,
};

/** An option whose presence says all. */
export const flag: Codec<true> = {
  decode: () => true,
  encode: () => new Uint8Array(),
};

/** Texts or bytes end to end, each with its length before it: user class, vendor class, boot file parameters. */
export const opaqueList: Codec<readonly Uint8Array[]> = {
  decode(raw) {
    const items: Uint8Array[] = [];
    for (let at = 0; at < raw.length; ) {
      if (at + 2 > raw.length) return undefined;
      const end = at + 2 + view(raw).getUint16(at);
      if (end > raw.length) return undefined;
      items.push(copyBytes(raw.subarray(at + 2, end)));
      at = end;
    }
    return items;
  },
  encode: (items) => concatBytes(items.flatMap((item) => [uint16.encode(item.length), item])),
};

export const vendorClass: Codec<VendorClass> = {
  decode(raw) {
    if (raw.length < 4) return undefined;
    const classes = opaqueList.decode(raw.subarray(4));
    return classes && { enterprise: view(raw).getUint32(0), classes };
  },
  encode: ({ enterprise, classes }) => concatBytes([uint32.encode(enterprise), opaqueList.encode(classes)]),
};

export const status: Codec<Status> = {
  decode: (raw) =>
    raw.length < 2
      ? undefined
      : { code: view(raw).getUint16(0), message: ascii.decode(raw.subarray(2)) ?? '' },
  encode: ({ code, message }) => concatBytes([uint16.encode(code), ascii.encode(message)]),
};

export const linkLayerAddress: Codec<LinkLayerAddress> = {
  decode: (raw) =>
    raw.length < 3 ? undefined : { type: view(raw).getUint16(0), address: formatMac(raw.subarray(2)) },
  encode: ({ type, address }) => concatBytes([uint16.encode(type), macBytes(address)]),
};
