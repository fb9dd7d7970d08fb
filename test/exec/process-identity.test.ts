import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identityOf, isRunning } from '../../src/exec/process-identity.ts';

test('a process is known by more than its pid, and only as long as it runs', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = await identityOf(child.pid ?? 0);
  if (identity === null) throw new Error('it does not run');
  expect(await isRunning(identity)).toBe(true);
  expect(await isRunning({ ...identity, startTicks: '1' })).toBe(false);
  expect(await isRunning({ ...identity, bootId: 'another boot' })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isRunning(identity)).toBe(false);
  expect(await identityOf(child.pid ?? 0)).toBeNull();
});

test('a zombie does not run, and a pid of nobody is nobody', async () => {
  // sh becomes sleep after it has left a child behind that nobody reaps.
  const parent = spawn('sh', ['-c', 'sh -c "exit 0" & echo $!; exec sleep 60']);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  await expect.poll(() => identityOf(Number(line.toString()))).toBeNull();
  parent.kill('SIGKILL');
  expect(await identityOf(2 ** 22 + 1)).toBeNull();
});
