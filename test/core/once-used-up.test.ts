import { expect, test } from 'vitest';
import { isUsedUp } from '../../src/core/once-used-up.ts';
import { TOOLS } from './boot-samples.ts';

const fetched = (stage: string, file: string, decision = 'completed') => ({ stage, file, decision });

test.each([
  ['rescue', fetched('ramdisk', '/agent/initramfs'), true],
  ['rescue', fetched('kernel', '/agent/kernel'), false],
  ['rescue', fetched('ramdisk', '/agent/initramfs', 'failed'), false],
  ['memtest', fetched('http program', '/boot/memtest.bin'), true],
  ['memtest', fetched('tftp program', 'snponly.efi'), false],
  ['tool:nic', fetched('tool', '/tools/nic.efi'), true],
  ['tool:diag', fetched('tool', '/tools/diag.kernel'), false],
  ['tool:diag', fetched('tool', 'tools/diag.initrd'), true],
  ['tool:diag', fetched('tool', '/tools/diag.initrd'), true],
  ['tool:cd', fetched('tool', '/tools/cd.iso', 'part'), true],
  ['tool:gone', fetched('tool', '/tools/gone.efi'), false],
  ['discover', fetched('ramdisk', '/agent/initramfs'), false],
] as const)('a wish for %s after %o', (intent, event, usedUp) => {
  expect(isUsedUp(intent, event, TOOLS)).toBe(usedUp);
});
