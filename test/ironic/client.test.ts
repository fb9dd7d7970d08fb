import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { openIronic } from '../../src/ironic/client.ts';
import { FEATURES, negotiate } from '../../src/ironic/microversion.ts';
import { fault, LOCKED, type Reply, type Seen, serveApi } from './fake-api.ts';

/** Sleeping costs no time, and counts. */
function quickClock() {
  let nowMs = 0;
  const sleeps: number[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += ms;
      sleeps.push(ms);
    },
  };
  return { clock, sleeps };
}

let close = async () => {};
afterEach(() => close());

async function open(answer: (seen: Seen, count: number) => Reply | 'drop', versions?: unknown) {
  const api = await serveApi(answer, versions);
  close = api.close;
  const { clock, sleeps } = quickClock();
  const access = { url: api.url, username: 'blackstart', password: 'geheim' };
  return {
    ironic: openIronic(access, { clock, limits: { timeoutMs: 2_000, retryMs: 20_000 } }),
    api,
    sleeps,
  };
}

describe('a call', () => {
  test('names the highest API version that both sides know, and who asks', async () => {
    const { ironic, api } = await open(() => ({ body: { name: 'lab-1' } }), {
      default_version: { min_version: '1.1', version: '1.250' },
    });
    expect(await ironic.node('lab-1')).toEqual({ name: 'lab-1' });
    expect(api.seen[0]).toMatchObject({
      path: '/v1/nodes/lab-1',
      version: '1.115',
      authorization: `Basic ${Buffer.from('blackstart:geheim').toString('base64')}`,
    });
  });

  test('to a locked node is made again, with growing pauses, until it is through', async () => {
    const { ironic, sleeps } = await open((_, count) => (count <= 3 ? LOCKED : { body: {} }));
    await ironic.setProvisionState('lab-1', 'provide');
    expect(sleeps).toEqual([250, 500, 1000]);
  });

  test('to a node that stays locked gives up in bounded time', async () => {
    const { ironic, sleeps } = await open(() => LOCKED);
    await expect(ironic.setProvisionState('lab-1', 'provide')).rejects.toMatchObject({
      code: 'E_IRONIC_LOCKED',
      message: expect.stringContaining('provide node lab-1'),
    });
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20_000);
  });

  test('to a conductor without a free worker is made again', async () => {
    const busy = fault(503, 'Requested action cannot be performed due to lack of free conductor workers.');
    const { ironic, api } = await open((_, count) => (count === 1 ? busy : { body: {} }));
    await ironic.setPowerState('lab-1', 'power on');
    expect(api.seen).toHaveLength(2);
  });

  test('that contradicts what is there is not made again', async () => {
    const { ironic, api } = await open(() => fault(409, 'A node with name lab-1 already exists.'));
    await expect(ironic.createNode({ name: 'lab-1', driver: 'redfish' })).rejects.toMatchObject({
      code: 'E_IRONIC_CONFLICT',
      message: 'the undercloud would not create node lab-1: A node with name lab-1 already exists.',
    });
    expect(api.seen).toHaveLength(1);
  });

  test('that changes something is not made again when its answer was lost, a question is', async () => {
    const { ironic, api } = await open((_, count) => (count % 2 === 1 ? 'drop' : { body: {} }));
    await expect(ironic.setProvisionState('lab-1', 'active')).rejects.toMatchObject({
      code: 'E_IRONIC_UNREACHABLE',
    });
    expect(api.seen).toHaveLength(1);
    await ironic.node('lab-1');
    await expect(ironic.node('lab-1')).resolves.toEqual({});
  });

  test('to nothing at all is tried for the given time, then says where', async () => {
    const { ironic, sleeps } = await open(() => ({ body: {} }));
    await close();
    close = async () => {};
    await expect(ironic.node('lab-1')).rejects.toMatchObject({ code: 'E_IRONIC_UNREACHABLE' });
    expect(sleeps.length).toBeGreaterThan(3);
  });

  test('ends at once when the caller gives up', async () => {
    const giveUp = new AbortController();
    const { ironic } = await open(() => {
      giveUp.abort(new Error('enough'));
      return LOCKED;
    });
    await expect(ironic.setProvisionState('lab-1', 'provide', {}, giveUp.signal)).rejects.toThrow('enough');
  });
});

describe('an answer', () => {
  test('that a thing is not there is null, or false for what shall go', async () => {
    const { ironic } = await open(() => fault(404, 'Node lab-9 could not be found.'));
    expect(await ironic.node('lab-9')).toBeNull();
    expect(await ironic.inventory('lab-9')).toBeNull();
    expect(await ironic.deleteNode('lab-9')).toBe(false);
    await expect(ironic.ports('lab-9')).rejects.toMatchObject({ code: 'E_IRONIC_REFUSED' });
  });

  test.each<[number, string, string, number]>([
    [401, 'Authorization required', 'E_IRONIC_AUTH', 1],
    [403, 'Node lab-1 is protected and cannot be undeployed, rebuilt or deleted', 'E_IRONIC_PROTECTED', 3],
    [
      400,
      'The requested action "provide" can not be performed on node "x" while it is in state "active".',
      'E_IRONIC_STATE',
      1,
    ],
    [400, 'Missing the following IPMI credentials', 'E_IRONIC_REFUSED', 1],
    [500, 'Unexpected', 'E_IRONIC_FAILED', 1],
  ])('of %i %s has the code %s', async (status, text, code, exitCode) => {
    const { ironic } = await open(() => fault(status, text));
    await expect(ironic.validate('lab-1')).rejects.toMatchObject({
      code,
      exitCode,
      message: expect.stringContaining(text),
      remedy: expect.stringMatching(/\w/),
    });
  });

  test('of http_basic, which words its refusals otherwise, is read too', async () => {
    const { ironic } = await open(() => ({
      status: 401,
      body: { error: { message: 'Authorization required', code: 401 } },
    }));
    await expect(ironic.nodes()).rejects.toThrow(
      'the undercloud would not list the nodes: Authorization required',
    );
  });

  test('that is no JSON is a fault of what answers', async () => {
    const { ironic } = await open(() => ({ body: '<html>' }));
    await expect(ironic.node('lab-1')).rejects.toMatchObject({ code: 'E_IRONIC_FAILED' });
  });

  test('in pages is followed to its last one', async () => {
    const { ironic, api } = await open(({ path }) =>
      path.includes('marker=b')
        ? { body: { nodes: [{ name: 'c' }] } }
        : {
            body: {
              nodes: [{ name: 'a' }, { name: 'b' }],
              next: 'http://elsewhere:1/v1/nodes?fields=name&marker=b',
            },
          },
    );
    expect((await ironic.nodes({ fields: ['name'] })).map((node) => node.name)).toEqual(['a', 'b', 'c']);
    expect(api.seen.map((each) => each.path)).toEqual([
      '/v1/nodes?fields=name',
      '/v1/nodes?fields=name&marker=b',
    ]);
  });
});

describe('versions', () => {
  test('without a common one are an error with both ranges', () => {
    const answer = { default_version: { min_version: '1.200', version: '1.250' } };
    expect(() => negotiate(answer)).toThrow(/1\.200 to 1\.250.*1\.37 to 1\.115/);
  });

  test.each([
    null,
    {},
    { default_version: {} },
    { default_version: { min_version: 'x', version: '2.0' } },
    [],
  ])('that are not Ironic’s (%j) are said to be so', (document) => {
    expect(() => negotiate(document)).toThrow("does not speak Ironic's API");
  });

  test('of an older Ironic switch off what it has not', async () => {
    const old = { default_version: { min_version: '1.1', version: `1.${FEATURES.inventory - 1}` } };
    const { ironic, api } = await open(() => ({ body: { history: [] } }), old);
    await expect(ironic.inventory('lab-1')).rejects.toMatchObject({ code: 'E_IRONIC_VERSION' });
    expect(await ironic.history('lab-1')).toEqual([]);
    expect(api.seen).toHaveLength(1);
  });

  test('are asked anew after a failure', async () => {
    let versions: unknown = {};
    const { ironic } = await open(() => ({ body: {} }), { toJSON: () => versions });
    await expect(ironic.node('lab-1')).rejects.toMatchObject({ code: 'E_IRONIC_VERSION' });
    versions = { default_version: { min_version: '1.1', version: '1.115' } };
    await expect(ironic.node('lab-1')).resolves.toEqual({});
  });

  test('an inventory is handed in with the oldest, without a password', async () => {
    const { ironic, api } = await open(() => ({ status: 202, body: { uuid: 'u-1' } }));
    expect(await ironic.continueInspection({ inventory: {} })).toBe('u-1');
    expect(api.seen[0]).toMatchObject({ method: 'POST', version: '1.1', authorization: undefined });
  });
});
