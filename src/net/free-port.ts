import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { noAddress, notAllowed, portTaken } from './errors.ts';

/** Resolves when this program could listen there at this moment. Throws E_PORT_TAKEN, E_NO_ADDRESS or E_NOT_ALLOWED. */
export async function freePort(address: string, port: number, kind: 'udp' | 'tcp'): Promise<void> {
  const socket = kind === 'udp' ? createSocket('udp4') : createServer();
  try {
    if ('bind' in socket) socket.bind(port, address);
    else socket.listen(port, address);
    await once(socket, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw portTaken(kind === 'udp' ? 'UDP' : 'TCP', port, error);
    if (code === 'EADDRNOTAVAIL') throw noAddress(address, error);
    if (code === 'EACCES') throw notAllowed(`listen on port ${port}`, error);
    throw error;
  } finally {
    socket.close();
  }
}
