// Runs in a worker thread: the whole of TFTP, in a loop of its own that sleeps in poll(2). Neither DHCP nor HTTP wait
// for it, and it waits for none of them.
import { readSync } from 'node:fs';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { TftpServer } from '../core/tftp-server.ts';
import { reasonOf } from '../errors.ts';
import { Poller, UdpReceiver, UdpSender } from '../net/udp-batch.ts';
import { decodeTftp } from '../wire/tftp-packet.ts';
import { type MemorySource, TftpSources } from './tftp-sources.ts';
import type { FromTftpThread, TftpSocket, TftpThreadData, ToTftpThread } from './tftp-thread.ts';
import { peerKey, readPeer, TftpWire, type WirePeer } from './tftp-wire.ts';

const BUSY_MS = 5;
/** How long the end of the process may wait for this thread. */
const IDLE_MS = 250;
/** Batches of one socket before the others get their turn. */
const ROUNDS = 4;
const ACK = 4;
/** No request and no ACK is as long. */
const DATAGRAM_BYTES = 1024;

const { messages, wakeFd, sockets, limits, segments } = workerData as TftpThreadData;
const tell = (message: FromTftpThread) => messages.postMessage(message);
const fdOf = (port: number): number => sockets[port]?.fd ?? -1;
const portsOf = (family: 4 | 6): number[] =>
  sockets.flatMap((socket, port) => (socket.family === family && socket.use === 'transfers' ? [port] : []));
const transferPorts = { 4: portsOf(4), 6: portsOf(6) };

const sources = new TftpSources();
const received = new UdpReceiver(DATAGRAM_BYTES);
const wire = new TftpWire(new UdpSender(segments, (errno) => tell({ kind: 'segments refused', errno })));
const server = new TftpServer<WirePeer, MemorySource>(
  {
    look: (number, { file, mode }, { address }) =>
      tell({ kind: 'look', number, file, netascii: mode === 'netascii', address }),
    portsFor: ({ family }) => transferPorts[family],
    sendPacket: (port, peer, packet) => wire.sendPacket(fdOf(port), peer, packet),
    sendBlocks: (port, peer, source, blocks) => wire.sendBlocks(fdOf(port), peer, source, blocks),
    ended: (report) => tell({ kind: 'ended', report }),
  },
  limits,
  performance.now(),
);

/** The main thread is told of ten in a second: it has other machines to serve. */
const MALFORMED_PAUSE_MS = 100;
let nextMalformedMs = 0;

function tellMalformed(address: string, reason: string, bytes: number, nowMs: number): void {
  if (nowMs < nextMalformedMs) return;
  nextMalformedMs = nowMs + MALFORMED_PAUSE_MS;
  tell({ kind: 'malformed', address, reason, bytes });
}

/** Takes one datagram; an ACK without making anything of it. */
function takeDatagram({ use }: TftpSocket, port: number, index: number, nowMs: number): void {
  const { bytes } = received;
  const at = received.offsetOf(index);
  const length = received.lengthOf(index);
  if (use === 'transfers' && length >= 4 && bytes[at] === 0 && bytes[at + 1] === ACK) {
    const block = (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
    if (server.takeAck(port, peerKey(received, received.nameOf(index)), block, nowMs)) return;
  }
  const packet = decodeTftp(bytes.subarray(at, at + length));
  const peer = readPeer(received, index);
  if (!peer) return;
  if (!packet.ok) tellMalformed(peer.address, packet.reason, length, nowMs);
  else if (use === 'requests') server.takeRequest(port, packet.value, peer, nowMs);
  else server.takePacket(port, packet.value, peer, nowMs);
}

function drain(socket: TftpSocket, port: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    const count = received.receive(socket.fd);
    const nowMs = performance.now();
    for (let index = 0; index < count; index++) takeDatagram(socket, port, index, nowMs);
    wire.flush();
    if (count < UdpReceiver.BATCH) return;
  }
}

/** Takes what it was told; false when it shall end. */
function takeMessages(): boolean {
  readSync(wakeFd, new Uint8Array(8));
  for (;;) {
    const got = receiveMessageOnPort(messages) as { message: ToTftpThread } | undefined;
    if (!got) return true;
    const { message } = got;
    if (message.kind === 'close') return false;
    const { number, netascii, file } = message;
    const source = typeof file === 'string' ? file : sources.open(file, netascii);
    server.found(number, source, performance.now());
    wire.flush();
  }
}

/** One turn; what goes wrong in it is told, and the next one comes. */
function turn(poller: Poller): boolean {
  try {
    poller.wait(server.busy ? BUSY_MS : IDLE_MS);
    for (const [port, socket] of sockets.entries()) if (poller.isReady(port)) drain(socket, port);
    if (poller.isReady(sockets.length) && !takeMessages()) return false;
    server.tick(performance.now());
    wire.flush();
  } catch (error) {
    tell({ kind: 'fault', reason: reasonOf(error) });
  }
  return true;
}

const poller = new Poller([...sockets.map(({ fd }) => fd), wakeFd]);
while (turn(poller));
server.close(performance.now());
sources.close();
messages.close();
