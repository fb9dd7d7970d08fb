import { expect, test } from 'vitest';
import { paceAfterReply, paceAfterSilence, patienceMs, START_PACE } from '../../src/core/tftp-pace.ts';

test('a quick wire never makes it less patient than 40 ms', () => {
  const quick = paceAfterReply({ ...START_PACE, sentAtMs: 100 }, 101);
  expect(patienceMs(quick, null)).toBe(40);
});

test('a slow machine is given its time', () => {
  const slow = paceAfterReply({ ...START_PACE, sentAtMs: 0 }, 400);
  expect(patienceMs(slow, null)).toBe(400 + 4 * 200);
});

test('each silence doubles it, up to 5 s or the negotiated time-out', () => {
  let pace = paceAfterReply({ ...START_PACE, sentAtMs: 0 }, 1);
  const waits: number[] = [];
  for (let silence = 0; silence < 9; silence++) {
    waits.push(patienceMs(pace, null));
    pace = paceAfterSilence(pace);
  }
  expect(waits).toEqual([40, 80, 160, 320, 640, 1280, 2560, 5000, 5000]);
  expect(patienceMs(pace, 2)).toBe(2000);
});

test('the answer to a repeat measures nothing, and the next answer is waited for as long', () => {
  const known = paceAfterReply({ ...START_PACE, sentAtMs: 0 }, 10);
  const repeated = { ...paceAfterSilence(known), sentAtMs: 100 };
  const after = paceAfterReply(repeated, 9000);
  expect(after).toMatchObject({ smoothMs: 10 });
  expect(patienceMs(after, null)).toBe(2 * patienceMs(known, null));
  const first = paceAfterReply({ ...after, resent: false, sentAtMs: 9000 }, 9070);
  expect(first).toMatchObject({ silences: 0 });
  expect(patienceMs(first, null)).toBeGreaterThan(70);
});
