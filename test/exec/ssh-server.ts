import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection, Server } from 'ssh2';

const newKey = () => ssh2.utils.generateKeyPairSync('ed25519');

export interface TestServer {
  readonly port: number;
  readonly hostKey: string;
  /** Drops every connection, as a machine that loses power does. */
  cut(): void;
  stop(): Promise<void>;
}

interface ServerOptions {
  readonly port?: number;
  readonly hostKey?: { private: string; public: string };
  readonly accepts: (publicKey: Buffer) => boolean;
  readonly answer: (
    command: string,
  ) => { exitCode?: number; stdout?: string; stderr?: string } | 'hang' | 'die';
}

/** A real ssh server on loopback that answers from a table: what sshd cannot be asked for, such as a refusal that ends. */
export async function startSshServer(options: ServerOptions): Promise<TestServer> {
  const hostKey = options.hostKey ?? newKey();
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    connections.add(client);
    client.on('error', () => {}).on('close', () => connections.delete(client));
    client.on('authentication', (context) => {
      if (context.method === 'publickey' && options.accepts(context.key.data)) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, info) => {
        const channel = acceptExec();
        const answer = options.answer(info.command);
        if (answer === 'hang') return;
        if (answer === 'die') return channel.close();
        channel.stderr.write(answer.stderr ?? '');
        channel.write(answer.stdout ?? '');
        channel.exit(answer.exitCode ?? 0);
        channel.end();
      });
    });
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const connection of connections) connection.end();
  };
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: hostKey.public,
    cut,
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

export const newKeyPair = newKey;
