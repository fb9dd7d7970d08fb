import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BlackstartError, EXIT, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';

export const CONSOLE_PROTOCOL = 'blackstart-console';

interface ConsoleDeps {
  readonly openConsole: (name: string) => Promise<Duplex>;
  readonly log: Log;
}

/**
 * Serial consoles by HTTP upgrade: after `101` the connection is the console's bytes, both ways. What cannot be
 * opened is told as an HTTP error with the remedy in its body. Returns how to end those that are open, for which
 * the server's own close would wait.
 */
export function serveConsole(server: Server, deps: ConsoleDeps): () => void {
  const sockets = new Set<Duplex>();
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // the viewer went away; 'close' follows
    const name = nodeOf(request);
    if (name === null) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    deps.openConsole(name).then(
      (console) => connect(socket, console),
      (error: unknown) => refuse(socket, error, deps.log),
    );
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** The node whose console is asked for, or null when it is something else. */
function nodeOf({ url = '', headers }: IncomingMessage): string | null {
  const name = /^\/v1\/nodes\/([^/]+)\/console$/.exec(url)?.[1];
  if (name === undefined || headers.upgrade !== CONSOLE_PROTOCOL) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

/** Each ends with the other; a viewer who has said all it will, has left. */
function connect(socket: Duplex, console: Duplex): void {
  console.on('error', () => socket.destroy());
  console.on('close', () => socket.end());
  socket.on('end', () => console.destroy());
  socket.on('close', () => console.destroy());
  if (socket.destroyed) return void console.destroy();
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${CONSOLE_PROTOCOL}\r\n\r\n`,
  );
  socket.pipe(console, { end: false }).pipe(socket);
}

function refuse(socket: Duplex, error: unknown, log: Log): void {
  const known = error instanceof BlackstartError ? error : null;
  if (known === null) log.error({ error }, 'console ended in a bug');
  const body = JSON.stringify({
    code: known?.code ?? 'E_BUG',
    message: reasonOf(error),
    remedy: known?.remedy ?? 'This is a bug in Blackstart: please report it with the log.',
    exitCode: known?.exitCode ?? EXIT.bug,
  });
  socket.end(
    `HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
