import { BlackstartError } from '../../src/errors.ts';
import { parseSite } from '../../src/site/parse-site.ts';
import type { Site } from '../../src/site/site.ts';

/** A small site that is right, for tests to break or to widen: `replace` pairs are applied to its text in turn. */
export function siteText(...replace: readonly (readonly [string, string])[]): string {
  return replace.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the site of the tests holds no ${JSON.stringify(from)}`);
    return text.replace(from, () => to);
  }, SITE);
}

export const siteOf = (...replace: readonly (readonly [string, string])[]): Site =>
  parseSite(siteText(...replace), 'site.yaml');

/** The lines of the error that this text ends in. Fails when it parses, or when the error is of another kind. */
export function faultsOf(text: string): string[] {
  try {
    parseSite(text, 'site.yaml');
  } catch (error) {
    if (error instanceof BlackstartError && error.code === 'E_SITE_INVALID') return error.message.split('\n');
    throw error;
  }
  throw new Error('this site is right');
}

const SITE = `site: small
networks:
  prov:
    purpose: provisioning
    cidr: 10.1.0.0/24
    interface: eth1
    address: 10.1.0.1
    gateway: 10.1.0.254
    dhcp: { mode: authoritative, pool: 10.1.0.100-10.1.0.199 }
  mgmt: { purpose: management, cidr: 10.2.0.0/24, interface: eth2, address: 10.2.0.1 }
racks: { r1: {}, r2: {} }
images:
  debian: { build: debian }
roles:
  compute: { image: debian }
  storage: { image: debian, bootMode: uefi, traits: [CUSTOM_A], kernelArgs: quiet }
bmcDefaults: { username: root, password: { env: BMC_PASSWORD } }
nodes:
  - name: n1
    role: compute
    rack: r1
    serial: SN1
    bmc: 10.2.0.11
  - name: n2
    role: compute
    rack: r2
    macs: [52:54:00:00:00:02]
    address: 10.1.0.12
    labels: { owner: ops team }
  - name: s1
    role: storage
    rack: r2
    bmc: { address: "https://10.2.0.13:8443", username: admin, verifyTls: false }
access:
  authorizedKeys: [ssh-ed25519 AAAA test]
  privateKey: { env: SITE_KEY }
`;
