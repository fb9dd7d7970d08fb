import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { createBootApp } from '../../src/boot/serve-http.ts';
import type { Lease } from '../../src/core/lease.ts';
import { aNode } from '../core/boot-samples.ts';
import { aSegment, MAC, someArtefacts } from './a-segment.ts';

const { folder, artefacts } = someArtefacts();
afterAll(() => rmSync(folder, { recursive: true }));

const lease = (over: Partial<Lease> = {}): Lease => ({
  network: 'loopback',
  address: '127.0.0.1', // where an injected request comes from
  mac: MAC,
  state: 'bound',
  expiresAtMs: Date.now() + 60_000,
  uuid: null,
  hostname: null,
  ...over,
});

function seed(setup: object = {}, leases: Lease[] = [lease()]) {
  const { segment, events } = aSegment({ artefacts, ...setup });
  for (const entry of leases) segment.leases.put(entry);
  const app = createBootApp(segment);
  const post = (payload: object | string, headers = { 'content-type': 'application/json' }) =>
    app.inject({ method: 'POST', url: '/v1/discovery', payload, headers });
  return { post, events };
}

describe('an agent’s inventory', () => {
  test('is taken from a machine that has our lease, and answered as the agent expects', async () => {
    const taken: unknown[] = [];
    const { post, events } = seed({
      onInventory: (inventory: object, sender: object) => taken.push(inventory, sender),
    });
    const response = await post({ inventory: { cpu: {} } });
    expect([response.statusCode, response.json()]).toEqual([200, { uuid: null }]);
    expect(taken).toEqual([{ inventory: { cpu: {} } }, { address: '127.0.0.1', mac: MAC }]);
    expect(events).toMatchObject([{ stage: 'inventory', decision: 'taken', mac: MAC }]);
  });

  test.each<[string, object, Lease[]]>([
    ['without a lease', {}, []],
    ['whose lease ran out', {}, [lease({ expiresAtMs: Date.now() - 1 })]],
    ['with an offer only', {}, [lease({ state: 'offered' })]],
    ['that runs from its disk', { nodes: [aNode()] }, [lease()]],
    ['that was rejected', { nodes: [aNode({ approval: 'rejected' })] }, [lease()]],
  ])('is refused from a machine %s', async (_, setup, leases) => {
    let taken = false;
    const { post, events } = seed(
      {
        ...setup,
        onInventory: () => {
          taken = true;
        },
      },
      leases,
    );
    expect((await post({})).statusCode).toBe(403);
    expect([taken, events[0]?.decision]).toEqual([false, 'refused']);
  });

  test.each<[string, object]>([
    ['is waiting for approval', { nodes: [aNode({ approval: 'pending' })] }],
    [
      'was told to',
      { nodes: [aNode()], intent: { kind: 'discover', expiresAtMs: Date.now() + 60_000, reason: 'test' } },
    ],
  ])('is taken from a known machine that %s', async (_, setup) => {
    expect((await seed(setup).post({})).statusCode).toBe(200);
  });

  test('that cannot be kept is asked for again: the agent retries a 5xx', async () => {
    const { post } = seed({
      onInventory: () => {
        throw new Error('the disk is full');
      },
    });
    expect((await post({})).statusCode).toBe(503);
  });

  test('is limited in rate by a status that the agent retries', async () => {
    const { post } = seed();
    const statuses: number[] = [];
    for (let index = 0; index < 6; index++) statuses.push((await post({})).statusCode);
    expect(statuses).toEqual([200, 200, 200, 200, 503, 503]);
  });

  test.each([
    ['no JSON', 'not json', 400],
    ['no object', '[1]', 400],
    ['prototype tricks', '{"__proto__": {"a": 1}}', 400],
  ])('that is %s is bad', async (_, payload, status) => {
    expect((await seed().post(payload)).statusCode).toBe(status);
  });

  test('above 8 MiB is refused', async () => {
    expect((await seed().post(JSON.stringify({ logs: 'x'.repeat(8 * 1024 * 1024) }))).statusCode).toBe(413);
  });

  test('of 3 MiB is taken', async () => {
    expect((await seed().post({ logs: 'x'.repeat(3 * 1024 * 1024) })).statusCode).toBe(200);
  });
});
