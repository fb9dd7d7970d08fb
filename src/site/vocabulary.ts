import { z } from 'zod';
import { parseCidr, parseIpv4, printCidr, printIpv4 } from './ipv4.ts';
import { MAX_POOL6, normalCidr6, normalIpv6, normalRange6 } from './ipv6.ts';
import { got, gotForText } from './wording.ts';

/** A text that `read` understands and normalises; `want` says in an error what it should look like. */
const written = <T>(want: string, read: (text: string) => T | null) =>
  z.string({ error: (issue) => `want ${want}, ${gotForText(issue.input)}` }).transform((text, context): T => {
    const value = read(text.trim());
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `want ${want}, ${got(text)}` });
    return z.NEVER;
  });

/** A text of this pattern, kept as it is. */
export const patterned = (want: string, pattern: RegExp) =>
  z.string({ error: (issue) => `want ${want}, ${gotForText(issue.input)}` }).regex(pattern, {
    error: (issue) => `want ${want}, ${gotForText(issue.input)}`,
  });

/** Absent and `null` are the same: null. */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);

/** What nouns other than nodes are called: they end up in file names, Ansible groups and Ironic traits. */
export const nounName = patterned(
  'a name of letters, digits, ".", "_" and "-"',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
);

/** A node's name is its host name. RFC 1123 §2.1, lower case since DNS and Kubernetes compare so. */
export const hostName = patterned(
  'a host name of lower-case letters, digits and "-", 63 at most',
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
);

export const domainName = patterned(
  'a domain name like lab.example.org',
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/,
);

/** Linux: IFNAMSIZ is 16 with the final zero; no slash, no space. */
export const interfaceName = patterned(
  'a network interface name of 15 characters at most',
  /^(?!\.{1,2}$)[^\s/:]{1,15}$/,
);

export const ipv4 = written('an IPv4 address like 10.77.0.1', (text) => {
  const address = parseIpv4(text);
  return address === null ? null : printIpv4(address);
});

export const cidr = written('a network like 10.77.0.0/24, with no host bits set', (text) => {
  const network = parseCidr(text);
  return network === null ? null : printCidr(network);
});

/** "a-b" → both ends, in order; null when it is none. */
function readRange(text: string): { start: string; end: string } | null {
  const [start = null, end = null, ...rest] = text.split('-').map((part) => parseIpv4(part.trim()));
  if (start === null || end === null || rest.length > 0 || start > end) return null;
  return { start: printIpv4(start), end: printIpv4(end) };
}

export const addressRange = written('a range like 10.77.0.100-10.77.0.199', readRange);

/** A single address is a range of one. */
export const addressOrRange = written('an address, or a range like 10.77.0.100-10.77.0.199', (text) =>
  readRange(text.includes('-') ? text : `${text}-${text}`),
);

export const ipv6 = written('an IPv6 address like fd77::1', normalIpv6);
export const cidr6 = written('an IPv6 network like fd77::/64, with no host bits set', normalCidr6);
export const addressRange6 = written(
  `a range like fd77::1:0-fd77::1:ffff, of ${MAX_POOL6} addresses at most`,
  normalRange6,
);

/** Any common spelling (colons, dashes, Cisco's dots, bare) → lower case with colons; null when it is none. */
export function parseMac(text: string): string | null {
  const spelled =
    /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(text) ||
    /^[0-9a-f]{4}([.:-])[0-9a-f]{4}\1[0-9a-f]{4}$/i.test(text) ||
    /^[0-9a-f]{12}$/i.test(text);
  if (!spelled) return null;
  const octets =
    text
      .toLowerCase()
      .replace(/[^0-9a-f]/g, '')
      .match(/../g) ?? [];
  return octets.join(':');
}

/** A network card's own address: a group address (lowest bit of the first octet set) or all zeros is no card's. */
export const mac = written('a MAC address like aa:bb:cc:dd:ee:ff', (text) => {
  const parsed = parseMac(text);
  if (parsed === null || parsed === '00:00:00:00:00:00') return null;
  return Number.parseInt(parsed.slice(0, 2), 16) % 2 === 1 ? null : parsed;
});

export const uuid = written('a UUID like 0c6a1e5e-8d7b-4c5e-9d3f-2b1a0c9d8e7f', (text) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null,
);

export const sha256 = written('a SHA-256 of 64 hexadecimal digits', (text) =>
  /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null,
);

/** Goes into a boot script's line, so it holds no line break and no character that iPXE would expand. */
export const kernelArgs = patterned(
  'kernel arguments on one line, with no variable of iPXE in them',
  /^(?!.*\$\{)[\x20-\x7e]*$/,
);

export const port = z.int().min(1).max(65_535);
/** What some firmware cannot take; core/boot-node.ts says which. */
export const bootQuirks = z
  .array(z.enum(['uefi-without-43']))
  .max(8)
  .default([]);
export const bootMode = z.enum(['bios', 'uefi']);

/** A number of nodes, or a share of them. */
export const countOrShare = z
  .union([z.int().min(0), z.string().regex(/^(100|[1-9]?\d)%$/)], {
    error: (issue) => `want a number like 2 or a share like "10%", ${got(issue.input)}`,
  })
  .transform(
    (value): CountOrShare =>
      typeof value === 'number'
        ? { kind: 'count', count: value }
        : { kind: 'share', percent: Number(value.slice(0, -1)) },
  );

export type CountOrShare =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'share'; readonly percent: number };
