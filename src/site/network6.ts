import { z } from 'zod';
import { MAX_POOL6 } from './ipv6.ts';
import { addressRange6, cidr6, ipv6, optional } from './vocabulary.ts';

const dhcp = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z
      .literal('authoritative')
      .describe('The seed gives IPv6 addresses by DHCPv6, and tells machines so by router advertisements.'),
    pool: addressRange6.describe(
      `IPv6 addresses for machines that have none reserved, as FIRST-LAST; ${MAX_POOL6} at most.`,
    ),
    leaseSeconds: z
      .int()
      .min(120)
      .max(2_592_000)
      .default(3600)
      .describe('How long an IPv6 address lasts, in seconds.'),
  }),
  z.strictObject({
    mode: z.literal('off').describe('The seed gives no IPv6 addresses here.'),
  }),
]);

/** A provisioning network's IPv6 side: firmware that boots by IPv6 comes by it. */
export const network6Schema = z.strictObject({
  cidr: cidr6.describe('The IPv6 network, like fd77::/64.'),
  address: ipv6.describe("The seed's own IPv6 address in it; it must be set on the interface."),
  dns: z.array(ipv6).max(8).default([]).describe('DNS servers that machines are told by DHCPv6.'),
  dhcp: dhcp.describe('What the seed does about IPv6 addresses here.'),
});

export const optionalNetwork6 = optional(network6Schema).describe(
  'Network boot by IPv6 besides IPv4: DHCPv6, router advertisements, TFTP and HTTP. IPv4 alone when absent.',
);

export type SiteNetwork6 = z.output<typeof network6Schema>;
