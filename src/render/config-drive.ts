import { stringify } from 'yaml';
import { BlackstartError } from '../errors.ts';

export interface ConfigDriveView {
  readonly hostname: string;
  readonly fqdn: string | null;
  /** cloud-init's instance id: a new one makes it run its per-instance parts again. Ironic's node UUID. */
  readonly uuid: string;
  readonly user: string;
  readonly authorizedKeys: readonly string[];
  readonly network: ConfigDriveNetwork;
  /** More cloud-config from the site, or null; it may not set a key that Blackstart sets. */
  readonly userData: Readonly<Record<string, unknown>> | null;
}

interface Link {
  readonly mac: string;
  readonly mtu: number | null;
}

export type ConfigDriveNetwork =
  | (Link & { readonly kind: 'dhcp' })
  | (Link & {
      readonly kind: 'static';
      readonly address: string;
      readonly prefix: number;
      readonly gateway: string | null;
      readonly dns: readonly string[];
    });

/** What Ironic's `configdrive` takes as JSON: it makes the ISO 9660 volume `config-2` of it. */
export interface ConfigDrive {
  readonly meta_data: Readonly<Record<string, unknown>>;
  readonly network_data: Readonly<Record<string, unknown>>;
  readonly user_data: string;
}

/**
 * What a deployed machine reads at its first boot, in the OpenStack format that cloud-init's ConfigDrive source reads:
 * its name, one user who may log in by key and become root, and its network. Nobody gets a password.
 */
export const renderConfigDrive = (view: ConfigDriveView): ConfigDrive => ({
  meta_data: metaData(view),
  network_data: networkData(view.network),
  user_data: `#cloud-config\n${stringify(userData(view), { lineWidth: 0 })}`,
});

const metaData = ({ uuid, hostname, fqdn, authorizedKeys }: ConfigDriveView) => ({
  uuid,
  name: hostname,
  hostname: fqdn ?? hostname,
  'local-hostname': hostname,
  public_keys: Object.fromEntries(authorizedKeys.map((key, index) => [`key-${index}`, key])),
});

/** OpenStack's network_data.json with one physical link; cloud-init finds it by its MAC, in lower case. */
function networkData(network: ConfigDriveNetwork) {
  const link = 'provisioning';
  return {
    links: [{ id: link, type: 'phy', ethernet_mac_address: network.mac.toLowerCase(), mtu: network.mtu }],
    networks: [{ id: 'ipv4', link, network_id: link, ...ipv4(network) }],
    services: network.kind === 'static' ? network.dns.map((address) => ({ type: 'dns', address })) : [],
  };
}

const ipv4 = (network: ConfigDriveNetwork) =>
  network.kind === 'dhcp'
    ? { type: 'ipv4_dhcp' }
    : {
        type: 'ipv4',
        ip_address: network.address,
        netmask: netmaskOf(network.prefix),
        routes: network.gateway ? [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: network.gateway }] : [],
      };

/** 24 → 255.255.255.0 */
const netmaskOf = (prefix: number): string =>
  [0, 8, 16, 24].map((start) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - start)))).join('.');

function userData(view: ConfigDriveView): Record<string, unknown> {
  const ours = {
    hostname: view.hostname,
    ...(view.fqdn ? { fqdn: view.fqdn } : {}),
    manage_etc_hosts: 'localhost', // Else sudo asks a DNS server, which may not be there, for the machine's own name.
    users: [
      {
        name: view.user,
        shell: '/bin/bash',
        sudo: 'ALL=(ALL) NOPASSWD:ALL',
        lock_passwd: true,
        ssh_authorized_keys: view.authorizedKeys,
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
  };
  const twice = Object.keys(view.userData ?? {}).filter((key) => key in ours);
  if (twice.length > 0) throw keyIsOurs(twice);
  return { ...ours, ...view.userData };
}

const keyIsOurs = (keys: readonly string[]) =>
  new BlackstartError('E_USER_DATA', `the site's user data sets ${keys.join(', ')}, which Blackstart sets`, {
    remedy:
      'Take it out of the user data; the name, the user and the keys have places of their own in site.yaml.',
  });
