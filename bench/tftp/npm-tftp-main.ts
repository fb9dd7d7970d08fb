// npm's `tftp` as a server; started by peers.ts.
import { createServer } from 'tftp';

const [host, root] = process.argv.slice(2);
const server = createServer({ host, port: 69, root, denyPUT: true, windowSize: 16 });
for (const event of ['error', 'requestError']) server.on(event, () => {}); // else it ends the process
server.on('request', (request) => request.on('error', () => {}));
server.listen();
