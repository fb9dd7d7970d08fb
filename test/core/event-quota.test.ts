import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CountedEvent, EventQuota } from '../../src/core/event-quota.ts';

const RULES = {
  node: { burst: 10, perSecond: 1 },
  stranger: { burst: 5, perSecond: 1 },
  strangers: { burst: 20, perSecond: 10 },
};

const event = (facts: Partial<CountedEvent> = {}): CountedEvent => ({
  mac: '52:54:00:00:00:01',
  node: null,
  address: null,
  stage: 'dhcp offer',
  decision: 'tftp',
  network: 'provisioning',
  ...facts,
});
const macOf = (n: number) =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
const admitted = (quota: EventQuota, events: readonly CountedEvent[], nowMs = 0) =>
  events.filter((each) => quota.admit(each, nowMs)).length;

describe('the quota of events', () => {
  test('a stranger that repeats itself is summed up, with how often and in what time', () => {
    const quota = new EventQuota(RULES, 0);
    for (let i = 0; i < 12; i++) quota.admit(event(), i * 10);
    expect(quota.takeLeftOut()).toEqual([{ ...event(), count: 7, firstAtMs: 50, lastAtMs: 110 }]);
    expect(quota.takeLeftOut()).toEqual([]);
  });

  test('thousands of forged MACs share one budget and one summary', () => {
    const quota = new EventQuota(RULES, 0);
    const flood = Array.from({ length: 5_000 }, (_, i) => event({ mac: macOf(i) }));
    expect(admitted(quota, flood)).toBe(RULES.strangers.burst);
    expect(quota.takeLeftOut()).toMatchObject([{ mac: null, node: null, count: 4_980 }]);
    expect(admitted(quota, flood, 1_000)).toBe(RULES.strangers.perSecond);
  });

  test('a flood takes nothing from a node, nor from a stranger that came as far as HTTP', () => {
    const quota = new EventQuota(RULES, 0);
    admitted(
      quota,
      Array.from({ length: 5_000 }, (_, i) => event({ mac: macOf(i) })),
    );
    expect(quota.admit(event({ node: 'lab-1' }), 0)).toBe(true);
    expect(quota.admit(event({ mac: 'aa:00:00:00:00:01', stage: 'kernel' }), 0)).toBe(true);
    expect(quota.admit(event(), 0)).toBe(false);
  });

  test('what is left out and what is kept make up all that came', () => {
    const anyEvent = fc.record({
      mac: fc.option(fc.nat(600).map(macOf)),
      node: fc.option(fc.constantFrom('a', 'b')),
      stage: fc.constantFrom('dhcp offer', 'dhcp ack', 'script'),
    });
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 2_000, size: 'max' }), (list) => {
        const quota = new EventQuota(RULES, 0);
        const kept = admitted(
          quota,
          list.map((facts) => event(facts)),
        );
        const left = quota.takeLeftOut();
        expect(kept + left.reduce((sum, { count }) => sum + count, 0)).toBe(list.length);
        expect(left.length).toBeLessThanOrEqual(256 + 3);
      }),
      { numRuns: 50 },
    );
  });
});
