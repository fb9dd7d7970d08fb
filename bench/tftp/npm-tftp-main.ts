// npm's `tftp` as a server; started by peers.ts. It has no types.
import { createRequire } from 'node:module';

interface NpmTftp {
  createServer(options: object): {
    on(event: string, listener: (...args: unknown[]) => void): unknown;
    listen(): void;
  };
}

const [host, root] = process.argv.slice(2);
const tftp = createRequire(import.meta.url)('tftp') as NpmTftp;
const server = tftp.createServer({ host, port: 69, root, denyPUT: true });
for (const event of ['error', 'requestError']) server.on(event, () => {}); // else it ends the process
server.on('request', (request) => {
  (request as { on(event: string, listener: () => void): void }).on('error', () => {});
});
server.listen();
