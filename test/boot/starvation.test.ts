import { describe, expect, test } from 'vitest';
import type { BootSegment } from '../../src/boot/boot-segment.ts';
import { answerDatagram } from '../../src/boot/serve-dhcp.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import { LeaseTable } from '../../src/core/lease-table.ts';
import { UnknownGuard } from '../../src/core/unknown-guard.ts';
import { type DhcpMessage, decodeDhcp, encodeDhcp } from '../../src/wire/dhcp-message.ts';
import { aNode } from '../core/boot-samples.ts';
import { aMessage } from '../core/dhcp-samples.ts';
import { seededRandom } from '../random.ts';
import { aSegment, LOOPBACK } from './a-segment.ts';

const FORGED = 50_000;
const LIMITS = {
  all: { perSecond: 200, burst: 2000 },
  relay: { perSecond: 100, burst: 1000 },
  port: { perSecond: 2, burst: 20 },
};
const RESERVED = aNode({ name: 'r', macs: ['52:54:00:00:00:01'], address: '127.0.0.110' });
const POOLED = aNode({ name: 'p', macs: ['52:54:00:00:00:02'], address: null });

/** A seed with a pool of 100 addresses and two nodes, one of them without an address of its own. */
function aSeed(nodes: readonly BootNode[] = [RESERVED, POOLED]) {
  const clock = { nowMs: 1_700_000_000_000 };
  const artefacts = {
    programs: { 'snponly.efi': '/f' },
    agent: null,
    images: {},
    tools: {},
    raspberryPiDir: null,
    ironic: null,
  };
  const { segment: sample, events } = aSegment({ artefacts, nodes });
  const all: BootSegment[] = [];
  const leases = new LeaseTable(LOOPBACK);
  const deps = { ...sample.deps, clock: { ...sample.deps.clock, nowMs: () => clock.nowMs } };
  const segment: BootSegment = { ...sample, leases, deps, all };
  all.push(segment);
  const sent: DhcpMessage[] = [];
  const guard = new UnknownGuard(LIMITS, deps.directory);
  const link = { interface: 'lo', segments: all, guard, ownAddresses: new Set([LOOPBACK.address]) };
  const send = (bytes: Uint8Array) => {
    const reply = decodeDhcp(bytes);
    if (reply.ok) sent.push(reply.value);
  };
  const say = (message: DhcpMessage) =>
    answerDatagram(
      { bytes: encodeDhcp(message), from: { address: '0.0.0.0', port: 68 } },
      { link, service: 'dhcp', to: null, send },
    );
  return { say, sent, events, leases, clock };
}

const random = seededRandom(1);
const forgedMac = () =>
  ['02', ...Array.from({ length: 5 }, () => random.below(256).toString(16).padStart(2, '0'))].join(':');
const discover = (chaddr: string) => aMessage('discover', {}, { chaddr });

async function flood(say: (message: DhcpMessage) => Promise<void>, clock: { nowMs: number }): Promise<void> {
  for (let index = 0; index < FORGED; index++) {
    await say(discover(forgedMac()));
    if (index % 10 === 0) clock.nowMs++;
  }
}

describe(`${FORGED} DISCOVERs with forged MACs, in five seconds`, () => {
  test('leave an address for each node, reserved or not, and the offer that one has', async () => {
    const { say, sent, clock } = aSeed();
    await say(discover('52:54:00:00:00:02'));
    const [offered] = sent;
    await flood(say, clock);
    sent.length = 0;
    const server = { dhcpServerIdentifier: LOOPBACK.address };
    const wanted = { ...server, dhcpRequestedAddress: offered?.yiaddr ?? '' };
    await say(aMessage('request', wanted, { chaddr: '52:54:00:00:00:02' }));
    await say(discover('52:54:00:00:00:01'));
    expect(sent.map(({ yiaddr, options }) => [options.dhcpMessageType, yiaddr])).toEqual([
      [5, offered?.yiaddr],
      [2, '127.0.0.110'],
    ]);
  });

  test('leave an address for a node that comes after them', async () => {
    const { say, sent, clock } = aSeed();
    await flood(say, clock);
    sent.length = 0;
    await say(discover('52:54:00:00:00:02'));
    expect(sent).toMatchObject([{ options: { dhcpMessageType: 2 } }]);
  });

  test('take no more memory than the pool is large, and are told as limited', async () => {
    const { say, events, leases, clock } = aSeed();
    await flood(say, clock);
    expect([...leases.all()].length).toBeLessThanOrEqual(leases.poolSize);
    const limited = events.filter(({ stage }) => stage === 'dhcp limited');
    expect(limited.length).toBeGreaterThan(FORGED / 2);
    expect(new Set(limited.map(({ reason }) => reason))).toContain('too many unknown machines');
  });

  test('give their addresses back when the flood is over', async () => {
    const { say, sent, clock } = aSeed();
    await flood(say, clock);
    clock.nowMs += 61_000;
    sent.length = 0;
    for (let index = 0; index < 50; index++) await say(discover(forgedMac()));
    expect(sent).toHaveLength(50);
  });
});
