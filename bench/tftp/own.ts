import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aNetwork } from '../../test/core/a-network.ts';
import type { ServerConfig } from '../../test/host/netboot-server.ts';
import { startIn } from '../process.ts';
import { FILE } from './load.ts';
import type { TftpSubject } from './tftp-subject.ts';

const program = fileURLToPath(new URL('../../test/host/netboot-server.ts', import.meta.url));

/** All of the product's boot servers in one process, as they run in earnest. */
const blackstart = (name: string, segments: 'on' | 'off'): TftpSubject => ({
  name,
  windows: true,
  async start(wire, folder) {
    const config: ServerConfig = {
      network: aNetwork({
        interface: wire.server.interface,
        address: wire.server.address,
        subnet: '10.99.0.0',
        prefixLength: 16,
        pools: [{ start: '10.99.2.1', end: '10.99.2.254' }],
      }),
      httpPort: 8080,
      leaseFile: join(folder, 'leases.sqlite'),
      programs: { [FILE]: join(folder, 'served', FILE) },
      images: {},
      httpRoot: folder,
      nodes: [],
      intents: {},
    };
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify(config));
    return startIn(wire.server.namespace, [process.execPath, program, file], {
      logFile: join(folder, 'server.log'),
      env: { BLACKSTART_TFTP_SEGMENTS: segments },
    });
  },
});

export const PLAIN = blackstart('blackstart, plain', 'off');
export const OFFLOADED = blackstart('blackstart, offload', 'on');

/** What the generator is measured by. */
export const REFLECTOR: TftpSubject = {
  name: 'reflector (the ceiling)',
  windows: true,
  start: (wire, folder) =>
    startIn(
      wire.server.namespace,
      [
        process.execPath,
        join(import.meta.dirname, 'reflector-main.ts'),
        wire.server.interface,
        wire.server.address,
      ],
      { logFile: join(folder, 'reflector.log') },
    ),
};
