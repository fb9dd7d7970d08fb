import type { BootPolicy } from '../../src/core/boot.ts';
import type { BootIntent, BootNode } from '../../src/core/boot-node.ts';
import { NETBOOT_PROGRAM_NAMES } from '../../src/core/boot-programs.ts';

export const NOW_MS = 1_700_000_000_000;
export const MAC = '52:54:00:99:00:01';

export const TOOLS: BootPolicy['tools'] = {
  nic: { name: 'nic', firmware: 'uefi', cpu: 'x86_64', files: { kind: 'efi', path: '/tools/nic.efi' } },
  diag: {
    name: 'diag',
    firmware: 'any',
    cpu: 'x86_64',
    files: {
      kind: 'kernel',
      path: '/tools/diag.kernel',
      initrd: '/tools/diag.initrd',
      args: 'quiet a="b c"',
    },
  },
  cd: { name: 'cd', firmware: 'bios', cpu: 'x86_64', files: { kind: 'iso', path: '/tools/cd.iso' } },
};

export const POLICY: BootPolicy = {
  httpUrl: 'http://10.0.0.1:8080',
  unknown: 'discover',
  rejected: 'ignore',
  programs: new Set(NETBOOT_PROGRAM_NAMES),
  agentCpus: new Set(['x86_64', 'arm64']),
  secureBoot: false,
  tools: TOOLS,
  menuSeconds: null,
  raspberryPi: false,
};

export const aNode = (over: Partial<BootNode> = {}): BootNode => ({
  name: 'n1',
  macs: [MAC],
  uuid: null,
  address: null,
  hostname: 'n1',
  localDisk: 'auto',
  kernelArgs: '',
  secureBoot: false,
  quirks: [],
  approval: 'approved',
  ...over,
});

export const anIntent = (kind: Exclude<BootIntent['kind'], 'undercloud'>, endsInMs = 60_000): BootIntent => ({
  kind,
  expiresAtMs: NOW_MS + endsInMs,
  reason: 'asked by a test',
});

export const UNDERCLOUD: BootIntent = {
  kind: 'undercloud',
  path: 'pxelinux.cfg/52-54-00-99-00-01',
  reason: 'Ironic has written a boot file for it',
};

export const INTENTS: readonly BootIntent[] = [
  ...(
    [
      'discover',
      'inspect',
      'deploy',
      'clean',
      'rescue',
      'memtest',
      'tool:nic',
      'tool:none',
      'install',
    ] as const
  ).map((kind) => anIntent(kind)),
  UNDERCLOUD,
];
