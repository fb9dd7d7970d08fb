import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StoryEvent, spansOf, splitBoots, stepsOf } from '../../src/core/boot-story.ts';

const event = (
  seconds: number,
  stage: string,
  decision: string,
  facts: Partial<StoryEvent> = {},
): StoryEvent => ({
  atMs: seconds * 1000,
  startedAtMs: seconds * 1000,
  stage,
  decision,
  reason: '',
  arch: decision === 'address' ? null : 7,
  ...facts,
});

/** The UEFI boot of docs/booting.md, beginning at a second. */
const uefiBoot = (t: number): StoryEvent[] => [
  event(t, 'dhcp offer', 'tftp'),
  event(t + 4, 'dhcp ack', 'tftp'),
  event(t + 4.1, 'tftp program', 'aborted', { arch: null }),
  event(t + 4.2, 'tftp program', 'completed', { arch: null }),
  event(t + 6, 'dhcp offer', 'script'),
  event(t + 6.1, 'dhcp ack', 'script'),
  event(t + 6.2, 'script', 'agent'),
  event(t + 7, 'kernel', 'completed', { startedAtMs: (t + 6.3) * 1000, arch: null }),
  event(t + 9, 'ramdisk', 'completed', { startedAtMs: (t + 7) * 1000, arch: null }),
  event(t + 20, 'dhcp offer', 'address'),
  event(t + 20.1, 'dhcp ack', 'address'),
  event(t + 40, 'inventory', 'taken', { arch: null }),
];
const startsOf = (events: readonly StoryEvent[], powers: number[] = []) =>
  splitBoots(events, powers).map(({ startedAtMs }) => startedAtMs / 1000);

describe('boots', () => {
  test('one boot from firmware to agent is one boot', () => {
    expect(startsOf(uefiBoot(100))).toEqual([100]);
  });

  test('begin at a power-on, also one that nothing came of', () => {
    const boots = splitBoots([...uefiBoot(100), ...uefiBoot(200)], [95_000, 195_000, 300_000]);
    expect(
      boots.map(({ number, startedAtMs, poweredAtMs, events }) => [
        number,
        startedAtMs,
        poweredAtMs,
        events.length,
      ]),
    ).toEqual([
      [1, 95_000, 95_000, 12],
      [2, 195_000, 195_000, 12],
      [3, 300_000, 300_000, 0],
    ]);
  });

  test('begin where the firmware asks again after it had got further', () => {
    expect(startsOf([...uefiBoot(100), ...uefiBoot(160)])).toEqual([100, 160]);
    const stuckAtScript = uefiBoot(100).slice(0, 6);
    expect(startsOf([...stuckAtScript, ...uefiBoot(120)])).toEqual([100, 120]);
  });

  test('do not begin with each DISCOVER of a firmware that gets no further', () => {
    const retries = [100, 104, 112, 128, 160].map((t) => event(t, 'dhcp offer', 'tftp'));
    expect(startsOf(retries)).toEqual([100]);
    expect(startsOf([...retries, event(300, 'dhcp offer', 'tftp')])).toEqual([100, 300]);
  });

  test('an iPXE ROM that asks again after its script has begun anew', () => {
    const rom = [
      event(1, 'dhcp offer', 'script'),
      event(2, 'dhcp ack', 'script'),
      event(3, 'script', 'agent'),
    ];
    expect(startsOf([...rom, event(60, 'dhcp offer', 'script')])).toEqual([1, 60]);
  });

  test('a system that renews its lease for weeks does not begin anew', () => {
    const renewals = [1, 2, 3].map((n) => event(n * 86_400, 'dhcp ack', 'address'));
    expect(startsOf([...uefiBoot(100), ...renewals])).toEqual([100]);
  });

  test('no event is lost, none is in two boots, numbers count', () => {
    const anyEvent = fc.record({
      seconds: fc.nat(5_000),
      stage: fc.constantFrom(
        'dhcp offer',
        'dhcp ack',
        'tftp program',
        'script',
        'kernel',
        'of another release',
      ),
      decision: fc.constantFrom('tftp', 'script', 'address'),
    });
    fc.assert(
      fc.property(fc.array(anyEvent), fc.array(fc.nat(5_000)), (facts, powers) => {
        const events = facts
          .sort((a, b) => a.seconds - b.seconds)
          .map(({ seconds, stage, decision }) => event(seconds, stage, decision));
        const boots = splitBoots(
          events,
          powers.map((seconds) => seconds * 1000),
        );
        expect(boots.flatMap((boot) => boot.events)).toEqual(events);
        expect(boots.map(({ number }) => number)).toEqual(boots.map((_, index) => index + 1));
      }),
    );
  });
});

test('each event has its part of the boot', () => {
  expect([
    ...new Set(stepsOf([...uefiBoot(0), event(60, 'image', 'completed'), event(90, 'dhcp ack', 'address')])),
  ]).toEqual([
    ...['firmware DHCP', 'boot program', 'iPXE DHCP', 'script', 'kernel', 'ramdisk', 'agent DHCP'],
    ...['inventory', 'image', 'system DHCP'],
  ]);
});

test('spans: what sends nothing is filled in, and each begins where its first packet began', () => {
  const [boot] = splitBoots(uefiBoot(100), [95_000]);
  const spans = boot ? spansOf(boot).map(({ step, fromMs, toMs }) => [step, fromMs / 1000, toMs / 1000]) : [];
  expect(spans).toEqual([
    ['power-on', 95, 100],
    ['firmware DHCP', 100, 104],
    ['boot program', 104.1, 104.2],
    ['iPXE DHCP', 106, 106.1],
    ['script', 106.2, 106.2],
    ['kernel', 106.3, 107],
    ['ramdisk', 107, 109],
    ['ramdisk starts', 109, 120],
    ['agent DHCP', 120, 120.1],
    ['agent starts', 120.1, 140],
    ['inventory', 140, 140],
  ]);
});
