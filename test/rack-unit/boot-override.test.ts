import { describe, expect, test } from 'vitest';
import { type BootOverride, consumeBoot, NO_OVERRIDE, patchBoot } from '../../src/rack/boot-override.ts';

const once: BootOverride = { enabled: 'Once', target: 'Pxe' };
const continuous: BootOverride = { enabled: 'Continuous', target: 'Hdd' };

describe('a boot', () => {
  test('uses a Once up', () => {
    expect(consumeBoot(once)).toEqual({ target: 'Pxe', next: NO_OVERRIDE });
  });
  test('keeps a Continuous', () => {
    expect(consumeBoot(continuous)).toEqual({ target: 'Hdd', next: continuous });
  });
  test('without an override follows the firmware', () => {
    expect(consumeBoot(NO_OVERRIDE)).toEqual({ target: 'None', next: NO_OVERRIDE });
  });
});

describe('a PATCH', () => {
  test.each([
    ['both', NO_OVERRIDE, once, once],
    ['only the target', continuous, { target: 'Pxe' }, { enabled: 'Continuous', target: 'Pxe' }],
    ['only how often', continuous, { enabled: 'Once' }, { enabled: 'Once', target: 'Hdd' }],
    ['Disabled', once, { enabled: 'Disabled' }, NO_OVERRIDE],
    ['the target None', continuous, { target: 'None' }, NO_OVERRIDE],
    ['a target while disabled', NO_OVERRIDE, { target: 'Pxe' }, NO_OVERRIDE],
  ] as const)('of %s', (_name, before, patch, after) => {
    expect(patchBoot(before, patch)).toEqual(after);
  });
});
