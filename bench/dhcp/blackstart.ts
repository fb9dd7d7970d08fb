import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startIn } from '../process.ts';
import { type DhcpSubject, LEASE_SECONDS, POOL, PREFIX_LENGTH } from './dhcp-subject.ts';

const launcher = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));

const siteText = (interfaceName: string, address: string, stateDir: string) => `site: bench
seed: { stateDir: ${stateDir} }
networks:
  provisioning:
    purpose: provisioning
    cidr: 10.0.0.0/${PREFIX_LENGTH}
    interface: ${interfaceName}
    address: ${address}
    dhcp: { mode: authoritative, pool: ${POOL.first}-${POOL.last}, leaseSeconds: ${LEASE_SECONDS} }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh bench]
  privateKey: { inline: none }
discovery: { limits: { perSecond: 1000000, perRelay: 1000000, perSwitchPort: 1000000 } }
undercloud: { enabled: false }
`;

/** The product as it runs in earnest: the whole daemon, with its log, its boot trace and its lease store. */
export const BLACKSTART: DhcpSubject = {
  name: 'blackstart (synced)',
  async start(wire, folder) {
    const site = join(folder, 'site');
    await mkdir(site);
    const text = siteText(wire.server.interface, wire.server.address, join(folder, 'state'));
    await writeFile(join(site, 'site.yaml'), text);
    const command = [launcher, 'serve', '--site', site] as const;
    return startIn(wire.server.namespace, [...command], { logFile: join(folder, 'serve.log') });
  },
};
