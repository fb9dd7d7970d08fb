import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rememberServed } from '../../src/operations/served-files.ts';
import { startIn } from '../process.ts';
import type { Wire } from '../wire.ts';
import { layStormFiles } from './storm-files.ts';
import { POOL, PREFIX_LENGTH, type StormSubject } from './storm-subject.ts';

const launcher = fileURLToPath(new URL('../../bin/blackstart', import.meta.url));
const PORT = 8080;

const siteText = ({ server }: Wire, state: string, program: string) => `site: storm
seed: { stateDir: ${state}, httpPort: ${PORT} }
networks:
  provisioning:
    purpose: provisioning
    cidr: 10.0.0.0/${PREFIX_LENGTH}
    interface: ${server.interface}
    address: ${server.address}
    dhcp: { mode: authoritative, pool: ${POOL.first}-${POOL.last} }
boot:
  programs: { snponly.efi: ${program} }
access:
  authorizedKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5vdEFSZWFsS2V5T25seUFuRXhhbXBsZUhlcmUh storm]
  privateKey: { inline: none }
undercloud: { enabled: false }
`;

/** The product as it runs in earnest: the whole daemon, which discovers machines that it does not know. */
export const BLACKSTART: StormSubject = {
  name: 'blackstart (synced)',
  sign: ({ server }) => `http://${server.address}:${PORT}/agent/kernel`,
  async start(wire, folder) {
    const [site, state] = [join(folder, 'site'), join(folder, 'state')];
    for (const made of [site, state]) mkdirSync(made);
    const files = layStormFiles(join(folder, 'files'));
    // A seed serves from its first moment what its last life served: the way to a ramdisk of our size.
    await rememberServed(state, {
      agent: { kernel: files.kernel, initramfs: files.initramfs },
      images: [],
      programs: {},
    });
    writeFileSync(join(site, 'site.yaml'), siteText(wire, state, files['snponly.efi']));
    const command = [launcher, 'serve', '--site', site] as const;
    // PROFILE=DIR keeps a CPU profile of the run there.
    const profile = process.env['PROFILE'];
    const env = profile ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` } : {};
    return [await startIn(wire.server.namespace, command, { logFile: join(folder, 'serve.log'), env })];
  },
  warnings: (folder) => readFileSync(join(folder, 'serve.log'), 'utf8').split('\n').filter(isWarning),
};

/** pino's levels: 40 is a warning. */
const isWarning = (line: string): boolean => /"level":(?:"(?:warn|error)|[456]0)/.test(line);
