import { expect, test } from 'vitest';
import { showBoot } from '../../src/cli/show-boot.ts';
import { splitBoots } from '../../src/core/boot-story.ts';
import type { TraceRow } from '../../src/store/trace-event.ts';

const T0 = Date.UTC(2026, 10, 21, 11, 17, 4);

const row = (seconds: number, stage: string, decision: string, facts: Partial<TraceRow> = {}): TraceRow => ({
  id: 1,
  mac: '52:54:00:77:00:02',
  node: 'lab-2',
  network: 'provisioning',
  address: '10.77.0.12',
  atMs: T0 + seconds * 1000,
  startedAtMs: T0 + seconds * 1000,
  stage,
  decision,
  reason: 'discover: bring-up',
  arch: stage.startsWith('dhcp') && decision !== 'address' ? 7 : null,
  ...{ file: null, bytes: null, message: null, xid: null, status: null, resends: null, repeats: 1 },
  ...facts,
});

const BOOT = [
  row(5.3, 'dhcp offer', 'tftp', { message: 'DISCOVER', reason: 'offers 10.77.0.12; discover: bring-up' }),
  row(5.3, 'dhcp offer', 'tftp', { message: 'DISCOVER', reason: 'offers 10.77.0.12; discover: bring-up' }),
  row(9.25, 'dhcp ack', 'tftp', {
    message: 'REQUEST',
    reason: 'acknowledges 10.77.0.12; discover: bring-up',
  }),
  row(9.27, 'tftp program', 'aborted', { file: 'snponly.efi', bytes: 0, reason: 'the machine ended it' }),
  row(9.31, 'tftp program', 'completed', {
    file: 'snponly.efi',
    bytes: 173_792,
    resends: 3,
    startedAtMs: T0 + 9_280,
    reason: 'every block acknowledged',
  }),
  row(11.4, 'dhcp ack', 'script', { message: 'REQUEST' }),
  row(11.5, 'script', 'agent', { file: '/boot/7/52-54-00-77-00-02.ipxe', status: 200 }),
  row(12.3, 'kernel', 'completed', { startedAtMs: T0 + 11_500, file: '/agent/kernel', bytes: 14_186_432 }),
];
const heading = { name: 'lab-2', isNode: true, boots: 1, isLast: true, nowMs: T0 + 60_000 };
const show = (events: TraceRow[], powers: number[] = [T0]) =>
  splitBoots(events, powers)
    .map((boot) => showBoot(boot, heading))
    .join('\n');

test('a boot that stopped shows where, and what to look at', async () => {
  await expect(`${show(BOOT)}\n`).toMatchFileSnapshot('../golden/trace/stopped.txt');
});

test('a boot that came to its end says so', async () => {
  const rest = [
    row(14, 'ramdisk', 'completed', {
      startedAtMs: T0 + 12_300,
      file: '/agent/initramfs',
      bytes: 75_828_224,
    }),
    row(25, 'dhcp offer', 'address', { reason: 'offers 10.77.0.12; a plain DHCP client' }),
    row(45, 'inventory', 'taken', { reason: 'the agent posted its inventory' }),
  ];
  await expect(`${show([...BOOT, ...rest])}\n`).toMatchFileSnapshot('../golden/trace/complete.txt');
});

test('a machine that was switched on and never heard of', () => {
  expect(show([])).toContain('not one DHCP packet came from it');
});

test('a summary of a flood counts as what it stands for', () => {
  const again = { reason: '400 more like it in 10 s, summed up', repeats: 400 };
  expect(show([row(1, 'dhcp offer', 'tftp', again), row(11, 'dhcp offer', 'tftp', again)], [])).toContain(
    '800 times, last at 10.00 s',
  );
});
