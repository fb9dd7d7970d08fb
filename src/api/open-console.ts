import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BlackstartError, EXIT, type ExitCode } from '../errors.ts';
import { CONSOLE_PROTOCOL } from './serve-console.ts';

/** A node's serial console through the daemon. Throws E_DAEMON_GONE, or what the daemon or the BMC said. */
export function openConsole(socketPath: string, node: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath,
      path: `/v1/nodes/${encodeURIComponent(node)}/console`,
      headers: { connection: 'Upgrade', upgrade: CONSOLE_PROTOCOL },
    });
    asked.once('upgrade', (_, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', (response) => {
      text(response)
        .then(consoleRefused)
        .then(reject, (cause: unknown) => reject(daemonGone(socketPath, cause)));
    });
    asked.once('error', (cause) => reject(daemonGone(socketPath, cause)));
    asked.end();
  });
}

const daemonGone = (socketPath: string, cause: unknown) =>
  new BlackstartError('E_DAEMON_GONE', `no daemon answers on ${socketPath}`, {
    remedy: 'Start it with "blackstart serve".',
    cause,
  });

/** The body is our own daemon's, of the same version; only a 404 has none. */
function consoleRefused(body: string): BlackstartError {
  if (body === '')
    return new BlackstartError('E_CONSOLE', 'the daemon knows no such console', {
      remedy: 'Start it again with "blackstart serve": it may be of another version.',
    });
  const { code, message, remedy, exitCode } = JSON.parse(body) as {
    code: string;
    message: string;
    remedy: string;
    exitCode?: ExitCode;
  };
  return new BlackstartError(code, message, { remedy, exitCode: exitCode ?? EXIT.failed });
}
