import { expect, test } from 'vitest';
import { atLeast, atMost, median, percentile, rateRatio } from '../../bench/findings.ts';
import { interleave } from '../../bench/interleave.ts';
import { printReport } from '../../bench/print-report.ts';

test('the median is the middle value, or the mean of the middle two', () => {
  expect([median([9, 1, 5]), median([4, 1, 2, 100])]).toEqual([5, 3]);
  expect(() => median([])).toThrow(RangeError);
});

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([100, 198, 7]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('bounds are met on the bound itself', () => {
  expect([atLeast('a', 2, 2).met, atLeast('a', 1.999, 2).met]).toEqual([true, false]);
  expect([atMost('a', 0, 0).met, atMost('a', 1, 0).met]).toEqual([true, false]);
});

test('a figure that was never taken meets nothing', () => {
  expect([atLeast('a', Number.NaN, 2).met, atMost('a', Number.NaN, 0).met]).toEqual([false, false]);
  expect(rateRatio('a', { ours: 10, peer: 1, ceiling: Number.NaN }, 2).met).toBe(false);
});

test('a rate within a fifth of the generator’s ceiling is the generator’s, and no target is met by it', () => {
  expect(rateRatio('rate', { ours: 79, peer: 10, ceiling: 100 }, 2)).toMatchObject({ met: true, value: 7.9 });
  const bound = rateRatio('rate', { ours: 80, peer: 10, ceiling: 100 }, 2);
  expect(bound).toEqual({ name: 'rate (generator-bound)', value: 8, target: 2, met: false });
});

test('subjects take turns, run by run, and the median is what is told', async () => {
  const order: string[] = [];
  const values = [1, 10, 5, 30, 2, 20];
  const one = {
    name: 'case',
    async run({ name }: { name: string }) {
      order.push(name);
      return [
        { metric: 'rate', value: values.shift() ?? 0, unit: '/s' },
        { metric: 'lost', value: Number.NaN, unit: '' },
      ];
    },
  };
  const context = { quick: false, runs: 3, say: () => {}, signal: new AbortController().signal };
  const rows = await interleave([one], [{ name: 'a' }, { name: 'b' }], context);
  expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(rows).toEqual([
    { case: 'case', subject: 'a', metric: 'rate', value: 2, unit: '/s', runs: 3 },
    { case: 'case', subject: 'b', metric: 'rate', value: 20, unit: '/s', runs: 3 },
  ]);
});

test('the report names machine, figures, what was met and what was left out', () => {
  const text = printReport({
    bench: 'dhcp',
    machine: { cpu: 'a processor', cores: 2, kernel: '6.1', node: '24.0.0' },
    rows: [{ case: 'direct', subject: 'Kea', metric: 'rate', value: 3000, unit: 'DORA/s', runs: 5 }],
    ratios: [atLeast('of Kea’s', 2.5, 2)],
    notes: ['left out: dnsmasq'],
  });
  expect(text).toBe(
    [
      'dhcp: a processor, 2 cores, Linux 6.1, Node 24.0.0',
      '',
      'CASE    SUBJECT  METRIC  VALUE  UNIT    RUNS',
      'direct  Kea      rate    3000   DORA/s  5',
      '',
      'RATIO     VALUE  TARGET  MET',
      'of Kea’s  2.5    2       yes',
      '',
      '- left out: dnsmasq',
      '',
    ].join('\n'),
  );
});
