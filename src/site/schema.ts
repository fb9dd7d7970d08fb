import { z } from 'zod';
import { bmcDefaultsSchema } from './bmc.ts';
import { bootSchema } from './boot.ts';
import { discoverySchema } from './discovery.ts';
import { fleetSchema } from './fleet.ts';
import { imageSchema, ramdiskSchema } from './image.ts';
import { networkSchema } from './network.ts';
import { nodeSchema } from './node.ts';
import { policiesSchema } from './policy.ts';
import { rehearsalSchema } from './rehearsal.ts';
import { roleSchema } from './role.ts';
import { fileRef, secretRef } from './secret-ref.ts';
import { undercloudSchema } from './undercloud.ts';
import { ipv4, nounName, optional, patterned, port } from './vocabulary.ts';

const absolutePath = patterned('an absolute path', /^\/[^\0\n]+$/);

const leasesSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('sqlite').describe('In a file of the state folder.') }),
    z.strictObject({
      kind: z
        .literal('postgresql')
        .describe('In a PostgreSQL that several seeds share, so that any of them can renew any lease.'),
      url: secretRef.describe(
        'Where it is, with user and password: postgresql://USER:PASSWORD@HOST/DATABASE.',
      ),
    }),
  ])
  .prefault({ kind: 'sqlite' });
const packageCacheSchema = z.strictObject({
  port: port.default(3142).describe('Its port.'),
  mirrors: z
    .array(patterned('a URL like http://deb.debian.org/debian', /^http:\/\/[A-Za-z0-9._~:/-]+$/))
    .min(1)
    .default([
      'http://deb.debian.org/debian',
      'http://deb.debian.org/debian-security',
      'http://security.debian.org/debian-security',
    ])
    .describe('The repositories that machines may fetch from through it; all others are refused.'),
});

const seedSchema = z.strictObject({
  stateDir: optional(absolutePath).describe(
    'Where the seed keeps its state; /var/lib/blackstart/SITE when absent.',
  ),
  httpPort: port.default(8080).describe('Port of the boot files and of the callback of the agents.'),
  metrics: optional(
    z.strictObject({
      address: ipv4.describe('Address of the seed that Prometheus reaches; in no provisioning network.'),
      port: port.default(9477).describe('Its port.'),
    }),
  ).describe('Where /metrics is served by HTTP, read-only and open; on the Unix socket only when absent.'),
  nginxPort: optional(port).describe(
    'Port of an nginx on this host, run with what "blackstart render nginx" writes, from which machines fetch images; the seed serves them when absent.',
  ),
  packageCache: optional(packageCacheSchema).describe(
    'A cache of Debian packages (apt-cacher-ng) on the provisioning networks, which deployed machines are told to use; none when absent.',
  ),
  tlsPort: optional(port).describe(
    'Port of a TLS server on the provisioning networks, by which config drives go out, each for a one-time token; none when absent, and config drives go through Ironic.',
  ),
  leases: leasesSchema.describe('Where leases are kept: sqlite, or a postgresql for several seeds.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('How much the daemon logs.'),
});

const rackSchema = z.strictObject({
  location: optional(patterned('a text', /^[^\n]{1,255}$/)).describe('Where it stands, for people.'),
  units: z.int().min(1).max(99).default(42).describe('How many rack units it has.'),
});

const publicKey = patterned(
  'a public key like "ssh-ed25519 AAAA… name", or {file: …}',
  /^(ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*( [^\n]*)?$/,
);

const accessSchema = z.strictObject({
  user: patterned('a user name', /^[a-z_][a-z0-9_-]{0,31}$/)
    .default('debian')
    .describe('User that is created on the machines and logs in.'),
  authorizedKeys: z
    .array(z.union([publicKey, fileRef]))
    .min(1)
    .describe('Public keys that may log in: {file: …}, or the key itself.'),
  privateKey: secretRef.describe("The site's own private key, with which Blackstart logs in."),
});

/** Everything in one site.yaml, as it is typed. */
export const siteSchema = z.strictObject({
  site: patterned(
    'a short name of lower-case letters, digits and "-"',
    /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
  ).describe("The site's name."),
  seed: seedSchema.prefault({}).describe('The host that Blackstart runs on.'),
  networks: z.record(nounName, networkSchema).describe('Networks by name; at least one for provisioning.'),
  racks: z
    .record(
      nounName,
      rackSchema.nullable().transform((rack) => rack ?? rackSchema.parse({})),
    )
    .default({})
    .describe('Racks by name.'),
  images: z.record(nounName, imageSchema).default({}).describe('Whole-disk images by name.'),
  ramdisk: ramdiskSchema.prefault({}).describe('The ramdisk that discovers, inspects and deploys.'),
  boot: bootSchema.prefault({}).describe('What machines boot besides the agent, and how.'),
  roles: z.record(nounName, roleSchema).default({}).describe('Kinds of machines by name.'),
  bmcDefaults: bmcDefaultsSchema.prefault({}).describe('What BMCs have in common.'),
  nodes: z.array(nodeSchema).default([]).describe('The servers.'),
  access: accessSchema.describe('How people and Blackstart get into the deployed machines.'),
  undercloud: undercloudSchema.prefault({}).describe('The Ironic that manages the nodes.'),
  fleets: z.record(nounName, fleetSchema).default({}).describe('Nodes with one purpose, by name.'),
  discovery: discoverySchema.prefault({}).describe('What happens to machines that nobody knows.'),
  policies: policiesSchema.prefault({}).describe('How careful destructive work is.'),
  rehearsal: rehearsalSchema.prefault({}).describe('The virtual rack; the product ignores it.'),
});

export type WrittenSite = z.output<typeof siteSchema>;
