import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileWithin } from '../../src/boot/file-within.ts';
import { createBootApp } from '../../src/boot/serve-http.ts';
import { aSegment, someArtefacts } from './a-segment.ts';

const made = someArtefacts();
const { folder } = made;
const httpRoot = join(folder, 'http');
const images = join(folder, 'master_images');
const artefacts = { ...made.artefacts, ironic: { httpRoot, linkRoots: [images] } };
mkdirSync(join(httpRoot, 'uuid'));
mkdirSync(images);
writeFileSync(join(images, 'master'), 'a kernel');
writeFileSync(join(folder, 'secret'), 'a secret');
symlinkSync(join(images, 'master'), join(httpRoot, 'uuid', 'deploy_kernel'));
symlinkSync(join(folder, 'secret'), join(httpRoot, 'uuid', 'leak'));
symlinkSync(folder, join(httpRoot, 'linked'));
const big = Buffer.alloc(3 * 1024 * 1024, 'blackstart');
writeFileSync(join(folder, 'big.raw'), big);
afterAll(() => rmSync(folder, { recursive: true }));

const withBig = { ...artefacts, images: { ...artefacts.images, 'big.raw': join(folder, 'big.raw') } };
const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') => {
  const { segment, events } = aSegment({ artefacts: withBig });
  return createBootApp(segment)
    .inject({ method, url, headers })
    .then((response) => ({ response, events }));
};

describe('ranges of a 22-byte image', () => {
  test.each([
    ['none', undefined, 200, 'an image of some bytes', undefined],
    ['the first three', 'bytes=0-2', 206, 'an ', 'bytes 0-2/22'],
    ['from the twentieth on', 'bytes=19-', 206, 'tes', 'bytes 19-21/22'],
    ['the last five', 'bytes=-5', 206, 'bytes', 'bytes 17-21/22'],
    ['past the end on one side', 'bytes=20-99', 206, 'es', 'bytes 20-21/22'],
    ['past the end', 'bytes=22-', 416, 'the file is shorter than that\n', 'bytes */22'],
    ['the last none', 'bytes=-0', 416, 'the file is shorter than that\n', 'bytes */22'],
    ['several: the whole', 'bytes=0-1,4-5', 200, 'an image of some bytes', undefined],
    ['backwards: the whole', 'bytes=5-2', 200, 'an image of some bytes', undefined],
    ['nonsense: the whole', 'lines=1-2', 200, 'an image of some bytes', undefined],
  ])('%s', async (_, range, status, body, contentRange) => {
    const { response } = await get('/images/debian.raw', range === undefined ? {} : { range });
    expect([response.statusCode, response.body, response.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ]);
    expect(Number(response.headers['content-length'])).toBe(body.length);
  });

  test('a range of an older version gets the new whole', async () => {
    const { response } = await get('/images/debian.raw', { range: 'bytes=0-2', 'if-range': '"old"' });
    expect(response.statusCode).toBe(200);
  });
});

test.each(['/images/debian.raw', '/images/big.raw'])('HEAD of %s has the length and no body', async (url) => {
  const { response, events } = await get(url, {}, 'HEAD');
  const whole = (await get(url)).response;
  expect([response.statusCode, response.body]).toEqual([200, '']);
  expect(response.headers['content-length']).toBe(String(whole.rawPayload.length));
  expect(events).toMatchObject([{ decision: 'asked', message: 'HEAD', status: 200, bytes: 0 }]);
});

test('a file above 1 MiB is streamed whole, and in parts', async () => {
  const { response, events } = await get('/images/big.raw');
  expect(response.rawPayload.equals(big)).toBe(true);
  await expect
    .poll(() => events)
    .toMatchObject([{ stage: 'image', decision: 'completed', bytes: big.length, file: '/images/big.raw' }]);
  const part = await get('/images/big.raw', { range: 'bytes=1048570-1048585' });
  expect(part.response.rawPayload.equals(big.subarray(1048570, 1048586))).toBe(true);
});

test('a UEFI program is named as one', async () => {
  expect((await get('/boot/snponly.efi')).response.headers['content-type']).toBe('application/efi');
});

test.each([
  ['/agent/kernel', 'kernel'],
  ['/agent/initramfs', 'ramdisk'],
  ['/ironic/uuid/deploy_kernel', 'kernel'],
  ['/ironic/pxelinux.cfg/52-54-00-99-00-01', 'script'],
  ['/boot/undionly.kpxe', 'http program'],
])('%s is the stage "%s"', async (url, stage) => {
  const { response, events } = await get(url);
  expect(response.statusCode).toBe(200);
  await expect.poll(() => events).toMatchObject([{ stage, decision: 'completed' }]);
});

describe('nothing else is served', () => {
  test.each([
    '/ironic/uuid/leak',
    '/ironic/../secret',
    '/ironic/%2e%2e/secret',
    '/ironic/uuid/..%2f..%2f..%2fsecret',
    '/ironic/uuid',
    '/ironic/',
    '/ironic/uuid/deploy_kernel%00.txt',
    '/ironic/uuid/%2e%2e/%2e%2e/secret',
    '/ironic/uuid/%252e%252e/%252e%252e/secret',
    '/ironic/..%5c..%5csecret',
    '/ironic/uuid\\..\\..\\secret',
    '/ironic/%c0%ae%c0%ae/secret',
    '/ironic//../../secret',
    '/ironic/linked/secret',
    '/images/%2e%2e%2fsecret',
    '/agent/kernel%00',
    '/agent/..%5csecret',
    '/images/../secret',
    '/images/..%2fsecret',
    '/images/constructor',
    '/images/__proto__',
    '/boot/..%2fsecret',
    '/boot/7/..%2f..%2fsecret.ipxe',
    '/agent/secret',
    '/secret',
  ])('%s', async (url) => {
    const { response } = await get(url);
    expect([400, 404]).toContain(response.statusCode);
    expect(response.body).not.toContain('a secret');
    expect(response.body.length).toBeGreaterThan(0);
  });
});

test('nothing is written by HTTP', async () => {
  const app = createBootApp(aSegment({ artefacts }).segment);
  for (const method of ['PUT', 'DELETE', 'PATCH'] as const)
    expect((await app.inject({ method, url: '/images/debian.raw' })).statusCode).toBe(404);
});

describe('who has a version already', () => {
  test('is told so, without a body', async () => {
    const { etag, 'last-modified': modified } = (await get('/agent/kernel')).response.headers;
    for (const headers of [{ 'if-none-match': String(etag) }, { 'if-modified-since': String(modified) }]) {
      const { response, events } = await get('/agent/kernel', headers);
      expect([response.statusCode, response.body, response.headers.etag]).toEqual([304, '', etag]);
      expect(events).toMatchObject([{ stage: 'kernel', decision: 'not modified' }]);
    }
  });

  test('and wants the rest of that version gets it', async () => {
    const { etag } = (await get('/images/big.raw')).response.headers;
    const { response } = await get('/images/big.raw', { range: 'bytes=5-', 'if-range': String(etag) });
    expect(response.rawPayload.equals(big.subarray(5))).toBe(true);
  });

  test('and will have no other gets none', async () => {
    expect((await get('/agent/kernel', { 'if-match': '"old"' })).response.statusCode).toBe(412);
  });
});

test('the way to a file is checked again once its name leads elsewhere', async () => {
  const name = join(httpRoot, 'uuid', 'moving');
  const fetched = () => fileWithin(httpRoot, 'uuid/moving', [images]);
  symlinkSync(join(images, 'master'), name);
  expect([fetched(), fetched()]).toEqual([join(images, 'master'), join(images, 'master')]);
  rmSync(name);
  expect(fetched()).toBe(null);
  symlinkSync(join(folder, 'secret'), name);
  expect([fetched(), fetched()]).toEqual([null, null]);
  rmSync(name);
  symlinkSync(name, name);
  expect(fetched()).toBe(null);
});
