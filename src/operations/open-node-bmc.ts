import type { Bmc } from '../bmc/bmc.ts';
import { openBmc } from '../bmc/open-bmc.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { LoadedSite } from '../site/load-site.ts';
import type { SiteNode } from '../site/site.ts';

/** A node's BMC with the address and the secrets of the site. Throws E_NO_BMC when it has none that can be spoken to. */
export async function openNodeBmc(
  { readSecret, readFile }: LoadedSite,
  { name, bmc }: SiteNode,
  signal?: AbortSignal,
): Promise<Bmc> {
  if (bmc === null)
    throw new BlackstartError('E_NO_BMC', `${name} has no BMC in site.yaml`, {
      remedy: `Give it one by "bmc" in site.yaml, or switch it by hand.`,
      exitCode: EXIT.usage,
    });
  if (bmc.protocol !== 'redfish') {
    throw new BlackstartError('E_NO_BMC', `${name}: this version speaks Redfish, not ${bmc.protocol}`, {
      remedy: 'Set "protocol: redfish" where the BMC has it.',
      exitCode: EXIT.usage,
    });
  }
  const { verifyTls } = bmc;
  const settings = {
    protocol: bmc.protocol,
    url: bmc.address,
    username: bmc.username,
    password: await readSecret(bmc.password),
    verifyTls: typeof verifyTls === 'boolean' ? verifyTls : { ca: await readFile(verifyTls.ca) },
    systemId: bmc.systemId,
  };
  return openBmc(settings, signal ? { signal } : {});
}
