import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { beginFetch, cachedArtefactBytes, MAX_CACHE_BYTES, openArtefact } from '../../src/boot/artefact.ts';
import { BOOT_LIMITS, createBootApp } from '../../src/boot/serve-http.ts';
import { type HttpApp, type HttpLimits, listenHttp } from '../../src/net/http.ts';
import { aSegment, someArtefacts } from './a-segment.ts';

const { folder, artefacts } = someArtefacts();
const image = join(folder, 'image.raw');
const BYTES = 64 * 1024 * 1024;
afterAll(() => rmSync(folder, { recursive: true }));

let app: HttpApp;
let port: number;
const sockets: Socket[] = [];

async function serve(limits: Partial<HttpLimits> = {}) {
  const { segment } = aSegment({ artefacts: { ...artefacts, images: { 'image.raw': image } } });
  app = createBootApp(segment, { ...BOOT_LIMITS, ...limits });
  port = await listenHttp(app, { address: '127.0.0.1', port: 0 });
}

async function dial(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** How often this process has a file open. */
const openings = (path: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  }).length;

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

const bodyOf = (answer: Buffer) => answer.subarray(answer.indexOf('\r\n\r\n') + 4);

beforeEach(() => writeFileSync(image, Buffer.alloc(BYTES, 'one ')));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

const GET = 'GET /images/image.raw HTTP/1.1\r\nHost: seed\r\nConnection: close\r\n\r\n';

describe('clients that are slow, stuck or many', () => {
  test('one that never ends its header is closed', async () => {
    await serve({ headerMs: 200 });
    const socket = await dial();
    socket.write('GET / HTTP/1.1\r\nHost: se');
    expect((await readAll(socket)).toString()).toMatch(/^HTTP\/1.1 408/);
  });

  test('one that stops reading is closed, and its file with it', async () => {
    await serve({ stalledMs: 300 });
    const socket = await dial();
    socket.write(GET);
    socket.pause();
    await expect.poll(() => openings(image)).toBe(1);
    await expect.poll(() => openings(image), { timeout: 10_000 }).toBe(0);
  });

  test('one that dies in the middle frees its file', async () => {
    await serve();
    const socket = await dial();
    socket.write(GET);
    await once(socket, 'data');
    expect(openings(image)).toBe(1);
    socket.resetAndDestroy();
    await expect.poll(() => openings(image)).toBe(0);
  });

  test('one address has so many connections and no more, and others are served', async () => {
    await serve({ connectionsPerAddress: 2 });
    await dial();
    const second = await dial();
    const third = await dial();
    expect((await readAll(third)).length).toBe(0);
    second.destroy();
    await expect
      .poll(async () => {
        const again = await dial();
        again.write('GET /nothing HTTP/1.1\r\nHost: seed\r\nConnection: close\r\n\r\n');
        return (await readAll(again)).toString().slice(0, 12);
      })
      .toBe('HTTP/1.1 404');
  });
});

describe('files that change while they are served', () => {
  test('a replaced one stays whole for who began with it', async () => {
    await serve();
    const socket = await dial();
    socket.write(GET);
    await once(socket, 'data').then(([first]) => socket.unshift(first));
    writeFileSync(`${image}.new`, Buffer.alloc(BYTES, 'two '));
    renameSync(`${image}.new`, image);
    expect(bodyOf(await readAll(socket)).equals(Buffer.alloc(BYTES, 'one '))).toBe(true);
    const later = await dial();
    later.write(GET);
    expect(
      bodyOf(await readAll(later))
        .subarray(0, 4)
        .toString(),
    ).toBe('two ');
  });

  test('one that is cut short in place is broken off, never followed by another answer', async () => {
    await serve();
    const socket = await dial();
    socket.write(GET.replace('Connection: close', 'Connection: keep-alive'));
    await once(socket, 'data').then(([first]) => socket.unshift(first));
    truncateSync(image, 1000);
    expect(bodyOf(await readAll(socket)).length).toBeLessThan(BYTES);
  });
});

test('large files are held while a crowd fetches them, within bounds, and the one asked for last stays', async () => {
  await serve();
  const dir = mkdtempSync(join(tmpdir(), 'bs-cache-'));
  const big = Array.from({ length: 6 }, (_, index) => join(dir, `${index}`));
  for (const file of big) {
    writeFileSync(file, Buffer.alloc(40 * 1024 * 1024, file));
    const alone = await openArtefact(file);
    expect(alone?.memory).toBeNull();
    const ends = Array.from({ length: 4 }, () => alone && beginFetch(alone));
    expect((await openArtefact(file))?.memory?.length).toBe(40 * 1024 * 1024);
    for (const end of ends) end?.();
  }
  expect(cachedArtefactBytes()).toBeLessThanOrEqual(MAX_CACHE_BYTES);
  const last = big.at(-1) ?? '';
  expect(await openArtefact(last)).toBe(await openArtefact(last));
  rmSync(dir, { recursive: true });
});
