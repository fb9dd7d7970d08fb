import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startIn } from '../process.ts';
import { type HttpSubject, layFiles } from './http-subject.ts';

const launcher = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));

const siteText = (interfaceName: string, address: string, stateDir: string) => `site: bench
seed: { stateDir: ${stateDir} }
networks:
  provisioning:
    purpose: provisioning
    cidr: 10.99.0.0/24
    interface: ${interfaceName}
    address: ${address}
    dhcp: { mode: authoritative, pool: 10.99.0.100-10.99.0.199 }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh bench]
  privateKey: { inline: none }
undercloud: { enabled: false }
`;

/** The product as it runs in earnest: the whole daemon, with its log and its boot trace, serving what Ironic laid out. */
export const BLACKSTART: HttpSubject = {
  name: 'blackstart',
  port: 8080,
  path: '/ironic/',
  async start(wire, folder) {
    const [site, state] = [join(folder, 'site'), join(folder, 'state')];
    await layFiles(join(state, 'undercloud', 'http'));
    await mkdir(site);
    await writeFile(join(site, 'site.yaml'), siteText(wire.server.interface, wire.server.address, state));
    const command = [launcher, 'serve', '--site', site] as const;
    // PROFILE=DIR keeps a CPU profile of the run there.
    const profile = process.env['PROFILE'];
    return startIn(wire.server.namespace, [...command], {
      logFile: join(folder, 'serve.log'),
      env: profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {},
    });
  },
};
