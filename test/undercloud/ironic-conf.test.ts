import { describe, expect, test } from 'vitest';
import { ironicRequirements } from '../../src/undercloud/install.ts';
import { renderIronicConf } from '../../src/undercloud/ironic-conf.ts';
import type { UndercloudSettings } from '../../src/undercloud/settings.ts';

const SETTINGS: UndercloudSettings = {
  dir: '/var/lib/blackstart/lab/undercloud',
  address: '10.77.0.1',
  apiPort: 6385,
  httpUrl: 'http://10.77.0.1:8080/ironic',
  httpRoot: '/var/lib/blackstart/lab/undercloud/http',
  deployKernel: '/var/cache/blackstart/ramdisk-1/vmlinuz',
  deployRamdisk: '/var/cache/blackstart/ramdisk-1/initramfs',
  kernelAppendParams: 'console=ttyS0,115200 nofb nomodeset',
  clean: 'metadata',
  fastTrack: true,
  limits: { deploys: 10, cleans: 10 },
  callbackTimeoutMinutes: 30,
  debug: false,
  fakeHardware: null,
};

describe("Ironic's configuration", () => {
  test('is as it was', async () => {
    await expect(renderIronicConf(SETTINGS)).toMatchFileSnapshot('../golden/undercloud/ironic.conf');
  });

  test('enables nothing without hardware but the power of an inspection', () => {
    expect(renderIronicConf(SETTINGS)).not.toContain('fake-hardware');
    const lines = renderIronicConf(SETTINGS).split('\n');
    expect(lines.filter((line) => !line.startsWith('#') && line.includes('fake'))).toEqual([
      'enabled_power_interfaces = redfish,fake',
    ]);
  });

  test('for tests has nodes without hardware', () => {
    const text = renderIronicConf({ ...SETTINGS, fakeHardware: { delaySeconds: 3 } });
    expect(text).toContain('enabled_hardware_types = redfish,manual-management,fake-hardware\n');
    expect(text).toContain('[fake]\ndeploy_delay = 3\n');
  });

  test('cleans only where the site wants it', () => {
    expect(renderIronicConf(SETTINGS)).toContain('automated_clean = true\n');
    expect(renderIronicConf({ ...SETTINGS, clean: 'none' })).toContain('automated_clean = false\n');
  });

  test('listens on the provisioning address and nowhere else', () => {
    expect(renderIronicConf(SETTINGS).match(/^host_ip = .*$/gm)).toEqual(['host_ip = 10.77.0.1']);
  });
});

describe('the packages', () => {
  test('are pinned, all of them', async () => {
    const lines = await ironicRequirements();
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(line).toMatch(/^[A-Za-z0-9._-]+==[0-9][0-9a-z.]*$/);
    for (const name of ['ironic', 'sushy', 'bcrypt'])
      expect(lines.some((line) => line.startsWith(`${name}==`))).toBe(true);
  });
});
