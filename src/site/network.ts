import { z } from 'zod';
import { dhcpSchema, routeSchema } from './dhcp.ts';
import { optionalNetwork6 } from './network6.ts';
import { cidr, domainName, interfaceName, ipv4, optional } from './vocabulary.ts';

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
    domainSearch: z
      .array(domainName)
      .max(16)
      .default([])
      .describe('DNS domains in which machines look for short names.'),
    routes: z
      .array(routeSchema)
      .max(64)
      .default([])
      .describe('Static routes that machines are told besides the gateway.'),
    mtu: optional(z.int().min(576).max(9216)).describe('MTU that machines are told, in bytes.'),
    dhcp: optional(dhcpSchema).describe(
      'What the seed does about DHCP here. A provisioning network says it expressly.',
    ),
    ipv6: optionalNetwork6,
  })
  .superRefine((network, context) => {
    const fault = (key: 'interface' | 'address' | 'gateway' | 'dhcp' | 'ipv6', message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (network.ipv6 !== null && (network.purpose !== 'provisioning' || network.dhcp?.mode === 'relayed'))
      fault('ipv6', 'only a provisioning network that the seed is in has it');
    if (network.purpose !== 'provisioning') return;
    if (network.dhcp === null) fault('dhcp', 'a provisioning network needs it');
    const isRelayed = network.dhcp?.mode === 'relayed';
    for (const key of ['interface', 'address'] as const) {
      if (isRelayed && network[key] !== null)
        fault(key, 'a relayed network is behind routers: the seed is not in it');
      if (!isRelayed && network[key] === null) fault(key, 'a provisioning network needs it');
    }
    if (isRelayed && network.gateway === null)
      fault('gateway', 'a relayed network needs it: its machines reach the seed through a router');
  });

export type SiteNetwork = z.output<typeof networkSchema>;
