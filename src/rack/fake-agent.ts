import type { Server } from 'node:https';
import { reasonOf } from '../errors.ts';
import { AgentCommands } from './fake-agent-commands.ts';
import { AGENT_EXTENSIONS } from './fake-agent-extensions.ts';
import { Heart, sendHeartbeats } from './fake-agent-heart.ts';
import { agentInventory, inspectionData } from './fake-agent-inventory.ts';
import { AgentIronicClient, type LookupResult, postInspection } from './fake-agent-ironic.ts';
import { AGENT_PORT, makeAgentCertificate, serveAgent } from './fake-agent-server.ts';
import type { AgentSession } from './fake-agent-session.ts';
import { beginStage, type FakeHost, waitScaled } from './fake-host.ts';

const RESTART_MS = 5_000;
const LOOKUP_LIMIT_MS = 600_000;
const LOOKUP_WAIT_MAX_MS = 60_000;

type KernelArgs = ReadonlyMap<string, string>;

/** The ramdisk's init: an agent that ends by an error is started again. */
export async function runAgent(host: FakeHost, address: string, args: KernelArgs): Promise<void> {
  for (;;) {
    try {
      await beginStage(host, 'agent-started', address);
      await liveAgent(host, address, args);
      return;
    } catch (error) {
      host.signal.throwIfAborted();
      host.record('agent-died', reasonOf(error));
      await waitScaled(host, RESTART_MS);
    }
  }
}

/**
 * One life of ironic-python-agent (`agent.run`): posts its inventory where `ipa-inspection-callback-url` says, looks
 * its node up until Ironic knows it and lets it, then serves commands over TLS with a certificate of its own and
 * sends heartbeats. Returns when it was told to lock down.
 */
async function liveAgent(host: FakeHost, address: string, args: KernelArgs): Promise<void> {
  const inventory = agentInventory(host.spec, host.behaviour, address, args.get('BOOTIF') ?? null);
  const apiUrls = listOf(args.get('ipa-api-url'));
  const nodeUuid = await inspect(host, args, inventory);
  if (apiUrls.length === 0) {
    host.record('agent-idle', 'no ipa-api-url');
    return;
  }
  const ironic = new AgentIronicClient(host, apiUrls);
  const found = await lookUp(host, ironic, nodeUuid);
  const token = takeToken(found);
  host.record('agent-lookup', `node ${found.node.uuid}`);
  const heart = new Heart();
  const session: AgentSession = {
    host,
    inventory,
    token,
    node: found.node,
    partitionUuids: null,
    cachedImageId: null,
    servesApi: true,
    forceHeartbeat: () => heart.force(),
  };
  if (token === null) return lockDown(host, 'Ironic gave its token to somebody else before');
  const certificate = await makeAgentCertificate(host.dir, address);
  const server = await serveAgent(certificate, new AgentCommands(AGENT_EXTENSIONS, session), session);
  await sendHeartbeats(host, heart, session, ironic, {
    uuid: found.node.uuid,
    token,
    callbackUrl: `https://${address}:${AGENT_PORT}`,
    certificate: certificate.cert,
    timeoutMs: found.config.heartbeat_timeout * 1000,
  });
  await closeServer(server);
  lockDown(host, 'as told');
}

const listOf = (urls: string | undefined): string[] => (urls ?? '').split(',').filter(Boolean);

const lockDown = (host: FakeHost, why: string): void => host.record('agent-locked-down', why);

/** Null also when inspection failed: the agent then goes on with the lookup. */
async function inspect(
  host: FakeHost,
  args: KernelArgs,
  inventory: ReturnType<typeof agentInventory>,
): Promise<string | null> {
  const collectors = args.get('ipa-inspection-collectors');
  const callbacks = listOf(args.get('ipa-inspection-callback-url'));
  const apiUrls = listOf(args.get('ipa-api-url'));
  const urls =
    callbacks.length > 0 || !collectors ? callbacks : apiUrls.map((url) => `${url}/v1/continue_inspection`);
  if (urls.length === 0) return null;
  try {
    const uuid = await postInspection(host, urls, inspectionData(inventory, collectors ?? 'default,logs'));
    host.record('inventory-posted', urls.join(','));
    return uuid;
  } catch (error) {
    if (error instanceof SyntaxError) throw error; // an answer that is no JSON ends the real agent too
    host.record('inspection-failed', reasonOf(error));
    return null;
  }
}

/** Asks until found, with longer and longer pauses; gives up after 10 minutes, and init starts the agent anew. */
async function lookUp(
  host: FakeHost,
  ironic: AgentIronicClient,
  nodeUuid: string | null,
): Promise<LookupResult> {
  const startMs = host.clock.nowMs();
  for (let attempt = 0; host.clock.nowMs() - startMs < LOOKUP_LIMIT_MS * host.timeScale; attempt += 1) {
    const found = await ironic.lookup([host.spec.mac], nodeUuid);
    if (found) return found;
    const longestMs = Math.min(LOOKUP_WAIT_MAX_MS, 1_000 * 2 ** attempt);
    await waitScaled(host, 1_000 + Math.random() * (longestMs - 1_000));
  }
  throw new Error('Could not look up node info. Check logs for details.');
}

/** Ironic tells a node's token once and masks it from then on: an agent that lost it is useless. */
const takeToken = ({ config }: LookupResult): string | null =>
  config.agent_token && config.agent_token.length >= 32 ? config.agent_token : null;

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
