import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import {
  endRecordedProcesses,
  forgetProcess,
  recordProcess,
  runningProcesses,
} from '../../src/rack/process-record.ts';

let dir: string;
const children: ReturnType<typeof spawn>[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bs-record-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true });
});

async function start(script: string) {
  const child = spawn(process.execPath, ['-e', `${script}; console.log('up')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return { child, pid: child.pid ?? 0 };
}
const IDLE = 'setInterval(() => {}, 1000)';

test('what was recorded and still runs is ended', async () => {
  const { child, pid } = await start(IDLE);
  await recordProcess(dir, pid, 'idler');
  expect(await runningProcesses(dir)).toMatchObject([{ pid, what: 'idler' }]);
  const exited = once(child, 'exit');
  expect(await endRecordedProcesses(dir, systemClock)).toMatchObject([{ pid }]);
  expect(await exited).toEqual([null, 'SIGTERM']);
  expect(await endRecordedProcesses(dir, systemClock)).toEqual([]);
});

test('one that will not end by SIGTERM is killed', async () => {
  const { child, pid } = await start(`process.on('SIGTERM', () => {}); ${IDLE}`);
  await recordProcess(dir, pid, 'stubborn');
  const exited = once(child, 'exit');
  let nowMs = 0; // a clock that runs ahead, so that nobody waits for the grace to pass
  const clock = { ...systemClock, nowMs: () => (nowMs += 10_000) };
  await endRecordedProcesses(dir, clock);
  expect(await exited).toEqual([null, 'SIGKILL']);
});

test('another process that has got the same pid is left alone', async () => {
  const { child, pid } = await start(IDLE);
  await recordProcess(dir, pid, 'idler');
  const file = join(dir, 'processes', `${pid}.json`);
  const recorded = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...recorded, startTicks: String(recorded.startTicks - 1) }));
  expect(await endRecordedProcesses(dir, systemClock)).toEqual([]);
  expect(child.exitCode).toBeNull();
  expect(process.kill(pid, 0)).toBe(true);
});

test('what was recorded in another boot of the host is left alone', async () => {
  const { pid } = await start(IDLE);
  await recordProcess(dir, pid, 'idler');
  const file = join(dir, 'processes', `${pid}.json`);
  const recorded = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify({ ...recorded, bootId: 'another' }));
  expect(await runningProcesses(dir)).toEqual([]);
});

test('a forgotten process is left alone, and one that has ended is not recorded', async () => {
  const { child, pid } = await start(IDLE);
  await recordProcess(dir, pid, 'idler');
  await forgetProcess(dir, pid);
  expect(await runningProcesses(dir)).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await recordProcess(dir, pid, 'ghost');
  expect(await readdir(join(dir, 'processes'))).toEqual([]);
});
