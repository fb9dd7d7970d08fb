import { expect, test } from 'vitest';
import { judgePlaybook, type PlaybookEvent, parsePlaybookEvent } from '../../src/exec/ansible-events.ts';

const host = (
  name: string,
  task: string,
  status: 'ok' | 'failed' | 'ignored' | 'unreachable',
): PlaybookEvent => ({
  event: 'host',
  host: name,
  task,
  status,
  message: `${status} ${task}`,
});
const stats = (hosts: Record<string, [failed: number, unreachable: number]>): PlaybookEvent => ({
  event: 'stats',
  hosts: Object.fromEntries(
    Object.entries(hosts).map(([name, [failed, unreachable]]) => [
      name,
      { ok: 1, changed: 0, failed, unreachable },
    ]),
  ),
});

test("Ansible's own count of failures is read by its own name", () => {
  const line =
    '{"event":"stats","hosts":{"lab-1":{"ok":5,"failures":1,"unreachable":0,"changed":2,"skipped":0,"rescued":0,"ignored":0}}}';
  expect(parsePlaybookEvent(line)).toEqual({
    event: 'stats',
    hosts: { 'lab-1': { ok: 5, changed: 2, unreachable: 0, failed: 1 } },
  });
  expect(parsePlaybookEvent('\n')).toBeNull();
});

test('a run is good when every host that it reached ended without failure', () => {
  const outcome = judgePlaybook([host('a', 'one', 'ok'), host('a', 'two', 'ignored'), stats({ a: [0, 0] })]);
  expect(outcome).toMatchObject({ ok: true, firstFailure: null });
});

test('the first failure is told with its host and task; one that was rescued is not one', () => {
  const events = [
    host('a', 'mended', 'failed'),
    host('b', 'broken', 'failed'),
    host('c', 'gone', 'unreachable'),
    stats({ a: [0, 0], b: [1, 0], c: [0, 1] }),
  ];
  expect(judgePlaybook(events)).toMatchObject({
    ok: false,
    firstFailure: { host: 'b', task: 'broken', message: 'failed broken' },
  });
});

test('no host at all is not a success, and neither is a run that was cut off before its counts', () => {
  expect(judgePlaybook([{ event: 'play', name: 'x' }, stats({})]).ok).toBe(false);
  expect(judgePlaybook([host('a', 'one', 'failed')])).toMatchObject({
    ok: false,
    firstFailure: { host: 'a' },
  });
  expect(judgePlaybook([]).ok).toBe(false);
});
