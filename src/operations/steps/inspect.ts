import { inspectRunningAgent } from '../../ironic/inspect-running-agent.ts';
import type { Step, StepContext } from './context.ts';

const DRIVER = 'redfish';

/**
 * Has the undercloud inspect the machine in band. While the agent that discovered it still runs, with the inventory
 * that this agent has sent and without another boot; otherwise, and after a failure of that, by booting its own.
 */
export const inspect: Step = async (context) => {
  const { node, book, clock, signal, history, operation } = context;
  const ironic = context.ironic();
  const bootMac = context.bootMacOf(node.name);
  const discovery = book.discoveryOf(node.name);
  const failedBefore = (history.step(operation.id, node.name, 'inspect')?.failures ?? 0) > 0;
  if (discovery !== null && bootMac !== null && !failedBefore && (await agentRuns(context))) {
    const report = await book.inventoryOf(discovery.id);
    await inspectRunningAgent(node.name, { report, bootMac }, DRIVER, { ironic, clock }, signal);
    await ensurePorts(context);
    return { by: 'the agent that runs' };
  }
  await ensurePorts(context);
  await ironic.setProvisionState(node.name, 'inspect', {}, signal);
  return { by: 'a boot of its own' };
};

/**
 * Whether the agent that discovered the machine should still run: it was seen since this installer's power-on, and the
 * machine is on now, which it is not after a power cut.
 */
export async function agentRuns({ node, book, history, signal, ...context }: StepContext): Promise<boolean> {
  const poweredAtMs = history.poweredForDiscoveryAtMs(node.name);
  if (poweredAtMs === null || (book.discoveryOf(node.name)?.lastSeenAtMs ?? 0) < poweredAtMs) return false;
  return (await (await context.bmc()).powerState({ signal })) !== 'off';
}

async function ensurePorts({ node, directory, signal, ...context }: StepContext): Promise<void> {
  const ironic = context.ironic();
  const found = await ironic.node(node.name, signal);
  if (found === null) return;
  const there = new Set((await ironic.ports(found.uuid, signal)).map((port) => port.address));
  for (const address of directory.macsOf(node.name).filter((mac) => !there.has(mac))) {
    await ironic.createPort({ node_uuid: found.uuid, address, pxe_enabled: true }, signal);
  }
}
