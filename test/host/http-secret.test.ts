import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BootEvent, SecretAnswer } from '../../src/boot/network-boot.ts';
import { createBootApp, createSecretsApp } from '../../src/boot/serve-http.ts';
import { systemClock } from '../../src/clock.ts';
import type { Lease } from '../../src/core/lease.ts';
import { listenHttp } from '../../src/net/http.ts';
import { request } from '../../src/net/request.ts';
import { ensureServerCertificate, type ServerCertificate } from '../../src/operations/site-authority.ts';
import { aSegment, MAC, someArtefacts } from '../boot/a-segment.ts';
import { aNode } from '../core/boot-samples.ts';

const { folder, artefacts } = someArtefacts();
const state = mkdtempSync(join(tmpdir(), 'bs-secret-'));
let certificate: ServerCertificate;
let asked: string[];

beforeAll(async () => {
  certificate = await ensureServerCertificate(state, ['127.0.0.1'], systemClock);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(state, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

const lease: Lease = {
  network: 'loopback',
  address: '127.0.0.1',
  mac: MAC,
  state: 'bound',
  expiresAtMs: Date.now() + 60_000,
  uuid: null,
  hostname: null,
};

const OPENED: SecretAnswer = { kind: 'opened', bytes: Buffer.from('a secret') };

function secrets(answer: () => Promise<SecretAnswer> = async () => OPENED, setup: object = {}) {
  const { segment, events } = aSegment({ artefacts, nodes: [aNode()], ...setup });
  segment.leases.put(lease);
  let renewed = () => {};
  const app = createSecretsApp(segment, {
    port: 0,
    certificate: () => certificate,
    onRenewed: (take) => {
      renewed = take;
    },
    openSecret: (file, token, node) => {
      asked.push(`${file} ${token} ${node}`);
      return answer();
    },
  });
  const get = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET') => app.inject({ method, url });
  return { app, get, events, segment, renew: () => renewed() };
}

const last = (events: BootEvent[]) => events.at(-1);

test('a token is handed on with the machine it came from, and what it opens goes out', async () => {
  const { get, events } = secrets();
  const response = await get('/secret/config-drive?token=abc');
  expect([response.statusCode, response.body, response.headers['content-length']]).toEqual([
    200,
    'a secret',
    '8',
  ]);
  expect(asked).toEqual([`config-drive abc ${aNode().name}`]);
  expect(last(events)).toMatchObject({ stage: 'token', decision: 'used', mac: MAC, status: 200 });
  expect(JSON.stringify(events)).not.toContain('abc');
});

describe('nothing goes out', () => {
  test.each<[string, SecretAnswer, string]>([
    ['for a token that is refused', { kind: 'refused', reason: 'no', replay: false }, 'refused'],
    ['for one that is replayed', { kind: 'refused', reason: 'again', replay: true }, 'replayed'],
  ])('%s', async (_, answer, decision) => {
    const { get, events } = secrets(async () => answer);
    const response = await get('/secret/config-drive?token=abc');
    expect([response.statusCode, response.body]).toEqual([403, 'not for you, or not any more\n']);
    expect(last(events)).toMatchObject({ stage: 'token', decision });
  });

  test('when the look-up fails (CVE-2024-47533)', async () => {
    const { get, events } = secrets(() => Promise.reject(new Error('the store is gone')));
    expect((await get('/secret/config-drive?token=abc')).statusCode).toBe(503);
    expect(last(events)).toMatchObject({ decision: 'refused' });
  });

  test.each(['', '?token=', '?token=a&token=b', '?TOKEN=a'])(
    'without one token (CVE-2018-1000226): "%s"',
    async (query) => {
      const { get } = secrets(async () => ({ kind: 'refused', reason: 'no token', replay: false }));
      expect((await get(`/secret/config-drive${query}`)).statusCode).toBe(403);
      expect(asked).toEqual([`config-drive  ${aNode().name}`]);
    },
  );

  test('to an address without a lease, and to no node of the site', async () => {
    const without = secrets();
    without.segment.leases.put({ ...lease, expiresAtMs: Date.now() - 1 });
    const stranger = secrets(async () => OPENED, { nodes: [] });
    for (const { get } of [without, stranger])
      expect((await get('/secret/config-drive?token=abc')).statusCode).toBe(403);
    expect(asked).toEqual([]);
  });

  test('by HEAD or POST, which leave the token as it is', async () => {
    const { get } = secrets();
    for (const method of ['HEAD', 'POST'] as const)
      expect((await get('/secret/config-drive?token=abc', method)).statusCode).toBe(404);
    expect(asked).toEqual([]);
  });

  test('to who guesses on', async () => {
    const { get, events } = secrets(async () => ({ kind: 'refused', reason: 'no', replay: false }));
    for (let index = 0; index < 8; index++) await get('/secret/config-drive?token=abc');
    expect(asked).toHaveLength(6);
    expect(last(events)).toMatchObject({ decision: 'refused', reason: 'too many tries' });
  });

  test('by plain HTTP: that server does not know the path', async () => {
    const { segment } = aSegment({ artefacts, nodes: [aNode()] });
    expect((await createBootApp(segment).inject('/secret/config-drive?token=abc')).statusCode).toBe(404);
  });

  test('but secrets by the TLS port: boot files are not there', async () => {
    expect((await secrets().get('/agent/kernel')).statusCode).toBe(404);
  });
});

test('the certificate is the site’s, and a renewed one is used without a restart', async () => {
  const { app, renew } = secrets();
  const port = await listenHttp(app, { address: '127.0.0.1', port: 0 });
  const { readFileSync } = await import('node:fs');
  const ca = readFileSync(join(state, 'tls', 'ca.pem'), 'utf8');
  const get = (trusted: string) =>
    request(`https://127.0.0.1:${port}/secret/config-drive?token=abc`, {
      timeoutMs: 10_000,
      verifyTls: { ca: trusted },
    });
  expect((await get(ca)).text).toBe('a secret');
  await expect(request(`http://127.0.0.1:${port}/`, { timeoutMs: 10_000 })).rejects.toThrow();
  const other = mkdtempSync(join(tmpdir(), 'bs-secret-other-'));
  certificate = await ensureServerCertificate(other, ['127.0.0.1'], systemClock);
  renew();
  expect((await get(`${readFileSync(join(other, 'tls', 'ca.pem'), 'utf8')}\n`)).text).toBe('a secret');
  await app.close();
  rmSync(other, { recursive: true });
});
