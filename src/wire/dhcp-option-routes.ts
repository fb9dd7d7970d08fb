import { type Codec, concatBytes } from './dhcp-codec.ts';
import { ipv4Bytes, readIpv4 } from './ipv4.ts';

export interface StaticRoute {
  readonly destination: string;
  readonly prefixLength: number;
  readonly router: string;
}

/** Option 121, classless static routes: only the destination's significant octets are sent. RFC 3442. */
export const staticRoutes: Codec<readonly StaticRoute[]> = {
  decode(raw) {
    const routes: StaticRoute[] = [];
    let at = 0;
    while (at < raw.length) {
      const prefixLength = raw[at++] ?? 0;
      const significant = Math.ceil(prefixLength / 8);
      if (prefixLength > 32 || at + significant + 4 > raw.length) return undefined;
      const destination = new Uint8Array(4);
      destination.set(raw.subarray(at, at + significant));
      at += significant;
      routes.push({ destination: readIpv4(destination), prefixLength, router: readIpv4(raw, at) });
      at += 4;
    }
    return routes.length > 0 ? routes : undefined;
  },
  encode: (routes) =>
    concatBytes(
      routes.flatMap(({ destination, prefixLength, router }) => [
        Uint8Array.of(prefixLength),
        ipv4Bytes(destination).subarray(0, Math.ceil(prefixLength / 8)),
        ipv4Bytes(router),
      ]),
    ),
};
