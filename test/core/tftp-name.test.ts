import { expect, test } from 'vitest';
import { tidyName } from '../../src/core/tftp-name.ts';

test.each([
  ['snponly.efi', 'snponly.efi'],
  ['/grub/x86_64-efi/command.lst', 'grub/x86_64-efi/command.lst'],
  ['//sb//./grubx64.efi', 'sb/grubx64.efi'],
  ['\\Boot\\bootmgfw.efi', 'Boot/bootmgfw.efi'],
  ['%2e%2e/secret', '%2e%2e/secret'],
  ['..name', '..name'],
  ['../secret', null],
  ['a/../../secret', null],
  ['a\\..\\secret', null],
  ['snponly.efi\0.png', null],
  ['a\nb', null],
  ['', null],
  ['/', null],
])('%j is looked up as %j', (asked, name) => {
  expect(tidyName(asked)).toBe(name);
});
