import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BlackstartError, reasonOf } from '../errors.ts';

export const CONSOLE_PROTOCOL = 'blackstart-console';

/**
 * Serial consoles by HTTP upgrade: after `101` the connection is the console's bytes, both ways. What cannot be
 * opened is told as an HTTP error with the remedy in its body.
 */
export function serveConsole(server: Server, openConsole: (name: string) => Promise<Duplex>): void {
  server.on('upgrade', (request, socket) => {
    const name = /^\/v1\/nodes\/([^/]+)\/console$/.exec(request.url ?? '')?.[1];
    if (name === undefined || request.headers.upgrade !== CONSOLE_PROTOCOL)
      return void socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
    openConsole(decodeURIComponent(name)).then(
      (console) => connect(socket, console),
      (error: unknown) => refuse(socket, error),
    );
  });
}

function connect(socket: Duplex, console: Duplex): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${CONSOLE_PROTOCOL}\r\n\r\n`,
  );
  socket.on('error', () => console.destroy());
  console.on('error', () => socket.destroy());
  socket.pipe(console).pipe(socket);
}

function refuse(socket: Duplex, error: unknown): void {
  const remedy = error instanceof BlackstartError ? error.remedy : 'See the log of the daemon.';
  const code = error instanceof BlackstartError ? error.code : 'E_BUG';
  const body = JSON.stringify({ code, message: reasonOf(error), remedy });
  socket.end(
    `HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
