import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DesiredNode,
  type ObservedNode,
  planNode,
  type SiteRoom,
  type StepRecord,
  undercloudFailure,
} from '../../src/core/plan-node.ts';
import { STAGES } from '../../src/core/stages.ts';

const NOW = 1_000_000;
const done = (atMs = NOW - 1): StepRecord => ({
  failures: 0,
  lastError: null,
  lastRemedy: null,
  lastFailedAtMs: null,
  doneAtMs: atMs,
});
const failed = (failures: number): StepRecord => ({
  failures,
  lastError: 'the BMC hung up',
  lastRemedy: 'Reset the BMC.',
  lastFailedAtMs: NOW - 500_000,
  doneAtMs: null,
});
const desired = (change: Partial<DesiredNode> = {}): DesiredNode => ({
  to: 'fleet',
  protected: false,
  autoApprove: true,
  hasPlaybooks: true,
  discoveryTimeoutMs: 60_000,
  ...change,
});
const room = (change: Partial<SiteRoom> = {}): SiteRoom => ({
  seedSinceMs: 0,
  bootFilesReady: true,
  imagesReady: true,
  undercloudReady: true,
  deploysRunning: 0,
  deployLimit: 10,
  cleansRunning: 0,
  cleanLimit: 10,
  ...change,
});
const observed = (change: Partial<ObservedNode> = {}): ObservedNode => ({
  name: 'n1',
  approval: 'pending',
  hasBmc: true,
  power: 'off',
  poweredForDiscovery: false,
  discoveredAtMs: null,
  matchConflict: null,
  boot: [],
  undercloud: null,
  steps: {},
  ...change,
});
const ironic = (provisionState: string, change = {}) => ({
  provisionState,
  lastError: null,
  maintenance: false,
  inspected: true,
  waitsForSeed: false,
  protection: 'none' as const,
  power: null,
  ...change,
});
const plan = (node: Partial<ObservedNode>, want: Partial<DesiredNode> = {}, space: Partial<SiteRoom> = {}) =>
  planNode(desired(want), observed(node), room(space), NOW);

describe('the way of a node', () => {
  const approved = { approval: 'approved', discoveredAtMs: NOW - 10 } as const;
  test.each<[string, Partial<ObservedNode>, object]>([
    ['a cold node is read by its BMC', {}, { kind: 'do', step: 'read-bmc' }],
    ['then switched on', { steps: { 'read-bmc': done() } }, { kind: 'do', step: 'power-on' }],
    ['then waited for', { steps: { 'read-bmc': done(), 'power-on': done() } }, { kind: 'wait' }],
    ['a discovered one is approved', { discoveredAtMs: NOW }, { kind: 'approve' }],
    ['an approved one enrolled', approved, { kind: 'do', step: 'enroll' }],
    [
      'an enrolled one managed',
      { ...approved, undercloud: ironic('enroll') },
      { kind: 'do', step: 'manage' },
    ],
    ['a busy one left alone', { ...approved, undercloud: ironic('verifying') }, { kind: 'wait' }],
    [
      'a manageable one inspected',
      { ...approved, undercloud: ironic('manageable', { inspected: false }) },
      { kind: 'do', step: 'inspect' },
    ],
    [
      'an inspected one provided',
      { ...approved, undercloud: ironic('manageable') },
      { kind: 'do', step: 'provide' },
    ],
    [
      'an available one deployed',
      { ...approved, undercloud: ironic('available') },
      { kind: 'do', step: 'deploy' },
    ],
    [
      'an active one logged into',
      { ...approved, undercloud: ironic('active') },
      { kind: 'do', step: 'login' },
    ],
    [
      'a verified one configured',
      { ...approved, undercloud: ironic('active'), steps: { login: done() } },
      { kind: 'do', step: 'configure' },
    ],
    [
      'a configured one is done',
      { ...approved, undercloud: ironic('active'), steps: { login: done(), configure: done() } },
      { kind: 'done' },
    ],
  ])('%s', (_, node, expected) => {
    expect(plan(node)).toMatchObject(expected);
  });
});

describe('what it will not do', () => {
  test('a machine that runs already is not reset', () => {
    expect(plan({ power: 'on', steps: { 'read-bmc': done() } })).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('already switched on'),
    });
  });
  test('but one that this installer switched on itself is', () => {
    expect(plan({ power: 'on', poweredForDiscovery: true, steps: { 'read-bmc': done() } })).toMatchObject({
      kind: 'do',
      step: 'power-on',
    });
  });
  test('without the rule, approval is a person’s', () => {
    expect(plan({ discoveredAtMs: NOW }, { autoApprove: false })).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('nodes approve n1'),
    });
  });
  test('a protected node is never deployed', () => {
    const node = { approval: 'approved', undercloud: ironic('available') } as const;
    expect(plan(node, { protected: true })).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('protected'),
    });
  });
  test.each([
    [true, 'none', 'protect'],
    [true, 'site', 'login'],
    [true, 'other', 'login'],
    [false, 'none', 'login'],
    [false, 'site', 'protect'],
    [false, 'other', 'login'],
  ] as const)(
    'deployed, protected by the site: %s, in the undercloud by: %s → %s',
    (wanted, protection, step) => {
      const node = { approval: 'approved', undercloud: { ...ironic('active'), protection } } as const;
      expect(plan(node, { protected: wanted })).toMatchObject({ kind: 'do', step });
    },
  );
  test('it queues in front of the limits', () => {
    const node = { approval: 'approved', undercloud: ironic('available') } as const;
    expect(plan(node, {}, { deploysRunning: 10 })).toEqual({
      kind: 'wait',
      reason: 'queued behind 10 deployments',
    });
  });
  test('a step that failed three times is a person’s, with its own remedy', () => {
    expect(plan({ steps: { 'read-bmc': failed(3) } })).toEqual({
      kind: 'blocked',
      reason: 'read-bmc failed 3 times: the BMC hung up',
      remedy: 'Reset the BMC.',
    });
  });
  test('a silent machine is told apart by what the boot servers saw', () => {
    const steps = { 'read-bmc': done(), 'power-on': done(NOW - 61_000) };
    const boot = [{ stage: 'ramdisk', decision: 'completed', atMs: NOW - 30_000, reason: '' }];
    expect(plan({ steps, boot })).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('no agent has called back'),
    });
    expect(plan({ steps })).toMatchObject({
      kind: 'blocked',
      reason: expect.stringContaining('not one DHCP packet'),
    });
  });
  describe('a netboot that the seed broke off by its absence is done again', () => {
    const sight = (stage: string, decision: string, atMs = NOW - 80_000) => ({
      ...{ stage, decision, atMs },
      reason: '',
    });
    const cases = [
      ['its packets end with the last life of the seed', sight('dhcp ack', 'tftp'), 70_000, true],
      ['its program does', sight('tftp program', 'completed'), 70_000, true],
      ['the seed is back for less than a minute', sight('dhcp ack', 'tftp'), 50_000, false],
      ['the seed was there', sight('dhcp ack', 'tftp'), 90_000, false],
      ['it had the ramdisk', sight('ramdisk', 'completed'), 70_000, false],
      ['an agent runs there', sight('dhcp ack', 'address'), 70_000, false],
      ['it is writing', sight('image', 'completed'), 70_000, false],
      ['it boots its disk', sight('script', 'local-disk'), 70_000, false],
      ['a transfer was given up late', sight('tftp program', 'failed'), 70_000, false],
      ['it goes on', sight('dhcp ack', 'tftp', NOW - 1), 70_000, false],
    ] as const;
    test.each(cases)('in discovery: %s', (_, last, backForMs, isAgain) => {
      const steps = { 'read-bmc': done(), 'power-on': done(NOW - 100_000) };
      const node = { steps, boot: [last], poweredForDiscovery: true };
      expect(plan(node, { discoveryTimeoutMs: 600_000 }, { seedSinceMs: NOW - backForMs })).toMatchObject(
        isAgain ? { kind: 'do', step: 'power-on' } : { kind: 'wait' },
      );
    });
    test.each(cases)('for the undercloud: %s', (_, last, backForMs, isAgain) => {
      const node = { approval: 'approved', boot: [last], undercloud: ironic('wait call-back') } as const;
      const space = { seedSinceMs: NOW - backForMs };
      expect(plan(node, {}, space)).toMatchObject(
        isAgain ? { kind: 'do', step: 'netboot-again' } : { kind: 'wait' },
      );
      expect(plan({ ...node, steps: { 'netboot-again': done() } }, {}, space).kind).toBe('wait');
      expect(plan({ ...node, undercloud: ironic('deploying') }, {}, space).kind).toBe('wait');
    });
  });
  test('a machine that stayed silent is switched on once more if the seed was away meanwhile', () => {
    const steps = { 'read-bmc': done(), 'power-on': done(NOW - 61_000) };
    expect(plan({ steps }, {}, { seedSinceMs: NOW - 60_000 })).toMatchObject({
      kind: 'do',
      step: 'power-on',
    });
    expect(plan({ steps }, {}, { seedSinceMs: NOW - 62_000 })).toMatchObject({ kind: 'blocked' });
  });
});

test('no destructive step is ever planned for an unapproved, rejected or protected node', () => {
  const states = ['enroll', 'manageable', 'available', 'deploy failed', 'clean failed', 'active', 'error'];
  fc.assert(
    fc.property(
      fc.constantFrom('pending' as const, 'rejected' as const, 'approved' as const),
      fc.option(fc.constantFrom(...states), { nil: null }),
      fc.constantFrom(...STAGES),
      fc.boolean(),
      fc.boolean(),
      (approval, state, to, isProtected, autoApprove) => {
        const node = { approval, discoveredAtMs: NOW, undercloud: state === null ? null : ironic(state) };
        const next = plan(node, { to, protected: isProtected, autoApprove });
        if (next.kind !== 'do') return;
        if (approval !== 'approved') expect(['read-bmc', 'power-on']).toContain(next.step);
        if (isProtected) expect(next.step).not.toBe('deploy');
      },
    ),
  );
});

test.each([
  ['deploy failed', 'deploy'],
  ['inspect failed', 'inspect'],
  ['clean failed', 'provide'],
])('"%s" counts as a failed %s', (state, step) => {
  expect(undercloudFailure(ironic(state, { lastError: 'out of luck' }))).toEqual({
    step,
    error: 'out of luck',
  });
});

test('a node that was only just enrolled has failed nothing', () => {
  expect(undercloudFailure(ironic('enroll'))).toBeNull();
});
