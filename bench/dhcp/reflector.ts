import { join } from 'node:path';
import { startIn } from '../process.ts';
import type { DhcpSubject } from './dhcp-subject.ts';

/** What the generator is measured by: a program that only turns messages around. */
export const reflector = (relayed: boolean): DhcpSubject => ({
  name: 'reflector (the ceiling)',
  start: (wire, folder) =>
    startIn(
      wire.server.namespace,
      [
        process.execPath,
        join(import.meta.dirname, 'reflector-main.ts'),
        wire.server.interface,
        relayed ? wire.client.address : '',
      ],
      { logFile: join(folder, 'reflector.log') },
    ),
});
