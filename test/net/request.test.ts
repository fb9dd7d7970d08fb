import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { RequestFailed, request } from '../../src/net/request.ts';

const servers: Server[] = [];

async function listen(listener: RequestListener, at: string | number = 0): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => {
    if (typeof at === 'string') server.listen(at, done);
    else server.listen(at, '127.0.0.1', done);
  });
  const address = server.address();
  return typeof address === 'string' ? address : `http://127.0.0.1:${(address as AddressInfo).port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const failure = async (promise: Promise<unknown>): Promise<RequestFailed> => {
  const error: unknown = await promise.then(
    () => 'it answered',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RequestFailed);
  return error as RequestFailed;
};

describe('request', () => {
  test('sends method, headers and body, and gives status, headers and text of any answer', async () => {
    const url = await listen((incoming, response) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      incoming.on('end', () => {
        response.writeHead(418, { 'X-Two': ['a', 'b'] });
        response.end(`${incoming.method} ${incoming.headers['x-one']} ${body}`);
      });
    });
    const answer = await request(`${url}/x`, {
      method: 'PATCH',
      headers: { 'X-One': '1' },
      body: '{"é":1}',
      timeoutMs: 30_000,
    });
    expect(answer).toMatchObject({ status: 418, text: 'PATCH 1 {"é":1}', headers: { 'x-two': 'a, b' } });
  });

  test('speaks over a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'blackstart-request-'));
    try {
      const socketPath = await listen((incoming, response) => response.end(incoming.url), join(folder, 's'));
      expect((await request('http://seed/v1?x=1', { timeoutMs: 30_000, socketPath })).text).toBe('/v1?x=1');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a closed port is ECONNREFUSED, and the URL in the error has no password', async () => {
    const url = await listen((_, response) => response.end());
    await new Promise((done) => servers.pop()?.close(done));
    const error = await failure(request(`${url.replace('//', '//root:calvin@')}/a`, { timeoutMs: 30_000 }));
    expect(error.code).toBe('ECONNREFUSED');
    expect(error.url).toBe(`${url}/a`);
    expect(JSON.stringify([error.message, error.url])).not.toContain('calvin');
  });

  test.each([
    ['a server that never answers', () => {}],
    ['a server that stops in the middle of its answer', (_, response) => response.writeHead(200).write('x')],
  ] satisfies [string, RequestListener][])('%s is ETIMEDOUT', async (_, listener) => {
    const url = await listen(listener);
    expect((await failure(request(url, { timeoutMs: 200 }))).code).toBe('ETIMEDOUT');
  });

  test.each([
    ['before', (incoming) => incoming.socket.destroy()],
    [
      'within',
      (incoming, response) => {
        response.writeHead(200, { 'content-length': '9' }).write('x', () => incoming.socket.destroy());
      },
    ],
  ] satisfies [string, RequestListener][])(
    'a connection dropped %s the answer is ECONNRESET',
    async (_, listener) => {
      expect((await failure(request(await listen(listener), { timeoutMs: 30_000 }))).code).toBe('ECONNRESET');
    },
  );

  test('an answer over the limit is refused, one at the limit is not', async () => {
    const url = await listen((_, response) => response.end('x'.repeat(1_000)));
    expect((await request(url, { timeoutMs: 30_000, maxResponseBytes: 1_000 })).text).toHaveLength(1_000);
    const error = await failure(request(url, { timeoutMs: 30_000, maxResponseBytes: 999 }));
    expect(error.code).toBe('EMSGSIZE');
  });

  test('an abort rejects with its reason, not with a network failure', async () => {
    const url = await listen(() => {});
    const reason = new Error('the operator pressed Ctrl-C');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(request(url, { timeoutMs: 30_000, signal: controller.signal })).rejects.toBe(reason);
  });

  test.each(['nonsense', 'ftp://x/', ''])('%o is no URL to ask', async (url) => {
    expect((await failure(request(url, { timeoutMs: 30_000 }))).code).toBe('EINVAL');
  });
});
