import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openSsh } from '../../src/exec/ssh.ts';
import { fingerprintOf, knownHostsLine } from '../../src/exec/ssh-host-key.ts';
import { untilSsh } from '../../src/exec/ssh-wait.ts';
import { newKeyPair, startSshServer, type TestServer } from './ssh-server.ts';

const site = newKeyPair();
const sitePublic = Buffer.from(site.public.split(' ')[1] ?? '', 'base64');
let server: TestServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

const start = async (options: Partial<Parameters<typeof startSshServer>[0]> = {}) => {
  server = await startSshServer({
    accepts: (key) => key.equals(sitePublic),
    answer: (command) => ({ stdout: `ran ${command}` }),
    ...options,
  });
  return server;
};
const target = (port: number) => ({ host: '127.0.0.1', port, username: 'debian', privateKey: site.private });
const codeOf = (error: unknown) => (error as { code?: string }).code;

test('a first login hands back the host key, which the next login insists on', async () => {
  const { port, hostKey } = await start();
  const first = await openSsh(target(port));
  expect(first.hostKey).toBe(hostKey.trim().split(' ').slice(0, 2).join(' '));
  first.close();
  const again = await openSsh({ ...target(port), knownHostKey: first.hostKey });
  again.close();
  const other = newKeyPair().public.trim().split(' ').slice(0, 2).join(' ');
  await expect(openSsh({ ...target(port), knownHostKey: other })).rejects.toMatchObject({
    code: 'E_SSH_HOST_KEY',
    message: expect.stringContaining(fingerprintOf(first.hostKey)),
  });
});

test('a command gives its exit code and both outputs', async () => {
  const { port } = await start({
    answer: (command) =>
      command === 'false' ? { exitCode: 1, stderr: 'no' } : { stdout: 'ü'.repeat(100_000) },
  });
  const ssh = await openSsh(target(port));
  expect(await ssh.exec('false')).toEqual({ exitCode: 1, stdout: '', stderr: 'no' });
  expect((await ssh.exec('many')).stdout).toBe('ü'.repeat(100_000));
  ssh.close();
});

test('many commands run at once on one session', async () => {
  const { port } = await start();
  const ssh = await openSsh(target(port));
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => ssh.exec(`c${n}`)));
  expect(results.map((result) => result.stdout)).toEqual(Array.from({ length: 20 }, (_, n) => `ran c${n}`));
  ssh.close();
});

test('a key that is not accepted is not the same as a machine that is not there', async () => {
  const { port } = await start({ accepts: () => false });
  await expect(openSsh(target(port))).rejects.toMatchObject({ code: 'E_SSH_AUTH' });
  await server?.stop();
  server = null;
  await expect(openSsh(target(port))).rejects.toMatchObject({ code: 'E_SSH_UNREACHABLE' });
});

test('a key that cannot be read says so', async () => {
  await expect(openSsh({ ...target(1), privateKey: 'nonsense' })).rejects.toMatchObject({
    code: 'E_SSH_PRIVATE_KEY',
  });
});

test('a command that hangs ends at its limit, and the session lives on', async () => {
  const { port } = await start({
    answer: (command) => (command === 'hang' ? 'hang' : { stdout: 'still here' }),
  });
  const ssh = await openSsh(target(port));
  await expect(ssh.exec('hang', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'E_SSH_SLOW' });
  expect((await ssh.exec('other')).stdout).toBe('still here');
  ssh.close();
});

test('a machine that goes away during a command is E_SSH_LOST, whether the channel or the connection broke', async () => {
  const { port, cut } = await start({ answer: (command) => (command === 'die' ? 'die' : 'hang') });
  const ssh = await openSsh(target(port));
  await expect(ssh.exec('die')).rejects.toMatchObject({ code: 'E_SSH_LOST' });
  const hanging = ssh.exec('hang');
  setTimeout(cut, 50);
  await expect(hanging).rejects.toMatchObject({ code: 'E_SSH_LOST' });
  await expect(ssh.exec('after')).rejects.toMatchObject({ code: 'E_SSH_LOST' });
});

test('an abort rejects with its reason, before the login and during a command', async () => {
  const { port } = await start({ answer: () => 'hang' });
  const stopped = new Error('stopped by the operator');
  await expect(openSsh(target(port), AbortSignal.abort(stopped))).rejects.toBe(stopped);
  const controller = new AbortController();
  const ssh = await openSsh(target(port), controller.signal);
  const hanging = ssh.exec('hang');
  setTimeout(() => controller.abort(stopped), 30);
  await expect(hanging).rejects.toBe(stopped);
});

test('untilSsh waits through a machine that is not there and a key that is not there yet', async () => {
  const probe = await start();
  await probe.stop();
  server = null;
  let acceptFromMs = Number.POSITIVE_INFINITY;
  const reasons: string[] = [];
  setTimeout(() => {
    acceptFromMs = Date.now() + 300;
    void start({ port: probe.port, accepts: () => Date.now() >= acceptFromMs });
  }, 200);
  const ssh = await untilSsh(target(probe.port), {
    clock: systemClock,
    limitMs: 20_000,
    pollMs: 50,
    onTry: (reason) => reasons.push(reason),
  });
  expect((await ssh.exec('id')).stdout).toBe('ran id');
  ssh.close();
  expect(reasons.some((reason) => reason.includes('no ssh at'))).toBe(true);
  expect(reasons.some((reason) => reason.includes('does not accept'))).toBe(true);
});

test('untilSsh gives up: on silence at the limit, on a refused key after the grace, on another host key at once', async () => {
  const nowhere = await start();
  await nowhere.stop();
  const wait = { clock: systemClock, limitMs: 200, pollMs: 20, authGraceMs: 100 };
  const silent = await untilSsh(target(nowhere.port), wait).catch(codeOf);
  expect(silent).toBe('E_SSH_TIMEOUT');
  const { port } = await start({ accepts: () => false });
  const tries: string[] = [];
  const options = { ...wait, limitMs: 60_000, onTry: (reason: string) => tries.push(reason) };
  expect(await untilSsh(target(port), options).catch(codeOf)).toBe('E_SSH_AUTH');
  expect(tries.length).toBeGreaterThan(1);
  tries.length = 0;
  const stranger = { ...target(port), knownHostKey: 'ssh-ed25519 AAAA' };
  expect(await untilSsh(stranger, options).catch(codeOf)).toBe('E_SSH_HOST_KEY');
  expect(tries).toEqual([]);
});

test('a known_hosts line names a port only where it is not 22', () => {
  expect(knownHostsLine('10.0.0.1', 22, 'ssh-ed25519 AA')).toBe('10.0.0.1 ssh-ed25519 AA\n');
  expect(knownHostsLine('10.0.0.1', 2222, 'ssh-ed25519 AA')).toBe('[10.0.0.1]:2222 ssh-ed25519 AA\n');
});

test('fingerprints are spelled as ssh-keygen spells them', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKZbD1K0cW7VkDyTfZ4z0f4kJm0m0bqkqQq0J8h3yX5d';
  expect(fingerprintOf(key)).toBe('SHA256:kw5R+uftABMsFSBpUfZ3T44+qOlRo8AxPoHpY6ZQVKA');
});
