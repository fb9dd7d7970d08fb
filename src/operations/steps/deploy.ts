import { setFastTrack } from '../../ironic/fast-track.ts';
import { restoreDriver } from '../../ironic/inspect-running-agent.ts';
import { imageInfo } from '../../ironic/node-body.ts';
import type { ConfigDrive } from '../../ironic/types.ts';
import { provisioningNetworkOf } from '../../site/views.ts';
import { nodeConfigDrive } from '../config-drive.ts';
import { imageUrl } from '../image-url.ts';
import { checkFingerprint } from './check-fingerprint.ts';
import type { Step, StepContext } from './context.ts';

/** States in which a deployment may be asked for; in any other one it is under way or done. */
const MAY_DEPLOY: ReadonlySet<string> = new Set(['available', 'deploy failed']);

/**
 * Has the undercloud write the role's image and a config drive. The owner of the state is asked first: a
 * deployment that an earlier life of the seed began is left to go on.
 */
export const deploy: Step = async (context) => {
  const { node, profile, site, hostKeys, clock, signal } = context;
  const ironic = context.ironic();
  const found = await ironic.node(node.name, signal);
  if (found === null || !MAY_DEPLOY.has(found.provision_state))
    return { already: found?.provision_state ?? 'not enrolled' };
  await checkFingerprint(context);
  await restoreDriver(node.name, 'redfish', { ironic, clock }, signal);
  // A failure cost the running agent its token (ironic 39, `wipe_deploy_internal_info`): only a new one will do.
  if (found.provision_state === 'deploy failed') await setFastTrack(node.name, false, { ironic }, signal);
  await hostKeys.forget(node.name);
  const image = context.image(profile.imageName);
  const { address } = provisioningNetworkOf(site.site, node);
  const url = await imageUrl(site.site, address, image, context.log);
  const instanceInfo = imageInfo({ url, sha256: image.sha256, format: image.format });
  await ironic.patchNode(node.name, [{ op: 'add', path: '/instance_info', value: instanceInfo }], { signal });
  await ironic.setProvisionState(
    node.name,
    'active',
    { configdrive: await configDrive(context, found.uuid) },
    signal,
  );
  return { image: image.urlName, sha256: image.sha256 };
};

/** Where the site has a TLS port, only a token for it goes through Ironic, and the drive itself straight to the machine. */
async function configDrive(context: StepContext, uuid: string): Promise<ConfigDrive | string> {
  const { node, site } = context;
  const url = await context.configDriveUrl();
  return url ?? nodeConfigDrive({ site, node, uuid, bootMac: context.bootMacOf(node.name) });
}
