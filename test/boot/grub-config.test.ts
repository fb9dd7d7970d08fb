import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { decide } from '../../src/boot/boot-segment.ts';
import { grubConfig } from '../../src/boot/grub-config.ts';
import type { BootClient } from '../../src/core/boot.ts';
import type { BootIntent, BootNode } from '../../src/core/boot-node.ts';
import { aNode, anIntent } from '../core/boot-samples.ts';
import { aSegment, MAC, someArtefacts } from './a-segment.ts';

const { folder, artefacts } = someArtefacts();
const bootFile = join(artefacts.ironic?.httpRoot ?? '', 'pxelinux.cfg', '52-54-00-99-00-01');
const UNDERCLOUD: BootIntent = {
  kind: 'undercloud',
  path: 'pxelinux.cfg/52-54-00-99-00-01',
  reason: 'Ironic has written a boot file for it',
};
afterAll(() => rmSync(folder, { recursive: true }));

async function configFor(node: BootNode | null, intent: BootIntent | null, over: Partial<BootClient> = {}) {
  const client: BootClient = { arch: 7, mac: MAC, kind: 'GRUB', stage: 'script', ...over };
  const menuSeconds = over.chosen === undefined ? null : 5;
  const nodes = node ? [node] : [];
  const { segment } = aSegment({ artefacts, nodes, intent, policy: { menuSeconds } });
  return grubConfig(segment, client, decide(segment, client, node));
}
const lasting = (kind: 'inspect' | 'rescue' | 'memtest' | `tool:${string}`) => ({
  ...anIntent(kind),
  expiresAtMs: Date.now() + 9999,
});

test('an unknown machine boots the agent, by paths of this server', async () => {
  const config = await configFor(null, null);
  expect(config).toContain(
    'linux /agent/kernel ipa-inspection-callback-url=http://127.0.0.1:8080/v1/discovery ',
  );
  expect(config).toContain(`BOOTIF=${MAC}`);
  expect(config).toMatch(/^initrd \/agent\/initramfs$/m);
});

test('a rescue has no agent and no callback', async () => {
  const config = await configFor(aNode(), lasting('rescue'));
  expect(config).toContain(
    'linux /agent/kernel blackstart.rescue=http://127.0.0.1:8080/boot/authorized_keys ',
  );
  expect(config).not.toMatch(/ipa-/);
});

test('a node’s kernel arguments are words, and nothing of GRUB’s language', async () => {
  const node = aNode({ kernelArgs: `a="b c" d;reboot $(x) it's {y}` });
  const config = await configFor(node, lasting('inspect'));
  expect(config).toContain(` 'a="b c"' 'd;reboot' '$(x)' 'it'\\''s' '{y}'\n`);
});

test('the local disk is started, and only then left for the firmware', async () => {
  const config = await configFor(aNode(), null);
  expect(config).toContain('chainloader ($disk)/EFI/$system/$program');
  expect(config).toMatch(/exit 1\n$/);
  expect(await configFor(aNode({ localDisk: 'exit-0' }), null)).toMatch(/no boot intent\nexit\n$/);
});

test.each([
  ['memtest', /there is no memtest for arm64/, 11],
  ['tool:diag', /is for x86_64, the machine is arm64/, 11],
  ['tool:cd', /is for bios, the machine has uefi/, 7],
] as const)('%s where it cannot be: says why', async (kind, why, arch) => {
  const config = await configFor(aNode(), lasting(kind), { arch });
  expect(config).toMatch(why);
  expect(config).toMatch(/exit 1\n$/);
});

test('tools: a kernel with its ramdisk, an EFI program', async () => {
  expect(await configFor(aNode(), lasting('tool:diag'))).toMatch(
    /linux \/tools\/diag.kernel quiet 'a="b c"'\ninitrd \/tools\/diag.initrd\nboot/,
  );
  expect(await configFor(aNode(), lasting('tool:nic'))).toMatch(/chainloader \/tools\/nic.efi\nboot/);
});

test('the menu: what would happen comes first, and waits', async () => {
  const config = await configFor(aNode(), null, { chosen: null });
  expect(config).toContain(
    'set timeout=5\nset default=0\nmenuentry "Local disk (node n1: no boot intent)" {',
  );
  expect(config).toContain(`configfile "/grub/x86_64/${MAC}/rescue.cfg"`);
});

describe('what Ironic wrote for iPXE, in GRUB’s words', () => {
  const SCRIPT = [
    '#!ipxe',
    'set attempts:int32 10',
    'goto deploy',
    '',
    ':deploy',
    'imgfree',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: iPXE's own variable
    'kernel --timeout 60000 http://127.0.0.1:8080/ironic/u1/deploy_kernel selinux=0 text x=1 BOOTIF=${mac} initrd=deploy_ramdisk || goto retry',
    'initrd http://127.0.0.1:8080/ironic/u1/deploy_ramdisk || goto retry',
    'boot',
    ':retry',
    'poweroff',
    ':boot_whole_disk',
    'sanboot --no-describe || exit 0',
  ].join('\n');
  beforeEach(() => writeFileSync(bootFile, SCRIPT));

  test('its agent', async () => {
    expect(await configFor(aNode(), UNDERCLOUD)).toContain(
      `linux /ironic/u1/deploy_kernel selinux=0 text x=1 BOOTIF=${MAC}\ninitrd /ironic/u1/deploy_ramdisk\nboot\n`,
    );
  });

  test('its local disk', async () => {
    writeFileSync(bootFile, SCRIPT.replace('goto deploy', 'goto boot_whole_disk'));
    expect(await configFor(aNode(), UNDERCLOUD)).toContain('chainloader ($disk)');
  });

  test.each([
    [
      'another server’s files',
      ['127.0.0.1:8080/ironic/u1/deploy_kernel', '10.0.0.9/k'],
      /not http:\/\/10.0.0.9\/k/,
    ],
    ['a volume', ['imgfree', 'sanhook --drive 0x80 iscsi:1.2.3.4'], /which only iPXE can do/],
    ['a label that is not there', ['goto deploy', 'goto nowhere'], /goes to nowhere, which is not there/],
    ['a circle', ['boot', 'goto deploy'], /comes to no end/],
  ])('%s are refused with the reason', async (_, [from, to], why) => {
    writeFileSync(bootFile, SCRIPT.replace(from ?? '', to ?? ''));
    const config = await configFor(aNode(), UNDERCLOUD);
    expect(config).toMatch(why);
    expect(config).not.toContain('linux ');
  });

  test('a boot file that is gone', async () => {
    rmSync(bootFile);
    expect(await configFor(aNode(), UNDERCLOUD)).toMatch(/Ironics boot file is gone/);
  });
});
