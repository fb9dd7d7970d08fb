import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedQueue } from '../../src/core/bounded-queue.ts';
import { TokenBuckets } from '../../src/core/token-bucket.ts';
import { UnknownGate } from '../../src/core/unknown-limits.ts';
import { aMessage } from './dhcp-samples.ts';

const LIMITS = {
  all: { perSecond: 10, burst: 100 },
  relay: { perSecond: 5, burst: 50 },
  port: { perSecond: 1, burst: 4 },
};
const direct = aMessage('discover');
const text = (value: string) => [...value].map((character) => character.charCodeAt(0));
const relayed = (giaddr: string, port?: string) =>
  aMessage('discover', port ? { dhcpAgentOptions: Uint8Array.of(1, port.length, ...text(port)) } : {}, {
    giaddr,
  });

describe('new machines', () => {
  const admitted = (gate: UnknownGate, message: typeof direct, count: number, nowMs: number) =>
    Array.from({ length: count }, () => gate.admit(message, nowMs)).filter((reason) => reason === null)
      .length;

  test('may come at once up to the burst, then as fast as tokens do', () => {
    const gate = new UnknownGate(LIMITS);
    expect(admitted(gate, direct, 50_000, 0)).toBe(100);
    expect(gate.admit(direct, 50)).toBe('too many unknown machines');
    expect(admitted(gate, direct, 50_000, 2000)).toBe(20);
  });

  test('behind one relay leave room for those behind others', () => {
    const gate = new UnknownGate(LIMITS);
    expect(admitted(gate, relayed('10.2.0.1'), 1000, 0)).toBe(50);
    expect(gate.admit(relayed('10.2.0.1'), 0)).toBe('too many unknown machines behind the relay 10.2.0.1');
    expect(admitted(gate, relayed('10.3.0.1'), 1000, 0)).toBe(50);
  });

  test('at one switch port take nothing from its neighbours', () => {
    const gate = new UnknownGate(LIMITS);
    expect(admitted(gate, relayed('10.2.0.1', 'Eth1/7'), 1000, 0)).toBe(4);
    expect(gate.admit(relayed('10.2.0.1', 'Eth1/7'), 0)).toBe(
      'too many unknown machines at the switch port Eth1/7 of 10.2.0.1',
    );
    expect(admitted(gate, relayed('10.2.0.1', 'Eth1/8'), 1000, 0)).toBe(4);
  });
});

test('buckets stay within their bounds, whoever asks', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 2 }, 10);
  for (let key = 0; key < 10_000; key++) buckets.take(`${key}`, key);
  expect(buckets.size).toBe(10);
});

test('a clock that goes back gives no tokens', () => {
  const buckets = new TokenBuckets({ perSecond: 1000, burst: 1 }, 10);
  buckets.take('a', 1000);
  expect(buckets.has('a', 0)).toBe(false);
});

test('a queue gives back what it took, in order, and counts what it did not take', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('push' as const), fc.integer({ min: 1, max: 5 }))), (acts) => {
      const queue = new BoundedQueue<number>(4);
      const model: number[] = [];
      let dropped = 0;
      for (const [index, act] of acts.entries()) {
        if (act !== 'push') expect(queue.take(act)).toEqual(model.splice(0, act));
        else if (queue.push(index)) model.push(index);
        else dropped++;
        expect(queue.size).toBe(model.length);
        expect(model.length).toBeLessThanOrEqual(4);
      }
      expect(queue.takeDropped()).toBe(dropped);
      expect(queue.takeDropped()).toBe(0);
    }),
  );
});
