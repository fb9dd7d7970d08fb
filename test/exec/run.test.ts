import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { run, tryRun } from '../../src/exec/run.ts';

const RUN = new URL('../../src/exec/run.ts', import.meta.url).pathname;

test('a program ends with whoever runs it, also when that is killed', async () => {
  const code = `import { tryRun } from '${RUN}'; await tryRun('sh', ['-c', 'echo $$; exec sleep 60'], { onLine: console.log });`;
  const parent = spawn(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    '--input-type=module',
    '-e',
    code,
  ]);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  parent.kill('SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 5_000);
});

test('a program that does not exist is a failure with its name', async () => {
  const result = await tryRun('no-such-program', ['--really']);
  expect(result).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('no-such-program') });
  await expect(run('no-such-program', [])).rejects.toMatchObject({
    code: 'E_PROGRAM_FAILED',
    remedy: expect.stringContaining('No such file'),
  });
});

test('what it printed, its exit code and its input', async () => {
  const result = await tryRun('sh', ['-c', 'cat; echo wrong >&2; exit 3'], { input: 'said' });
  expect(result).toEqual({ exitCode: 3, stdout: 'said', stderr: 'wrong' });
});
