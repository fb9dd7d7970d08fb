// npm's `dhcp` as a server: what this project would have used, had it been enough.
import { createRequire } from 'node:module';

interface NpmServer {
  listen(): void;
  on(event: 'error', listener: (error: Error) => void): void;
}
interface NpmDhcp {
  createServer(options: Readonly<Record<string, unknown>>): NpmServer;
}

const [first = '', last = '', own = ''] = process.argv.slice(2);
const dhcp = createRequire(import.meta.url)('dhcp') as NpmDhcp;
const server = dhcp.createServer({
  range: [first, last],
  randomIP: false,
  netmask: '255.0.0.0',
  server: own,
  router: [own],
  dns: [own],
  leaseTime: 3600,
  bootFile: 'snponly.efi',
});
server.on('error', (error) => process.stderr.write(`${error.message}\n`));
server.listen();
