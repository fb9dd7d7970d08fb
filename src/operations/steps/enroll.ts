import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodePatch, type RedfishLogin, redfishNode } from '../../ironic/node-body.ts';
import type { NewNode } from '../../ironic/types.ts';
import { ironicRootDevice } from '../../site/root-device.ts';
import { checkFingerprint } from './check-fingerprint.ts';
import type { Step, StepContext } from './context.ts';

/**
 * Registers the node with the undercloud: BMC, root device hints, resource class, traits, what is known of it. A
 * node that is there already (a crash came after its creation) is brought to the same shape. Its ports come with
 * the inspection, since an agent that runs already would take their coming for its turn.
 */
export const enroll: Step = async (context) => {
  const { node, profile, book, signal } = context;
  await checkFingerprint(context);
  const ironic = context.ironic();
  const wanted = await wantedNode(context);
  const found = await ironic.node(node.name, signal);
  if (found === null) await ironic.createNode(wanted, signal);
  const patch = found === null ? [] : nodePatch(found, wanted, { resendSecrets: true });
  if (patch.length > 0) await ironic.patchNode(node.name, patch, { signal });
  await ironic.setTraits(node.name, profile.traits, signal);
  await book.clearIntent(node.name); // from here on Ironic says when it netboots
  return { uuid: wanted.uuid, created: found === null };
};

async function wantedNode(context: StepContext): Promise<NewNode> {
  const { node, profile, site, book } = context;
  const wishes = redfishNode({
    uuid: nodeUuid(site.site.site, node.name),
    name: node.name,
    login: await redfishLogin(context),
    bootMode: profile.bootMode,
    rootDevice: profile.rootDevice === null ? {} : ironicRootDevice(profile.rootDevice),
    resourceClass: profile.resourceClass,
    capabilities: { role: node.role, ...(node.rack === null ? {} : { rack: node.rack }) },
    extra: {
      blackstart: { site: site.site.site, fingerprint: book.discoveryOf(node.name)?.identity ?? null },
    },
  });
  return { ...wishes, inspect_interface: 'agent' };
}

async function redfishLogin({ node, site, runsDir }: StepContext): Promise<RedfishLogin> {
  const { bmc } = node;
  if (bmc === null) throw new Error(`${node.name} has no BMC, which planNode should have seen`);
  const caFile = join(runsDir, '..', `ca-${node.name}.pem`);
  if (typeof bmc.verifyTls === 'object') await writeFile(caFile, await site.readFile(bmc.verifyTls.ca));
  return {
    address: bmc.address,
    systemId: bmc.systemId === null ? null : `/redfish/v1/Systems/${bmc.systemId}`,
    username: bmc.username,
    password: await site.readSecret(bmc.password),
    verifyCa: typeof bmc.verifyTls === 'object' ? caFile : bmc.verifyTls,
  };
}

/** The same for the same node every time (RFC 9562 §5.8, version 8), so that a repeated request makes no second one. */
function nodeUuid(site: string, name: string): string {
  const hex = createHash('sha256').update(`${site}/${name}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
