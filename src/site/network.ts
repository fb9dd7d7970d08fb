import { z } from 'zod';
import { addressRange, cidr, domainName, interfaceName, ipv4, optional } from './vocabulary.ts';

const dhcp = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z
      .literal('authoritative')
      .describe('The seed is the only DHCP server of this network; it says so and refuses foreign leases.'),
    pool: addressRange.describe('Addresses for machines that have none reserved, as FIRST-LAST.'),
    leaseSeconds: z
      .int()
      .min(120)
      .max(2_592_000)
      .default(3600)
      .describe('How long a lease lasts, in seconds.'),
  }),
  z.strictObject({
    mode: z.literal('off').describe('The seed answers no DHCP here.'),
  }),
]);

/** A layer-2 network with its IPv4 addresses, as the seed and the machines see it. */
export const networkSchema = z
  .strictObject({
    purpose: z
      .enum(['provisioning', 'management', 'storage', 'tenant', 'external'])
      .describe('provisioning: machines netboot here. management: their BMCs answer here.'),
    cidr: cidr.describe('The network, like 10.77.0.0/24.'),
    interface: optional(interfaceName).describe(
      "The seed's interface in it; not needed where the seed is not attached.",
    ),
    address: optional(ipv4).describe("The seed's own address in it."),
    gateway: optional(ipv4).describe('Router that machines are told; none when absent.'),
    dns: z.array(ipv4).max(8).default([]).describe('DNS servers that machines are told.'),
    ntp: z.array(ipv4).max(8).default([]).describe('Time servers that machines are told.'),
    domain: optional(domainName).describe(
      'DNS domain that machines are told; their names are completed by it.',
    ),
    mtu: optional(z.int().min(576).max(9216)).describe('MTU that machines are told, in bytes.'),
    dhcp: optional(dhcp).describe(
      'What the seed does about DHCP here. A provisioning network says it expressly.',
    ),
  })
  .superRefine((network, context) => {
    if (network.purpose !== 'provisioning') return;
    for (const key of ['interface', 'address', 'dhcp'] as const) {
      if (network[key] === null)
        context.addIssue({ code: 'custom', path: [key], message: 'a provisioning network needs it' });
    }
  });

export type SiteNetwork = z.output<typeof networkSchema>;
