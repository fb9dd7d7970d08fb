import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { authorityDir, ensureServerCertificate } from '../../src/operations/site-authority.ts';

const DAY_MS = 24 * 3600_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bs-authority-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inDays = (days: number): Clock => ({
  nowMs: () => Date.now() + days * DAY_MS,
  sleep: () => Promise.resolve(),
});
const authority = () => readFileSync(join(authorityDir(folder), 'ca.pem'), 'utf8');

test('the site’s own authority vouches for the seed’s addresses', async () => {
  const { cert } = await ensureServerCertificate(folder, ['10.77.0.1', '10.79.0.1'], inDays(0));
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(new X509Certificate(authority()).publicKey)).toBe(true);
  expect([certificate.ca, certificate.checkIP('10.79.0.1'), certificate.checkIP('10.77.0.2')]).toEqual([
    false,
    '10.79.0.1',
    undefined,
  ]);
});

test('only the owner may read any of it', async () => {
  await ensureServerCertificate(folder, ['10.77.0.1'], inDays(0));
  const dir = authorityDir(folder);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(dir).filter((file) => file.endsWith('.key')))
    expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600]);
  expect(readdirSync(dir).sort()).toEqual(['ca.key', 'ca.pem', 'server.key', 'server.pem']);
});

test('a good certificate is kept; one that runs out soon, or misses an address, is renewed by the same authority', async () => {
  const first = await ensureServerCertificate(folder, ['10.77.0.1'], inDays(0));
  const before = authority();
  expect(await ensureServerCertificate(folder, ['10.77.0.1'], inDays(50))).toEqual(first);
  const renewed = await ensureServerCertificate(folder, ['10.77.0.1'], inDays(70));
  expect(renewed.cert).not.toBe(first.cert);
  const wider = await ensureServerCertificate(folder, ['10.77.0.1', '10.79.0.1'], inDays(0));
  expect(wider.cert).not.toBe(renewed.cert);
  expect(authority()).toBe(before);
});

test('an authority that runs out is replaced, and what it vouched for too', async () => {
  const first = await ensureServerCertificate(folder, ['10.77.0.1'], inDays(0));
  const before = authority();
  const { cert } = await ensureServerCertificate(folder, ['10.77.0.1'], inDays(-4000)); // good for ever so long
  expect(cert).toBe(first.cert);
  await ensureServerCertificate(folder, ['10.77.0.1'], inDays(3640));
  expect(authority()).not.toBe(before);
});
