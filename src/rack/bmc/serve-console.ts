import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Bmc } from './bmc.ts';
import { CONSOLE_PATH } from './system.ts';
import { acceptKey, decodeFrames, encodeFrame, type Frame, OPCODE } from './websocket.ts';

/**
 * The serial console over a WebSocket, as OpenBMC serves it at `/console0` and Redfish names it in
 * `SerialConsole.WebSocket`: binary frames of what the machine prints, frames of what is typed.
 */
export function serveConsole(bmc: Bmc, request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => {}); // the viewer went away; 'close' follows
  const key = request.headers['sec-websocket-key'];
  const admitted = bmc.sessions.admits(request.headers);
  if (request.url !== CONSOLE_PATH || !key || !admitted) {
    const status = admitted ? '404 Not Found' : '401 Unauthorized';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  socket.write(`${SWITCHING}Sec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`);
  const detach = bmc.machine.console.attach((bytes) => socket.write(encodeFrame(OPCODE.binary, bytes)));
  socket.on('close', detach);
  let unread: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    const decoded = decodeFrames(Buffer.concat([unread, bytes]));
    if (!decoded.ok) return socket.destroy();
    unread = decoded.value.rest;
    for (const frame of decoded.value.frames) obey(frame, bmc, socket);
  });
}

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

function obey({ opcode, payload }: Frame, { machine }: Bmc, socket: Duplex): void {
  if (opcode === OPCODE.ping) socket.write(encodeFrame(OPCODE.pong, payload));
  else if (opcode === OPCODE.close) socket.end(encodeFrame(OPCODE.close, payload));
  else if (opcode <= OPCODE.binary) machine.console.write(payload);
}
