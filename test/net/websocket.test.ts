import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RequestFailed } from '../../src/net/request.ts';
import { openWebSocket, UpgradeRefused } from '../../src/net/websocket.ts';
import { acceptKey, decodeFrames, encodeFrame, type Frame, OPCODE } from '../../src/rack/bmc/websocket.ts';

const LIMIT = { timeoutMs: 30_000 };

/** A server that speaks frames, and what came to it. */
interface Peer {
  readonly url: string;
  readonly requests: IncomingMessage[];
  readonly connections: Duplex[];
  readonly frames: Frame[];
  readonly server: Server;
}

const peers: Peer[] = [];

afterEach(() => {
  for (const { server, connections } of peers.splice(0)) {
    for (const connection of connections) connection.destroy();
    server.close();
    server.closeAllConnections();
  }
});

async function listen(
  greet: (connection: Duplex, request: IncomingMessage, peer: Peer) => void,
): Promise<Peer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/console0`;
  const peer: Peer = { url, requests: [], connections: [], frames: [], server };
  server.on('upgrade', (request, connection) => {
    connection.on('error', () => {});
    peer.requests.push(request);
    peer.connections.push(connection);
    greet(connection, request, peer);
  });
  peers.push(peer);
  return peer;
}

function shakeHands(connection: Duplex, request: IncomingMessage, together: Uint8Array = Buffer.alloc(0)) {
  const key = acceptKey(request.headers['sec-websocket-key'] ?? '');
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
  connection.write(Buffer.concat([Buffer.from(`${head}Sec-WebSocket-Accept: ${key}\r\n\r\n`), together]));
}

/** Reads frames as a server, answering close with close. */
function readFrames(connection: Duplex, frames: Frame[]): void {
  let unread: Buffer = Buffer.alloc(0);
  connection.on('data', (bytes: Buffer) => {
    const decoded = decodeFrames(Buffer.concat([unread, bytes]));
    if (!decoded.ok) throw new Error(decoded.reason);
    unread = decoded.value.rest;
    frames.push(...decoded.value.frames);
    if (decoded.value.frames.some(({ opcode }) => opcode === OPCODE.close))
      connection.end(encodeFrame(OPCODE.close, Buffer.alloc(0)));
  });
}

const talk = (together?: Uint8Array) =>
  listen((connection, request, { frames }) => {
    readFrames(connection, frames);
    shakeHands(connection, request, together);
  });

const failure = async (promise: Promise<unknown>): Promise<RequestFailed> => {
  const error: unknown = await promise.then(
    () => 'it opened',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RequestFailed);
  return error as RequestFailed;
};

const payloadOf = (frames: readonly Frame[]): string =>
  Buffer.concat(
    frames.filter(({ opcode }) => opcode <= OPCODE.binary).map(({ payload }) => payload),
  ).toString('latin1');

describe('an open WebSocket', () => {
  test('carries raw bytes both ways, the headers, and what came with the handshake', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const peer = await talk(encodeFrame(OPCODE.binary, every));
    const stream = await openWebSocket(peer.url, { ...LIMIT, headers: { 'X-Auth-Token': 'abc' } });
    const seen: Buffer[] = [];
    stream.on('data', (bytes: Buffer) => seen.push(bytes));
    peer.connections[0]?.write(encodeFrame(OPCODE.text, Buffer.from('é')));
    stream.write(every);
    stream.write('x');
    await vi.waitFor(() => {
      expect(Buffer.concat(seen)).toEqual(Buffer.concat([every, Buffer.from('é')]));
      expect(payloadOf(peer.frames)).toBe(`${every.toString('latin1')}x`);
    });
    expect(peer.requests[0]?.headers['x-auth-token']).toBe('abc');
    stream.destroy();
  });

  test('ends when the server closes it', async () => {
    const peer = await talk(encodeFrame(OPCODE.binary, Buffer.from('bye')));
    const stream = await openWebSocket(peer.url, LIMIT);
    peer.connections[0]?.end(encodeFrame(OPCODE.close, Buffer.from([0x03, 0xe8])));
    let seen = '';
    for await (const bytes of stream) seen += String(bytes);
    expect(seen).toBe('bye');
    expect(stream.writable).toBe(false);
  });

  test('fails when the connection breaks', async () => {
    const peer = await talk();
    const stream = await openWebSocket(peer.url, LIMIT);
    peer.connections[0]?.destroy();
    const [error] = (await once(stream, 'error')) as [RequestFailed];
    expect(error).toBeInstanceOf(RequestFailed);
    expect(error.code).toBe('ECONNRESET');
  });

  test.each(['destroy', 'end'] as const)('says goodbye on %s', async (ending) => {
    const peer = await talk();
    const stream = await openWebSocket(peer.url, LIMIT);
    stream.resume().write('exit\n');
    const closed = once(peer.connections[0] as Duplex, 'close');
    const gone = once(stream, 'close');
    stream[ending]();
    await Promise.all([closed, gone]);
    expect(payloadOf(peer.frames)).toBe('exit\n');
    expect(peer.frames.at(-1)?.opcode).toBe(OPCODE.close);
  });

  test('destroyed, lets go of a server that never answers the goodbye', async () => {
    const peer = await listen((connection, request) => {
      connection.resume();
      shakeHands(connection, request);
    });
    const stream = await openWebSocket(peer.url, LIMIT);
    const hungUp = once(peer.connections[0] as Duplex, 'end');
    stream.destroy();
    await hungUp;
  });

  test('a reader that does not keep up stops the sender, and loses nothing', async () => {
    const peer = await talk();
    const stream = await openWebSocket(peer.url, LIMIT);
    const connection = peer.connections[0] as Duplex;
    const [pieces, pieceBytes] = [512, 65_536];
    for (let i = 0; i < pieces; i += 1)
      connection.write(encodeFrame(OPCODE.binary, Buffer.alloc(pieceBytes, i)));
    await vi.waitFor(() => expect(stream.readableLength).toBeGreaterThan(0));
    let before = -1;
    await vi.waitFor(
      () => {
        const stillSending = connection.writableLength !== before;
        before = connection.writableLength;
        expect(stillSending).toBe(false);
      },
      { interval: 100 },
    );
    expect(connection.writableLength).toBeGreaterThan(0);
    expect(stream.readableLength).toBeLessThan(4 * pieceBytes);
    const read: Buffer[] = [];
    for await (const bytes of stream) if (read.push(bytes as Buffer) === pieces) break;
    read.forEach((bytes, i) => {
      expect(bytes.equals(Buffer.alloc(pieceBytes, i))).toBe(true);
    });
  });

  test('a server that does not read stops the writer', async () => {
    const peer = await listen((connection, request) => {
      shakeHands(connection, request);
      connection.pause();
    });
    const stream = await openWebSocket(peer.url, LIMIT);
    let written = 0;
    while (written < 1_000 && stream.write(Buffer.alloc(65_536))) {
      written += 1;
      await new Promise(setImmediate);
    }
    expect(written).toBeLessThan(1_000);
    let drained = false;
    stream.once('drain', () => {
      drained = true;
    });
    await new Promise((done) => setTimeout(done, 100));
    expect(drained).toBe(false);
    peer.connections[0]?.resume();
    await vi.waitFor(() => expect(drained).toBe(true));
    stream.destroy();
  });
});

describe('a WebSocket that does not open', () => {
  test.each([401, 404, 503])('names the status %i', async (status) => {
    const peer = await listen((connection) => {
      connection.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    const error = await failure(openWebSocket(peer.url.replace('//', '//me:secret@'), LIMIT));
    expect(error).toBeInstanceOf(UpgradeRefused);
    expect(error).toMatchObject({ status, url: peer.url.replace('ws:', 'http:') });
  });

  test('names what the connection failed on', async () => {
    const peer = await talk();
    peer.server.close();
    expect((await failure(openWebSocket(peer.url, LIMIT))).code).toBe('ECONNREFUSED');
    const dropping = await listen((connection) => connection.destroy());
    expect((await failure(openWebSocket(dropping.url, LIMIT))).code).toBe('ECONNRESET');
    expect((await failure(openWebSocket('telnet://127.0.0.1/', LIMIT))).code).toBe('EINVAL');
  });

  test('is one whose server does not prove that it speaks WebSocket', async () => {
    let hungUp = false;
    const peer = await listen((connection) => {
      connection.resume().on('end', () => {
        hungUp = true;
      });
      connection.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
          'Sec-WebSocket-Accept: bm90aGluZw==\r\n\r\n',
      );
    });
    const error = await failure(openWebSocket(peer.url, LIMIT));
    expect(error).toMatchObject({ code: 'EPROTO' });
    await vi.waitFor(() => expect(hungUp).toBe(true));
  });

  test('is given up at the limit, and by the caller with the caller’s reason', async () => {
    const peer = await listen(() => {});
    expect((await failure(openWebSocket(peer.url, { timeoutMs: 100 }))).code).toBe('ETIMEDOUT');
    const leaving = new AbortController();
    const opening = openWebSocket(peer.url, { ...LIMIT, signal: leaving.signal });
    await vi.waitFor(() => expect(peer.connections.length).toBe(2));
    leaving.abort(new Error('never mind'));
    await expect(opening).rejects.toThrow('never mind');
    await expect(openWebSocket(peer.url, { ...LIMIT, signal: leaving.signal })).rejects.toThrow('never mind');
  });
});
