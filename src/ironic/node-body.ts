import type { IronicNode, NewNode, PatchOperation } from './types.ts';

/** How Ironic reaches a node's BMC by Redfish. */
export interface RedfishLogin {
  /** `https://ADDRESS[:PORT]`, without a path. */
  readonly address: string;
  /** `/redfish/v1/Systems/ID`; null where the BMC has one system only, which Ironic then finds. */
  readonly systemId: string | null;
  readonly username: string;
  readonly password: string;
  /** True: the system's authorities; false: unchecked; a text: path of a certificate file. */
  readonly verifyCa: boolean | string;
}

export interface NodeWishes {
  readonly name: string;
  readonly uuid: string;
  readonly login: RedfishLogin;
  /** Null: as the inspection finds it. */
  readonly bootMode: 'bios' | 'uefi' | null;
  /** Root device hints in Ironic's names; empty for none. */
  readonly rootDevice: Readonly<Record<string, string | number | boolean>>;
  readonly resourceClass: string;
  /** Beside `boot_mode`: `{"role": "compute"}` becomes `role:compute`. */
  readonly capabilities?: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The node as `POST /v1/nodes` takes it, for the redfish driver with Ironic's other defaults. */
export function redfishNode(wishes: NodeWishes): NewNode {
  const { login, bootMode, rootDevice } = wishes;
  const capabilities = { ...wishes.capabilities, ...(bootMode === null ? {} : { boot_mode: bootMode }) };
  const text = capabilitiesText(capabilities);
  return {
    uuid: wishes.uuid,
    name: wishes.name,
    driver: 'redfish',
    driver_info: {
      redfish_address: login.address,
      ...(login.systemId === null ? {} : { redfish_system_id: login.systemId }),
      redfish_username: login.username,
      redfish_password: login.password,
      redfish_verify_ca: login.verifyCa,
    },
    properties: {
      ...(text === '' ? {} : { capabilities: text }),
      ...(Object.keys(rootDevice).length === 0 ? {} : { root_device: rootDevice }),
    },
    resource_class: wishes.resourceClass,
    extra: { ...wishes.extra },
  };
}

const capabilitiesText = (capabilities: Readonly<Record<string, string>>): string =>
  Object.entries(capabilities)
    .map(([name, value]) => `${name}:${value}`)
    .join(',');

export interface DeployImage {
  /** Reachable by the agent (GET, ranges) and by Ironic (HEAD). */
  readonly url: string;
  readonly sha256: string;
  /** raw is streamed to the disk; qcow2 is downloaded into the agent's memory first and converted. */
  readonly format: 'raw' | 'qcow2';
}

/**
 * A node's `instance_info` for a whole-disk image. A tear-down empties it (ironic 39): set it before every deploy.
 * `image_type` spares Ironic the guess by kernel and ramdisk; the checksum is checked by the agent.
 */
export const imageInfo = (image: DeployImage): Record<string, unknown> => ({
  image_source: image.url,
  image_os_hash_algo: 'sha256',
  image_os_hash_value: image.sha256,
  image_disk_format: image.format,
  image_type: 'whole-disk',
});

const MASKED = '******';

/**
 * What a node lacks of what is wished, as a patch; empty when nothing does. Keys that only Ironic or an inspection
 * set stay. Secrets come back masked, so they cannot be compared: they are sent when anything else in `driver_info`
 * differs, or with `resendSecrets`.
 */
export function nodePatch(
  current: IronicNode,
  wish: NewNode,
  options: { readonly resendSecrets?: boolean } = {},
): PatchOperation[] {
  return [
    ...wordPatch('/name', current.name, wish.name),
    ...(wish.resource_class === undefined
      ? []
      : wordPatch('/resource_class', current.resource_class, wish.resource_class)),
    ...mapPatch('/driver_info', current.driver_info, wish.driver_info, options.resendSecrets ?? false),
    ...mapPatch('/properties', current.properties, withCapabilities(current, wish), false),
    ...mapPatch('/extra', current.extra, wish.extra, false),
    ...(wish.instance_info === undefined || same(current.instance_info, wish.instance_info)
      ? []
      : [{ op: 'add', path: '/instance_info', value: wish.instance_info } as const]),
  ];
}

const wordPatch = (path: string, now: string | null, wish: string): PatchOperation[] =>
  now === wish ? [] : [{ op: 'replace', path, value: wish }];

function mapPatch(
  path: string,
  now: Readonly<Record<string, unknown>>,
  wish: Readonly<Record<string, unknown>> | undefined,
  resendSecrets: boolean,
): PatchOperation[] {
  const entries = Object.entries(wish ?? {});
  const differing = entries.filter(([key, value]) => now[key] !== MASKED && !same(now[key], value));
  const secret = entries.filter(([key]) => now[key] === MASKED);
  const sent = differing.length > 0 || resendSecrets ? [...differing, ...secret] : [];
  return sent.map(([key, value]) => ({ op: 'add', path: `${path}/${escapePointer(key)}`, value }));
}

/** The wished capabilities over those that inspection found. */
function withCapabilities(current: IronicNode, wish: NewNode): Readonly<Record<string, unknown>> | undefined {
  const wished = wish.properties?.['capabilities'];
  const now = current.properties['capabilities'];
  if (typeof wished !== 'string' || typeof now !== 'string') return wish.properties;
  const merged = capabilitiesText({ ...readCapabilities(now), ...readCapabilities(wished) });
  return { ...wish.properties, capabilities: merged };
}

const readCapabilities = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes(':'))
      .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
  );

/** RFC 6901 §3. */
const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
