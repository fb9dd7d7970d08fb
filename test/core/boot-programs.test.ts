import { describe, expect, test } from 'vitest';
import { type BootClient, type BootDecision, decideBoot } from '../../src/core/boot.ts';
import { aNode, anIntent, MAC, NOW_MS, POLICY } from './boot-samples.ts';

const client = (
  kind: BootClient['kind'],
  arch: number,
  stage: BootClient['stage'] = 'dhcp',
  chosen: string | null = null,
): BootClient => ({ kind, arch, stage, chosen, mac: MAC });

describe('Secure Boot', () => {
  const signed = { ...POLICY, secureBoot: true };
  test.each<[string, BootClient, Partial<BootDecision>]>([
    ['x64 by PXE gets shim', client('PXEClient', 7), { kind: 'tftp', file: 'shimx64.efi' }],
    ['so does code 9', client('PXEClient', 9), { kind: 'tftp', file: 'shimx64.efi' }],
    ['ARM64 by PXE gets its own shim', client('PXEClient', 11), { kind: 'tftp', file: 'shimaa64.efi' }],
    ['a BIOS has none', client('PXEClient', 0), { kind: 'tftp', file: 'undionly.kpxe' }],
    ['HTTP boot goes on at once', client('HTTPClient', 16), { kind: 'local-disk', form: 'http-404' }],
    ['iPXE that runs already gets its script', client('iPXE', 7), { kind: 'script' }],
    ['GRUB gets the same decision', client('GRUB', 7, 'script'), { kind: 'agent', purpose: 'agent' }],
  ])('%s', (_, asker, expected) => {
    expect(decideBoot(asker, null, null, signed, NOW_MS)).toMatchObject(expected);
  });

  test('is the node’s own choice, in both directions', () => {
    const file = (site: boolean, own: boolean) => {
      const node = aNode({ secureBoot: own });
      const policy = { ...POLICY, secureBoot: site };
      return decideBoot(client('PXEClient', 7), node, anIntent('inspect'), policy, NOW_MS);
    };
    expect(file(false, true)).toMatchObject({ file: 'shimx64.efi' });
    expect(file(true, false)).toMatchObject({ file: 'snponly.efi' });
  });

  test('never falls back to a program that the firmware would refuse', () => {
    const policy = { ...signed, programs: new Set(['snponly.efi']) };
    expect(decideBoot(client('PXEClient', 7), null, null, policy, NOW_MS)).toEqual({
      kind: 'ignore',
      reason: 'architecture 7 (x64 UEFI) needs shimx64.efi, which this seed does not have',
    });
  });
});

describe('ARM64', () => {
  test('gets GRUB where the site brings no iPXE of its own', () => {
    const policy = { ...POLICY, programs: new Set(['snponly.efi', 'grubaa64.efi']) };
    expect(decideBoot(client('PXEClient', 11), null, null, policy, NOW_MS)).toMatchObject({
      file: 'grubaa64.efi',
    });
  });

  test('is told plainly that there is no ramdisk for it', () => {
    const policy = { ...POLICY, agentCpus: new Set(['x86_64']) };
    expect(decideBoot(client('GRUB', 11, 'script'), null, null, policy, NOW_MS)).toEqual({
      kind: 'ignore',
      reason: 'no agent ramdisk for aarch64',
    });
  });
});

describe('what a person asked for once', () => {
  const decide = (kind: Parameters<typeof anIntent>[0], arch: number, over = {}, endsInMs = 1) =>
    decideBoot(client('iPXE', arch, 'script'), aNode(over), anIntent(kind, endsInMs), POLICY, NOW_MS);

  test.each<[string, BootDecision, Partial<BootDecision>]>([
    [
      'rescue',
      decide('rescue', 0, { kernelArgs: 'quiet' }),
      { kind: 'agent', purpose: 'rescue', kernelArgs: 'quiet' },
    ],
    [
      'memtest on BIOS',
      decide('memtest', 0),
      { kind: 'program', files: { kind: 'kernel', path: '/boot/memtest.bin', initrd: null, args: '' } },
    ],
    [
      'memtest on UEFI',
      decide('memtest', 7),
      { kind: 'program', files: { kind: 'efi', path: '/boot/memtest.efi' } },
    ],
    ['memtest on ARM64', decide('memtest', 11), { kind: 'ignore' }],
    ['memtest with Secure Boot', decide('memtest', 7, { secureBoot: true }), { kind: 'ignore' }],
    ['a tool', decide('tool:nic', 7), { kind: 'program', name: 'nic' }],
    ['a tool for other firmware', decide('tool:nic', 0), { kind: 'ignore' }],
    ['a tool that the site does not name', decide('tool:none', 7), { kind: 'ignore' }],
    ['a tool by a name of JavaScript’s', decide('tool:constructor', 7), { kind: 'ignore' }],
    ['after its end', decide('rescue', 0, {}, 0), { kind: 'local-disk' }],
    ['of a rejected machine', decide('rescue', 0, { approval: 'rejected' }), { kind: 'ignore' }],
  ])('%s', (_, decision, expected) => {
    expect(decision).toMatchObject(expected);
  });
});

describe('the menu, where the site has one', () => {
  const policy = { ...POLICY, menuSeconds: 5 };
  const decide = (asker: BootClient, intent: Parameters<typeof decideBoot>[2] = null, over = {}) =>
    decideBoot(asker, aNode(over), intent, policy, NOW_MS);

  test('a machine that would go to its disk loads what shows it', () => {
    expect(decide(client('PXEClient', 0))).toMatchObject({ kind: 'tftp', file: 'undionly.kpxe' });
    expect(decide(client('iPXE', 0))).toMatchObject({ kind: 'script' });
  });

  test('lists what the machine can boot, what would happen anyway first', () => {
    const menu = decide(client('iPXE', 0, 'script'));
    expect(menu).toMatchObject({ kind: 'menu', seconds: 5 });
    const names = menu.kind === 'menu' ? menu.entries.map(({ name }) => name) : [];
    expect(names).toEqual(['default', 'local-disk', 'rescue', 'memtest', 'tool:diag', 'tool:cd']);
  });

  test.each<[string, Partial<BootDecision>]>([
    ['default', { kind: 'local-disk', form: 'sanboot', reason: 'node n1: no boot intent' }],
    ['local-disk', { kind: 'local-disk', form: 'sanboot' }],
    ['rescue', { kind: 'agent', purpose: 'rescue' }],
    ['memtest', { kind: 'program', name: 'memtest' }],
    ['tool:diag', { kind: 'program', name: 'diag' }],
    ['discover', { kind: 'ignore', reason: 'the menu has no entry "discover"' }],
    ['deploy', { kind: 'ignore' }],
  ])('%s', (chosen, expected) => {
    expect(decide(client('iPXE', 0, 'script', chosen))).toMatchObject(expected);
  });

  test('shows nothing to a rejected machine', () => {
    expect(decide(client('iPXE', 0, 'script', 'rescue'), null, { approval: 'rejected' }).kind).toBe('ignore');
  });

  test('nothing can be taken from a menu where the site has none', () => {
    const asker = client('iPXE', 0, 'script', 'rescue');
    expect(decideBoot(asker, aNode(), null, POLICY, NOW_MS).kind).toBe('local-disk');
  });
});

test.each([
  ['GRUB', 7, 'auto', 'chainload'],
  ['GRUB', 7, 'exit', 'exit'],
  ['GRUB', 7, 'exit-0', 'exit-0'],
  ['iPXE', 7, 'chainload', 'exit'],
  ['iPXE', 7, 'exit-0', 'exit-0'],
  ['iPXE', 0, 'auto', 'sanboot'],
] as const)('%s of architecture %i hands over to the disk: %s is %s', (kind, arch, localDisk, form) => {
  const decision = decideBoot(client(kind, arch, 'script'), aNode({ localDisk }), null, POLICY, NOW_MS);
  expect(decision).toMatchObject({ kind: 'local-disk', form });
});
