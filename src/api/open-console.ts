import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { BlackstartError } from '../errors.ts';
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
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => reject(consoleRefused(Buffer.concat(parts).toString())));
    });
    asked.once('error', (cause) =>
      reject(
        new BlackstartError('E_DAEMON_GONE', `no daemon on ${socketPath}`, {
          remedy: 'Start it with "blackstart serve".',
          cause,
        }),
      ),
    );
    asked.end();
  });
}

function consoleRefused(text: string): BlackstartError {
  const { code, message, remedy } = JSON.parse(text || '{}') as {
    code?: string;
    message?: string;
    remedy?: string;
  };
  return new BlackstartError(code ?? 'E_CONSOLE', message ?? 'the console cannot be opened', {
    remedy: remedy ?? 'See the log of the daemon.',
  });
}
