import { describe, expect, test } from 'vitest';
import { type BootSight, explainSilence } from '../../src/core/diagnosis.ts';

const sight = (text: string, reason = ''): BootSight => {
  const [stage = '', decision = ''] = text.split(' → ');
  return { stage, decision, reason, atMs: 1_000 };
};
const explain = (...sights: (string | BootSight)[]) =>
  explainSilence(
    sights.map((each) => (typeof each === 'string' ? sight(each) : each)),
    11_000,
  );

describe('where a machine that says nothing stands', () => {
  test('nothing was ever heard', () => {
    expect(explain().seen).toBe('not one DHCP packet came from it');
  });

  test.each<[string, (string | BootSight)[], RegExp]>([
    ['offered, not taken', ['dhcp offer → tftp', 'dhcp offer → tftp'], /never took the offer/],
    ['acknowledged, no TFTP', ['dhcp offer → tftp', 'dhcp ack → tftp'], /never asked for the program/],
    [
      'another server',
      ['dhcp offer → tftp', sight('dhcp ignored → tftp', 'the machine chose the server 10.77.0.9')],
      /another DHCP server/,
    ],
    [
      'only an operating system',
      ['dhcp offer → address', 'dhcp ack → address'],
      /firmware never asked to netboot/,
    ],
    ['pool exhausted', ['dhcp exhausted → tftp'], /pool has none left/],
    ['ignored', ['dhcp ignored → ignore'], /did not answer/],
    ['told to boot its disk', ['dhcp ack → local-disk'], /told to boot from its disk/],
    ['TFTP probe only', ['dhcp ack → tftp', 'tftp program → aborted'], /never ended/],
    ['TFTP, another file', ['dhcp ack → tftp', 'tftp program → not found'], /does not serve/],
    [
      'Secure Boot',
      ['dhcp ack → tftp', 'tftp program → aborted', 'tftp program → completed'],
      /loaded the network boot program/,
    ],
    ['iPXE offered', ['tftp program → completed', 'dhcp offer → script'], /did not take it/],
    ['iPXE without HTTP', ['tftp program → completed', 'dhcp ack → script'], /never asked for it/],
    ['script only', ['dhcp ack → script', 'script → agent'], /never asked for the kernel/],
    ['script says disk', ['dhcp ack → script', 'script → local-disk'], /told to boot from its disk/],
    ['kernel broke off', ['script → agent', 'kernel → failed'], /broke off/],
    ['no kernel built', ['script → agent', 'kernel → not found'], /does not have/],
    ['kernel only', ['script → agent', 'kernel → completed'], /did not finish fetching the ramdisk/],
    ['ramdisk broke off', ['kernel → completed', 'ramdisk → failed'], /did not finish fetching the ramdisk/],
    [
      'agent silent',
      ['kernel → completed', 'ramdisk → completed', 'dhcp ack → address'],
      /no agent has called back/,
    ],
  ])('%s', (_, sights, seen) => {
    const explained = explain(...sights);
    expect(explained.seen).toMatch(seen);
    expect(explained.seen).toMatch(/last sign 10 s ago/);
    expect(explained.remedy).toMatch(/^[A-Z].*\.$/);
  });
});
