import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { joliet } from './fake-iso.ts';

/** What the installed system takes from its config drive, as cloud-init's ConfigDrive source would. */
export interface FirstBoot {
  readonly hostname: string;
  /** Who may log in, by user name. */
  readonly authorizedKeys: ReadonlyMap<string, readonly string[]>;
  /** Null where the network gives the address. */
  readonly staticNetwork: {
    readonly address: string;
    readonly netmask: string;
    readonly gateway: string | null;
  } | null;
}

const DEFAULT_USER = 'debian';

/** Reads Ironic's config drive: base64 of gzip of an ISO with `openstack/latest/…` (genisoimage -J -r). */
export function readConfigDrive(base64: string): FirstBoot {
  const files = joliet(gunzipSync(Buffer.from(base64, 'base64')));
  const json = (name: string) => JSON.parse(files.get(`openstack/latest/${name}`)?.toString('utf8') ?? '{}');
  const metaData = json('meta_data.json');
  const userData = objectOf(readCloudConfig(files.get('openstack/latest/user_data')?.toString('utf8') ?? ''));
  const networks = listOf(json('network_data.json').networks);
  const fixed = networks.find((network) => network['type'] === 'ipv4');
  return {
    hostname: String(userData['hostname'] ?? metaData['hostname'] ?? metaData['name'] ?? 'localhost'),
    authorizedKeys: keysOf(objectOf(metaData['public_keys']), listOf(userData['users'])),
    staticNetwork: fixed
      ? {
          address: String(fixed['ip_address']),
          netmask: String(fixed['netmask']),
          gateway: gatewayOf(listOf(fixed['routes'])),
        }
      : null,
  };
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? value.map(objectOf) : []);

const readCloudConfig = (text: string): unknown => (text.startsWith('#cloud-config') ? parse(text) : {});

/** `public_keys` go to the image's own user, unless cloud-config names users itself. */
function keysOf(publicKeys: Json, users: readonly Json[]): Map<string, readonly string[]> {
  const named = users
    .filter((user) => typeof user['name'] === 'string')
    .map((user): [string, string[]] => [String(user['name']), textsOf(user['ssh_authorized_keys'])]);
  return new Map(named.length > 0 ? named : [[DEFAULT_USER, Object.values(publicKeys).map(String)]]);
}

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const gatewayOf = (routes: readonly Json[]): string | null =>
  routes.map((route) => (route['network'] === '0.0.0.0' ? String(route['gateway']) : null)).find(Boolean) ??
  null;
