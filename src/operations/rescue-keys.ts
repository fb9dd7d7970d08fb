import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedSite } from '../site/load-site.ts';

const NAME = 'authorized_keys';

/**
 * Writes the site's public keys where the boot servers give them out to a rescue ramdisk. Public keys are no secret.
 * Without keys that can be read nobody logs in there by ssh; its console is still open.
 */
export async function writeRescueKeys(
  site: Pick<LoadedSite, 'readAuthorizedKeys'>,
  stateDir: string,
): Promise<Record<string, string>> {
  const keys = await site.readAuthorizedKeys().catch(() => []);
  if (keys.length === 0) return {};
  const file = join(stateDir, NAME);
  await writeFile(file, `${keys.join('\n')}\n`);
  return { [NAME]: file };
}
