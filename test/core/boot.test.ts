import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BootClient, type BootDecision, decideBoot, refuseDhcp } from '../../src/core/boot.ts';
import { CLIENT_ARCHS } from '../../src/wire/arch.ts';
import { aNode, anIntent, INTENTS, MAC, NOW_MS, POLICY, UNDERCLOUD } from './boot-samples.ts';

const client = (kind: BootClient['kind'], arch: number, stage: BootClient['stage'] = 'dhcp'): BootClient => ({
  kind,
  arch,
  stage,
  mac: MAC,
});
const PXE_BIOS = client('PXEClient', 0);
const PXE_UEFI = client('PXEClient', 7);
const HTTP_UEFI = client('HTTPClient', 16);
const IPXE_BIOS = client('iPXE', 0);
const SCRIPT_BIOS = client('iPXE', 0, 'script');
const SCRIPT_UEFI = client('iPXE', 7, 'script');
const SCRIPT_URL = 'http://10.0.0.1:8080/boot/0/52-54-00-99-00-01.ipxe';

describe('an unknown machine, where the site discovers', () => {
  test.each<[string, BootClient, Partial<BootDecision>]>([
    ['BIOS PXE loads iPXE', PXE_BIOS, { kind: 'tftp', file: 'undionly.kpxe' }],
    ['UEFI PXE loads iPXE', PXE_UEFI, { kind: 'tftp', file: 'snponly.efi' }],
    ['architecture 9 is x64 UEFI too', client('PXEClient', 9), { kind: 'tftp', file: 'snponly.efi' }],
    [
      'UEFI HTTP boot loads iPXE by URL',
      HTTP_UEFI,
      { kind: 'http', url: 'http://10.0.0.1:8080/boot/snponly.efi' },
    ],
    ['ARM64 gets its own file', client('PXEClient', 11), { kind: 'tftp', file: 'snponly-arm64.efi' }],
    ['iPXE gets the script, not itself again', IPXE_BIOS, { kind: 'script', url: SCRIPT_URL }],
    ['the script boots the agent', SCRIPT_UEFI, { kind: 'agent', kernelArgs: '' }],
    ['32-bit ARM is sent nothing', client('PXEClient', 10), { kind: 'ignore' }],
    ['an unknown architecture is sent nothing', client('PXEClient', 999), { kind: 'ignore' }],
  ])('%s', (_, asker, expected) => {
    expect(decideBoot(asker, null, null, POLICY, NOW_MS)).toMatchObject(expected);
  });

  test('a program that is not there is not named', () => {
    const policy = { ...POLICY, programs: new Set(['snponly.efi']) };
    const decision = decideBoot(client('PXEClient', 11), null, null, policy, NOW_MS);
    expect(decision).toEqual({
      kind: 'ignore',
      reason:
        'architecture 11 (ARM64 UEFI) needs snponly-arm64.efi or grubaa64.efi, which this seed does not have',
    });
  });
});

test('an unknown machine is ignored where the site says so', () => {
  const policy = { ...POLICY, unknown: 'ignore' as const };
  expect(decideBoot(PXE_UEFI, null, null, policy, NOW_MS).kind).toBe('ignore');
  expect(refuseDhcp(null, null, policy)).toBe('the MAC address is in no inventory');
});

describe('a known machine without intent goes to its local disk', () => {
  test.each<[string, BootClient, Partial<BootDecision>]>([
    ['UEFI PXE by PXE-E21', PXE_UEFI, { form: 'pxe-e21' }],
    ['BIOS PXE by no file', PXE_BIOS, { form: 'no-file' }],
    ['HTTP boot by a 404', HTTP_UEFI, { form: 'http-404', url: 'http://10.0.0.1:8080/boot/local-disk.efi' }],
    ['iPXE by its script', IPXE_BIOS, { form: 'script', url: SCRIPT_URL }],
    ['the script on BIOS by sanboot', SCRIPT_BIOS, { form: 'sanboot' }],
    ['the script on UEFI by exit', SCRIPT_UEFI, { form: 'exit' }],
  ])('%s', (_, asker, expected) => {
    const decision = decideBoot(asker, aNode(), null, POLICY, NOW_MS);
    expect(decision).toMatchObject({ kind: 'local-disk', reason: 'node n1: no boot intent', ...expected });
  });

  test('the way may be the node’s own', () => {
    const decision = decideBoot(SCRIPT_BIOS, aNode({ localDisk: 'exit' }), null, POLICY, NOW_MS);
    expect(decision).toMatchObject({ kind: 'local-disk', form: 'exit' });
  });
});

test('an expired intent is none, to the millisecond', () => {
  const decide = (endsInMs: number) =>
    decideBoot(PXE_UEFI, aNode(), anIntent('deploy', endsInMs), POLICY, NOW_MS);
  expect(decide(1).kind).toBe('tftp');
  expect(decide(0)).toMatchObject({
    kind: 'local-disk',
    reason: 'node n1: its boot intent "deploy" has expired',
  });
});

test('Ironic’s boot file is chained into, and needs no end', () => {
  expect(decideBoot(SCRIPT_UEFI, aNode(), UNDERCLOUD, POLICY, NOW_MS)).toMatchObject({
    kind: 'chain',
    url: 'http://10.0.0.1:8080/ironic/pxelinux.cfg/52-54-00-99-00-01',
  });
});

test('the agent gets the node’s own kernel arguments', () => {
  const node = aNode({ kernelArgs: 'nosplash' });
  expect(decideBoot(SCRIPT_UEFI, node, anIntent('inspect'), POLICY, NOW_MS)).toMatchObject({
    kind: 'agent',
    kernelArgs: 'nosplash',
  });
});

test.each(['ignore', 'local-disk'] as const)('a rejected machine: %s, even with an intent', (rejected) => {
  const node = aNode({ approval: 'rejected' });
  const decision = decideBoot(PXE_UEFI, node, anIntent('deploy'), { ...POLICY, rejected }, NOW_MS);
  expect(decision).toMatchObject({ kind: rejected, reason: 'node n1 was rejected' });
});

describe('laws', () => {
  const anyClient = fc.record({
    kind: fc.constantFrom('PXEClient' as const, 'HTTPClient' as const, 'iPXE' as const),
    arch: fc.oneof(fc.constantFrom(...CLIENT_ARCHS.keys()), fc.integer({ min: 0, max: 0xffff })),
    stage: fc.constantFrom('dhcp' as const, 'script' as const),
    mac: fc.constant(MAC),
  });
  const anyPolicy = fc.record({
    unknown: fc.constantFrom('discover' as const, 'ignore' as const),
    rejected: fc.constantFrom('ignore' as const, 'local-disk' as const),
  });

  test('a known machine without a valid intent never netboots', () => {
    const expired = fc.option(fc.constantFrom(anIntent('deploy', 0), anIntent('clean', -1)));
    fc.assert(
      fc.property(anyClient, expired, anyPolicy, (asker, intent, policy) => {
        const decision = decideBoot(asker, aNode(), intent, { ...POLICY, ...policy }, NOW_MS);
        expect(['local-disk', 'ignore']).toContain(decision.kind);
      }),
    );
  });

  test('every decision says why', () => {
    const anyIntent = fc.option(fc.constantFrom(...INTENTS));
    const anyNode = fc.option(
      fc.constantFrom(aNode(), aNode({ approval: 'pending' }), aNode({ approval: 'rejected' })),
    );
    fc.assert(
      fc.property(anyClient, anyNode, anyIntent, anyPolicy, (asker, node, intent, policy) => {
        expect(decideBoot(asker, node, intent, { ...POLICY, ...policy }, NOW_MS).reason).not.toBe('');
      }),
    );
  });
});
