import { describe, expect, test } from 'vitest';
import { inspectRunningAgent, waitsForSeed } from '../../src/ironic/inspect-running-agent.ts';
import { FakeIronic } from './fake-ironic.ts';

let nowMs = 0;
const clock = {
  nowMs: () => nowMs,
  sleep: async (ms: number) => {
    nowMs += ms;
  },
};
const agent = { report: {}, bootMac: '52:54:00:00:00:01' };
const inspect = (ironic: FakeIronic) => inspectRunningAgent('lab-1', agent, 'redfish', { ironic, clock });

/** How many calls it takes when nothing goes wrong. */
async function countCalls(): Promise<number> {
  const ironic = new FakeIronic();
  await inspect(ironic);
  return ironic.calls;
}

function expectWell(ironic: FakeIronic): void {
  expect(ironic).toMatchObject({ state: 'manageable', driver: 'redfish', power: 'redfish', poweredOff: 0 });
  expect(ironic.inspections).toBeGreaterThan(0);
  expect(ironic.ports).toHaveLength(1);
}

describe('inspecting an agent that runs', () => {
  test('boots nothing, and leaves the agent with a token that counts', async () => {
    const ironic = new FakeIronic();
    await inspect(ironic);
    expectWell(ironic);
    expect(ironic.agentHas).toBe(ironic.token);
  });

  test('ends the same wherever the seed is killed on the way', async () => {
    const calls = await countCalls();
    expect(calls).toBeGreaterThan(6);
    for (let at = 1; at <= calls; at++) {
      for (const crash of ['crashBefore', 'crashAfter'] as const) {
        const ironic = new FakeIronic();
        ironic[crash] = at;
        await expect(inspect(ironic), `${crash} ${at}`).rejects.toThrow('killed');
        await inspect(ironic);
        expectWell(ironic);
      }
    }
  });

  test('goes on from where a crash left it waiting for the seed, which can be told', async () => {
    const ironic = new FakeIronic();
    ironic.state = 'inspect wait';
    ironic.driver = 'manual-management';
    expect(waitsForSeed(await ironic.node())).toBe(true);
    await inspect(ironic);
    expectWell(ironic);
    expect(waitsForSeed(await ironic.node())).toBe(false);
  });

  test('after a failed one begins anew', async () => {
    const ironic = new FakeIronic();
    ironic.state = 'inspect failed';
    await inspect(ironic);
    expectWell(ironic);
  });
});
