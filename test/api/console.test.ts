import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openConsole } from '../../src/api/open-console.ts';
import { serveApi } from '../../src/api/serve-api.ts';
import { BlackstartError, EXIT } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import type { Commands } from '../../src/operations/commands.ts';

/** No test here gives a command. */
const NO_COMMANDS = new Proxy({} as Commands, {
  get: (_, name) => () => {
    throw new Error(`nobody asked for ${String(name)}`);
  },
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(open: (name: string) => Promise<Duplex>) {
  const dir = mkdtempSync(join(tmpdir(), 'bs-api-'));
  const socketPath = join(dir, 'seed.sock');
  const api = await serveApi(socketPath, {
    commands: NO_COMMANDS,
    openConsole: open,
    metrics: { contentType: 'text/plain', text: async () => '' },
    log: silentLog,
  });
  closing.push(async () => {
    await api.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { socketPath, api };
}

/** A console and its far end, which the test holds: what is typed comes out there, what goes in is printed. */
function line() {
  const [near, far] = duplexPair();
  return { near, far };
}

const refusal = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => 'it opened',
    (reason: unknown) => reason,
  );

describe('a console through the daemon', () => {
  test('carries any bytes both ways, for the node that was named', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { near, far } = line();
    const asked: string[] = [];
    const { socketPath } = await serve(async (name) => {
      asked.push(name);
      return near;
    });
    far.write('before you came\n');
    const console = await openConsole(socketPath, 'rack 1/é');
    const seen: Buffer[] = [];
    const received: Buffer[] = [];
    console.on('data', (bytes: Buffer) => seen.push(bytes));
    far.on('data', (bytes: Buffer) => received.push(bytes));
    far.write(every);
    console.write(every);
    await vi.waitFor(() => {
      expect(Buffer.concat(seen)).toEqual(Buffer.concat([Buffer.from('before you came\n'), every]));
      expect(Buffer.concat(received)).toEqual(every);
    });
    expect(asked).toEqual(['rack 1/é']);
    console.destroy();
  });

  test.each(['destroy', 'end'] as const)('is let go of when the viewer leaves by %s', async (leaving) => {
    const { near, far } = line();
    const { socketPath } = await serve(async () => near);
    const console = await openConsole(socketPath, 'lab-1');
    const closed = once(near, 'close');
    console.write('poweroff\n');
    console[leaving]();
    await closed;
    expect(String(far.read())).toBe('poweroff\n');
  });

  test.each([null, new Error('the BMC hung up')])('ends when the machine’s side does (%s)', async (error) => {
    const { near } = line();
    const { socketPath } = await serve(async () => near);
    const console = await openConsole(socketPath, 'lab-1');
    const closed = once(console.resume(), 'close');
    near.destroy(error ?? undefined);
    console.end();
    await closed;
  });

  test('does not outlive its viewer when it opens late', async () => {
    const { near } = line();
    const opened = Promise.withResolvers<Duplex>();
    let asked = false;
    const { socketPath } = await serve(() => {
      asked = true;
      return opened.promise;
    });
    const viewer = request({
      ...{ socketPath, path: '/v1/nodes/lab-1/console' },
      headers: { connection: 'Upgrade', upgrade: 'blackstart-console' },
    });
    viewer.on('error', () => {}).end();
    await vi.waitFor(() => expect(asked).toBe(true));
    viewer.destroy();
    const closed = once(near, 'close');
    opened.resolve(near);
    await closed;
  });

  test('does not hold up the daemon’s end', async () => {
    const { near } = line();
    const { socketPath, api } = await serve(async () => near);
    const console = await openConsole(socketPath, 'lab-1');
    const gone = once(console.resume(), 'close');
    const released = once(near, 'close');
    await Promise.all([api.close(), released]);
    console.destroy();
    await gone;
  });
});

describe('a console that cannot be opened', () => {
  test('is told with code, message, remedy and exit code', async () => {
    const { socketPath } = await serve(async () => {
      throw new BlackstartError('E_BMC_NO_CONSOLE', 'by SSH only', {
        remedy: 'ssh -p 2200 -l admin bmc',
        exitCode: EXIT.refused,
      });
    });
    const error = await refusal(openConsole(socketPath, 'lab-1'));
    expect(error).toBeInstanceOf(BlackstartError);
    expect(error).toMatchObject({
      code: 'E_BMC_NO_CONSOLE',
      message: 'by SSH only',
      remedy: 'ssh -p 2200 -l admin bmc',
      exitCode: EXIT.refused,
    });
  });

  test('by a bug is told as one', async () => {
    const { socketPath } = await serve(() => Promise.reject(new TypeError('undefined is no function')));
    expect(await refusal(openConsole(socketPath, 'lab-1'))).toMatchObject({
      code: 'E_BUG',
      exitCode: EXIT.bug,
    });
  });

  test('since no daemon runs is E_DAEMON_GONE', async () => {
    const path = join(tmpdir(), 'bs-api-nobody.sock');
    expect(await refusal(openConsole(path, 'lab-1'))).toMatchObject({ code: 'E_DAEMON_GONE' });
  });

  test.each([
    ['a name that is no text', '/v1/nodes/%E0%A4%A/console', 'blackstart-console'],
    ['another path', '/v1/nodes', 'blackstart-console'],
    ['another protocol', '/v1/nodes/lab-1/console', 'websocket'],
  ])('for %s is 404, and the daemon lives on', async (_, path, protocol) => {
    const { near } = line();
    const { socketPath } = await serve(async () => near);
    const socket = connect(socketPath);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: seed\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
    (await openConsole(socketPath, 'lab-1')).destroy();
  });
});
