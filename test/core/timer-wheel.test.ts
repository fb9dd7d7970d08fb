import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Timed, TimerWheel } from '../../src/core/timer-wheel.ts';

interface Alarm extends Timed {
  readonly name: number;
}
const anAlarm = (name: number): Alarm => ({
  name,
  wakeAtMs: Number.POSITIVE_INFINITY,
  filedTurn: Number.POSITIVE_INFINITY,
});

/** What each alarm was last set to: the wheel's meaning, without a wheel. */
type Act =
  | { kind: 'set'; name: number; inMs: number }
  | { kind: 'cancel'; name: number }
  | { kind: 'pass'; ms: number };
const name = fc.integer({ min: 0, max: 9 });
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), name, inMs: fc.integer({ min: 0, max: 30_000 }) }),
  fc.record({ kind: fc.constant('cancel' as const), name }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
);

test('each alarm rings once, in the turn after its time, and only if it was not put off', () => {
  fc.assert(
    fc.property(fc.array(anyAct, { maxLength: 60 }), (acts) => {
      let nowMs = 1_000_000;
      const wheel = new TimerWheel<Alarm>(nowMs);
      const alarms = Array.from({ length: 10 }, (_, index) => anAlarm(index));
      const expected = new Map<number, number>();
      for (const act of [...acts, { kind: 'pass' as const, ms: 40_000 }]) {
        if (act.kind === 'pass') {
          nowMs += act.ms;
          const rung: number[] = [];
          wheel.advance(nowMs, (alarm) => rung.push(alarm.name));
          const due = [...expected].filter(([, atMs]) => atMs <= nowMs - 5).map(([each]) => each);
          for (const each of due) expect(rung).toContain(each);
          for (const each of rung) expect(expected.get(each)).toBeLessThanOrEqual(nowMs);
          expect(new Set(rung).size).toBe(rung.length);
          for (const each of rung) expected.delete(each);
          continue;
        }
        const alarm = alarms[act.name] ?? anAlarm(99);
        if (act.kind === 'cancel') wheel.cancel(alarm);
        else wheel.schedule(alarm, nowMs + act.inMs);
        if (act.kind === 'cancel') expected.delete(act.name);
        else expected.set(act.name, nowMs + act.inMs);
      }
      expect(expected.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
