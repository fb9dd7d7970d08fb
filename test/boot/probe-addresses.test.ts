import { describe, expect, test } from 'vitest';
import { ProbedStock } from '../../src/boot/probe-addresses.ts';
import type { Lease } from '../../src/core/lease.ts';
import { aNode } from '../core/boot-samples.ts';
import type { FakeLeaseStore } from '../store/fake-lease-store.ts';
import { aSegment, MAC } from './a-segment.ts';

const artefacts = { programs: {}, agent: null, images: {}, tools: {}, raspberryPiDir: null, ironic: null };
const SQUATTER = '02:00:00:00:00:99';

function aStock(
  taken: Record<string, string>,
  whileProbing: (put: (lease: Partial<Lease>) => void) => void = () => {},
) {
  const { segment, events } = aSegment({ artefacts, nodes: [aNode({ address: '127.0.0.105' })] });
  const asked: string[][] = [];
  const put = (over: Partial<Lease>) =>
    segment.leases.put({
      ...{
        network: 'loopback',
        address: '127.0.0.100',
        mac: MAC,
        state: 'offered',
        uuid: null,
        hostname: null,
      },
      expiresAtMs: segment.deps.clock.nowMs() + 60_000,
      ...over,
    });
  const stock = new ProbedStock(segment, {
    async probe(addresses) {
      asked.push([...addresses]);
      whileProbing(put);
      return new Map(Object.entries(taken));
    },
    close() {},
  });
  return { stock, segment, events, asked };
}

describe('addresses that will be given out next', () => {
  test('are probed, each once, without those that never are', async () => {
    const { stock, asked } = aStock({});
    await stock.fill();
    await stock.fill();
    expect(asked).toHaveLength(1);
    expect(asked[0]).toHaveLength(99); // 127.0.0.100 to 199; 105 is reserved
    expect(asked[0]).not.toContain('127.0.0.105');
  });

  test('and that somebody sits on are quarantined, on the disk too, and told with who it is', async () => {
    const { stock, segment, events } = aStock({ '127.0.0.100': SQUATTER });
    await stock.fill();
    expect(segment.leases.findFree(MAC, segment.deps.clock.nowMs(), () => false)).toBe('127.0.0.101');
    expect((segment.deps.leases as FakeLeaseStore).leases.get('loopback 127.0.0.100')?.state).toBe(
      'declined',
    );
    expect(events).toMatchObject([{ stage: 'dhcp conflict', mac: SQUATTER, address: '127.0.0.100' }]);
  });

  test('and that a machine was offered meanwhile are taken from it, unless it answered itself', async () => {
    const byOther = aStock({ '127.0.0.100': SQUATTER }, (put) => put({}));
    await byOther.stock.fill();
    expect(byOther.segment.leases.byAddress('127.0.0.100')?.state).toBe('declined');
    const byItself = aStock({ '127.0.0.100': MAC }, (put) => put({}));
    await byItself.stock.fill();
    expect(byItself.segment.leases.byAddress('127.0.0.100')?.state).toBe('offered');
    expect(byItself.events).toEqual([]);
  });

  test('a machine that has its lease keeps it', async () => {
    const { stock, segment } = aStock({ '127.0.0.100': SQUATTER }, (put) => put({ state: 'bound' }));
    await stock.fill();
    expect(segment.leases.byAddress('127.0.0.100')?.state).toBe('bound');
  });
});
