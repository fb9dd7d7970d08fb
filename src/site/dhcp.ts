import { z } from 'zod';
import {
  addressOrRange,
  addressRange,
  bootQuirks,
  cidr,
  ipv4,
  nounName,
  optional,
  patterned,
} from './vocabulary.ts';

const observe = z
  .boolean()
  .default(false)
  .describe('Answers no DHCP, and tells in the log and the boot trace what it would have answered.');

const pool = z
  .union([addressRange, z.array(addressRange).min(1).max(64)])
  .transform((ranges) => (Array.isArray(ranges) ? ranges : [ranges]))
  .describe('Addresses for machines that have none reserved, as FIRST-LAST, or a list of such ranges.');

const exclude = z
  .array(addressOrRange)
  .max(1024)
  .default([])
  .describe('Addresses and ranges of the pool that are never given out.');

const leaseSeconds = z
  .int()
  .min(120)
  .max(2_592_000)
  .default(3600)
  .describe('How long a lease lasts, in seconds.');

const bytesAsHex = patterned('bytes in hexadecimal like 01:02:ff', /^([0-9a-f]{2}[: ]?)+$/i);

/** One option as the site spells it; exactly one key says its value. */
const freeOption = z
  .strictObject({
    code: z.int().min(1).max(254).describe("The option's number."),
    text: optional(patterned('a text', /^[\x20-\x7e]{1,1024}$/)).describe('Its value, as text.'),
    hex: optional(bytesAsHex).describe('Its value, as bytes.'),
    ipv4: optional(z.union([ipv4.transform((one) => [one]), z.array(ipv4).min(1).max(64)])).describe(
      'Its value, as an address or several.',
    ),
    number: optional(z.int().min(0).max(0xffffffff)).describe('Its value, as an unsigned number.'),
    bytes: z
      .union([z.literal(1), z.literal(2), z.literal(4)])
      .default(1)
      .describe('How many bytes the number has: 1, 2 or 4.'),
    always: z
      .boolean()
      .default(false)
      .describe('Sends it to machines too that ask for certain options, and not for this one.'),
  })
  .superRefine((option, context) => {
    const values = [option.text, option.hex, option.ipv4, option.number].filter((value) => value !== null);
    if (values.length !== 1)
      context.addIssue({ code: 'custom', message: 'want exactly one of text, hex, ipv4 and number' });
    const owner = OWNED.get(option.code);
    if (owner !== undefined)
      context.addIssue({ code: 'custom', path: ['code'], message: `${option.code} is ${owner}` });
    if (option.number !== null && option.number >= 256 ** option.bytes)
      context.addIssue({
        code: 'custom',
        path: ['number'],
        message: `does not fit into bytes: ${option.bytes}`,
      });
  });

const BY_PROTOCOL = 'set by the seed itself, as the protocol wants it';
const BY_BOOT = "the seed's own: it says what each machine boots";

/** Options that a site may not spell out: a wrong one breaks every lease or every boot. */
const OWNED: ReadonlyMap<number, string> = new Map([
  ...[1, 28].map((code): [number, string] => [code, 'what cidr says']),
  [3, 'what gateway says'],
  [12, "each machine's own name"],
  [121, 'what routes says'],
  ...[50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 82, 97].map((code): [number, string] => [
    code,
    BY_PROTOCOL,
  ]),
  ...[60, 66, 67, 77, 93, 94, 175].map((code): [number, string] => [code, BY_BOOT]),
]);

const options = z
  .array(freeOption)
  .max(64)
  .default([])
  .describe('Options besides those that the seed knows, by number. They take the place of its own.');

const otherServers = z
  .array(ipv4)
  .max(16)
  .default([])
  .describe(
    'DHCP servers that belong there too, such as other seeds with the same leases; any other is told as rogue.',
  );

const leasing = { pool, exclude, leaseSeconds, options, observe, otherServers };

/** What the seed does about DHCP in one network. */
export const dhcpSchema = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z
      .literal('authoritative')
      .describe('The seed is the only DHCP server of this network; it says so and refuses foreign leases.'),
    ...leasing,
  }),
  z.strictObject({
    mode: z
      .literal('relayed')
      .describe(
        'The same for a network behind routers, whose DHCP relays send to the seed: it has no interface.',
      ),
    ...leasing,
    via: optional(z.array(nounName).min(1).max(64)).describe(
      'The provisioning networks in which relays reach the seed; any of them when absent.',
    ),
    wire: optional(nounName).describe(
      'Relayed networks that share one wire behind their relay have the same name here.',
    ),
  }),
  z.strictObject({
    mode: z
      .literal('proxy')
      .describe('Another server gives out addresses; the seed tells machines what to boot (ProxyDHCP).'),
    observe,
    otherServers,
    quirks: bootQuirks.describe('What the firmware of machines there cannot take, as for a node.'),
  }),
  z.strictObject({
    mode: z.literal('off').describe('The seed answers no DHCP here.'),
  }),
]);

/** A static route that machines are told. */
export const routeSchema = z.strictObject({
  to: cidr.describe('Where the route leads, like 10.90.0.0/16.'),
  via: ipv4.describe('The router for it, in the network.'),
});

export type SiteDhcpOption = z.output<typeof freeOption>;
