import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection } from 'ssh2';

export interface FakeSshServer {
  readonly port: number;
  stop(): Promise<void>;
}

interface FakeSshOptions {
  readonly address: string;
  readonly port: number;
  /** The private key, OpenSSH format: `newSshHostKey()`. */
  readonly hostKey: string;
  /** The keys of each user who may log in, as lines of an authorized_keys file. */
  readonly authorizedKeys: ReadonlyMap<string, readonly string[]>;
  readonly answer: (command: string) => {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  };
}

/** A new ed25519 host key, OpenSSH format. */
export const newSshHostKey = (): string => ssh2.utils.generateKeyPairSync('ed25519').private;

/**
 * An ssh server of a machine that is not there, for the virtual rack's simulated servers: the key exchange and the
 * login by key are real; commands are answered from a table and reach no shell. Logins by password, terminals and
 * file transfer are refused.
 */
export async function startFakeSshServer(options: FakeSshOptions): Promise<FakeSshServer> {
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (client) => {
    connections.add(client);
    client.on('error', () => {}).on('close', () => connections.delete(client));
    client.on('authentication', (context) => {
      if (mayLogIn(context, options.authorizedKeys)) context.accept();
      else context.reject(['publickey']);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        const { exitCode, stdout, stderr } = options.answer(command);
        channel.stderr.write(stderr);
        channel.write(stdout);
        channel.exit(exitCode);
        channel.end();
      });
    });
  });
  server.listen(options.port, options.address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const connection of connections) connection.end();
      server.close();
      await once(server, 'close');
    },
  };
}

/** RFC 4252 §7: first the key is offered without a signature, then used with one. */
function mayLogIn(context: AuthContext, authorizedKeys: ReadonlyMap<string, readonly string[]>): boolean {
  if (context.method !== 'publickey') return false;
  for (const line of authorizedKeys.get(context.username) ?? []) {
    const key = ssh2.utils.parseKey(line);
    if (key instanceof Error || !key.getPublicSSH().equals(context.key.data)) continue;
    return context.signature && context.blob
      ? key.verify(context.blob, context.signature, context.hashAlgo) === true
      : true;
  }
  return false;
}
