import { describe, expect, test } from 'vitest';
import type { BootDecision } from '../../src/core/boot.ts';
import { bootFields } from '../../src/core/dhcp-boot-options.ts';
import { MAC } from './boot-samples.ts';

const SERVER = '10.0.0.1';
const client = (kind: 'PXEClient' | 'HTTPClient' | 'iPXE') => ({ mac: MAC, kind, arch: 7, uuid: null });
const BOOT_DIRECTLY = Uint8Array.of(6, 1, 8, 255);
const URL = 'http://10.0.0.1:8080/boot/x';
const localDisk = (
  form: 'pxe-e21' | 'no-file' | 'http-404' | 'script',
  url: string | null = null,
): BootDecision => ({ kind: 'local-disk', form, url, reason: '' });

describe('what a reply says to boot', () => {
  test('PXE by TFTP: 60 with 43.6 = 8, siaddr, the file in the header and in 67', () => {
    expect(
      bootFields(client('PXEClient'), { kind: 'tftp', file: 'snponly.efi', reason: '' }, SERVER),
    ).toEqual({
      siaddr: SERVER,
      file: 'snponly.efi',
      options: {
        vendorClassIdentifier: 'PXEClient',
        vendorEncapsulatedOptions: BOOT_DIRECTLY,
        tftpServerName: SERVER,
        bootFileName: 'snponly.efi',
      },
    });
  });

  test('HTTP boot: 60 = HTTPClient and an absolute URL', () => {
    const fields = bootFields(client('HTTPClient'), { kind: 'http', url: URL, reason: '' }, SERVER);
    expect(fields).toMatchObject({
      file: URL,
      options: { vendorClassIdentifier: 'HTTPClient', bootFileName: URL },
    });
  });

  test('iPXE: the script’s URL, and no wait for a ProxyDHCP server', () => {
    const fields = bootFields(client('iPXE'), { kind: 'script', url: URL, reason: '' }, SERVER);
    expect(fields.options).toEqual({
      bootFileName: URL,
      ipxeEncapsulated: new Map([[176, Uint8Array.of(1)]]),
    });
  });

  test('a URL too long for the header goes in option 67 only', () => {
    const url = `${URL}${'x'.repeat(128)}`;
    expect(bootFields(client('iPXE'), { kind: 'script', url, reason: '' }, SERVER)).toMatchObject({
      file: '',
      options: { bootFileName: url },
    });
  });

  test('UEFI to its disk: PXE-E21, which is 60 with 43.6 = 8 and no file', () => {
    expect(bootFields(client('PXEClient'), localDisk('pxe-e21'), SERVER)).toEqual({
      siaddr: '0.0.0.0',
      file: '',
      options: { vendorClassIdentifier: 'PXEClient', vendorEncapsulatedOptions: BOOT_DIRECTLY },
    });
  });

  test('BIOS to its disk: nothing at all', () => {
    expect(bootFields(client('PXEClient'), localDisk('no-file'), SERVER)).toEqual({
      siaddr: '0.0.0.0',
      file: '',
      options: {},
    });
  });

  test('60 = PXEClient never goes without 43: OVMF would wait on port 4011 for good', () => {
    const decisions: BootDecision[] = [
      { kind: 'tftp', file: 'f', reason: '' },
      { kind: 'http', url: URL, reason: '' },
      { kind: 'script', url: URL, reason: '' },
      localDisk('pxe-e21'),
      localDisk('no-file'),
      localDisk('http-404', URL),
      localDisk('script', URL),
    ];
    for (const decision of decisions) {
      const { options } = bootFields(client('PXEClient'), decision, SERVER);
      expect(options.vendorClassIdentifier === 'PXEClient').toBe(
        options.vendorEncapsulatedOptions !== undefined,
      );
    }
  });
});
