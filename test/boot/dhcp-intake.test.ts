import { expect, test } from 'vitest';
import { DhcpIntake } from '../../src/boot/dhcp-intake.ts';

function anIntake() {
  const answered: string[] = [];
  const dropped: number[] = [];
  const turns: (() => void)[] = [];
  const clock = { nowMs: 0 };
  const intake = new DhcpIntake<string>({
    isKnown: (message) => message.startsWith('node'),
    answer: (message) => answered.push(message),
    onDropped: (count) => dropped.push(count),
    defer: (turn) => turns.push(turn),
    nowMs: () => clock.nowMs,
  });
  return { intake, answered, dropped, turns, clock };
}

test('known nodes are answered before unknown machines that came first', () => {
  const { intake, answered, turns } = anIntake();
  for (const message of ['x1', 'node1', 'x2', 'node2']) intake.take(message);
  expect(answered).toEqual(['node1', 'node2']);
  turns.shift()?.();
  expect(answered).toEqual(['node1', 'node2', 'x1', 'x2']);
  expect(turns).toEqual([]);
});

test('in a flood a known node waits for a few of the others at most', () => {
  const { intake, answered, turns } = anIntake();
  for (let index = 0; index < 1000; index++) intake.take(`x${index}`);
  turns.shift()?.();
  intake.take('node1');
  expect(answered.indexOf('node1')).toBe(256);
  while (turns.length > 0) turns.shift()?.();
  expect(answered).toHaveLength(1001);
});

test('what finds no room is counted, and told every ten seconds', () => {
  const { intake, answered, dropped, turns, clock } = anIntake();
  for (let index = 0; index < 50_000; index++) intake.take(`x${index}`);
  expect(dropped).toEqual([1]);
  clock.nowMs = 10_000;
  intake.take('y');
  expect(dropped).toEqual([1, 50_000 - 4096]);
  while (turns.length > 0) turns.shift()?.();
  expect(answered).toHaveLength(4096);
});
