import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHttpApp, listenHttp } from '../../src/net/http.ts';

const appWithHello = () => {
  const app = createHttpApp();
  app.get('/a/hello', (_, reply) => reply.send('hello'));
  return app;
};

test('a doubled slash is one: shim asks that way', async () => {
  const response = await appWithHello().inject('/a//hello');
  expect([response.statusCode, response.body]).toEqual([200, 'hello']);
});

test('a 404 has a body: shim 16.1 hangs on one without', async () => {
  const response = await appWithHello().inject('/nothing');
  expect(response.statusCode).toBe(404);
  expect(Number(response.headers['content-length'])).toBeGreaterThan(0);
});

test('listens on an address and on a Unix socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bs-http-'));
  const unixSocket = join(folder, 'api.sock');
  const [byAddress, bySocket] = [appWithHello(), appWithHello()];
  const port = await listenHttp(byAddress, { address: '127.0.0.1', port: 0 });
  await listenHttp(bySocket, { unixSocket });
  expect(await get({ host: '127.0.0.1', port })).toBe('hello');
  expect(await get({ socketPath: unixSocket })).toBe('hello');
  await expect(listenHttp(appWithHello(), { address: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'E_PORT_TAKEN',
  });
  await expect(listenHttp(appWithHello(), { address: '192.0.2.1', port: 0 })).rejects.toMatchObject({
    code: 'E_NO_ADDRESS',
  });
  await Promise.all([byAddress.close(), bySocket.close()]);
  rmSync(folder, { recursive: true });
});

const get = (place: { host: string; port: number } | { socketPath: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ ...place, path: '/a/hello' }, (response) => {
      let body = '';
      response.on('data', (text) => {
        body += text;
      });
      response.on('end', () => resolve(body));
    });
    asked.on('error', reject);
    asked.end();
  });
