import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchBootPrograms } from '../../src/artefacts/boot-programs.ts';
import { buildRamdisk } from '../../src/artefacts/ramdisk.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import { run } from '../../src/exec/run.ts';
import { aNode } from '../core/boot-samples.ts';
import { FirmwareLab, MACHINE_MAC } from './firmware-lab.ts';

const whyNot = FirmwareLab.whyNot('uefi') ?? FirmwareLab.whyNot('bios');
if (whyNot) console.log(`skipped: ${whyNot}`);

const LIMIT_MS = 240_000;
const LASTING = { expiresAtMs: Date.now() + 3_600_000, reason: 'asked by a test' };

describe.skipIf(whyNot !== null)('real firmware and what it boots besides the agent', () => {
  const lab = new FirmwareLab();
  let programs: Record<string, string> = {};
  const node = (over: Partial<BootNode> = {}) => [aNode({ macs: [MACHINE_MAC], ...over })];

  beforeAll(async () => {
    const { dir } = await fetchBootPrograms();
    const fetched = (await readdir(dir)).filter((name) => !name.endsWith('.json'));
    programs = Object.fromEntries([
      ...fetched.map((name) => [name, join(dir, name)]),
      ['snponly.efi', '/usr/lib/ipxe/snponly.efi'],
      ['undionly.kpxe', '/usr/lib/ipxe/undionly.kpxe'],
    ]);
    await lab.open();
  }, LIMIT_MS);
  afterAll(() => lab.close());

  test('shim and GRUB show the menu, and then start the loader on the disk', {
    timeout: LIMIT_MS,
  }, async () => {
    const policy = { secureBoot: true, menuSeconds: 2 };
    await lab.serve({ programs, policy, nodes: node({ secureBoot: true }) });
    const disk = await diskWithLoader(lab.folder, 'the loader on the disk runs');
    const drive = ['-drive', `file=${disk},if=none,id=d0,format=raw`];
    const boot = await lab.boot('uefi', /the loader on the disk runs/, 120_000, [
      ...drive,
      ...['-device', 'virtio-blk-pci,drive=d0,bootindex=2'],
    ]);
    expect([boot.seen, boot.seen ? '' : boot.console]).toEqual([true, '']);
    expect(boot.console).toContain('Local disk (node n1: no boot intent)');
    const scripts = boot.events.filter(({ stage }) => stage === 'script');
    expect(scripts.map(({ decision }) => decision)).toEqual(['menu', 'local-disk']);
  });

  test('a rescue has a shell on the console, the site’s keys, and calls nobody', {
    timeout: 900_000,
  }, async () => {
    const agent = await buildRamdisk({ kernel: 'cloud' });
    const keys = join(lab.folder, 'keys');
    writeFileSync(keys, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 of-a-test\n');
    await lab.serve({
      programs: { ...programs, authorized_keys: keys },
      agent: { kernel: agent.kernel, initramfs: agent.initramfs },
      policy: { kernelArgs: 'console=ttyS0,115200' },
      nodes: node(),
      intents: { [MACHINE_MAC]: { kind: 'rescue', ...LASTING } },
    });
    const boot = await lab.boot('bios', /rescue: ssh root@[\s\S]*root@\S+:.*#/, 180_000);
    expect([boot.seen, boot.seen ? '' : boot.console]).toEqual([true, '']);
    expect(boot.console).toMatch(/Fingerprint: \S+/);
    expect(boot.console).not.toMatch(/no public keys from|starting the agent/);
    const last = boot.events.at(-1);
    expect(last).toMatchObject({ file: '/boot/authorized_keys', decision: 'completed', mac: MACHINE_MAC });
    expect(boot.events.some(({ stage }) => stage === 'inventory')).toBe(false);
  });
});

/** A disk of one FAT file system with a GRUB, in the place where firmware looks first, that says `text` and waits. */
async function diskWithLoader(folder: string, text: string): Promise<string> {
  const [disk, program, config] = ['disk.img', 'disk.efi', 'disk.cfg'].map((name) => join(folder, name));
  if (!disk || !program || !config) throw new Error('no names');
  writeFileSync(config, `echo "${text}"\nsleep 60\n`);
  const modules = ['normal', 'echo', 'sleep', 'fat'];
  const target = ['-O', 'x86_64-efi', '-p', '/boot/grub', '-c', config, '-o', program];
  await run('grub-mkimage', [...target, ...modules]);
  writeFileSync(disk, Buffer.alloc(32 * 1024 * 1024));
  await run('/usr/sbin/mkfs.vfat', [disk]);
  await run('mmd', ['-i', disk, '::/EFI', '::/EFI/BOOT']);
  await run('mcopy', ['-i', disk, program, '::/EFI/BOOT/BOOTX64.EFI']);
  return disk;
}
