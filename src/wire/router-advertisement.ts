/** ICMPv6 types. RFC 4861 §4.1, §4.2. */
export const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;

/** Whether an ICMPv6 payload is a router solicitation that is long enough to be one. */
export const isRouterSolicitation = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 && bytes[0] === ROUTER_SOLICITATION && bytes[1] === 0;

/**
 * An advertisement that says "no router, no addresses here": flags 0, lifetime 0, no prefix. iPXE waits about 13 s
 * for any answer to its solicitation before it goes on with IPv4 (capture i4_bios_base); this one ends the wait and
 * configures nothing. The kernel fills in the checksum.
 */
export const emptyRouterAdvertisement = (): Uint8Array =>
  Uint8Array.of(ROUTER_ADVERTISEMENT, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
