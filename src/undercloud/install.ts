import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureVenv } from '../exec/venv.ts';
import { cannotInstall, packageMissing } from './undercloud-error.ts';

const REQUIREMENTS = fileURLToPath(new URL('../../templates/undercloud/requirements.txt', import.meta.url));

export interface InstalledUndercloud {
  readonly venvDir: string;
  /** Ironic's release, as in `39.0.0`. */
  readonly version: string;
}

/** The pinned packages, one `name==version` each. */
export async function ironicRequirements(): Promise<string[]> {
  const lines = (await readFile(REQUIREMENTS, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * The environment that Ironic runs in, built once for each set of pinned versions. Throws E_PACKAGE_MISSING for a
 * Debian package that Ironic calls, E_UNDERCLOUD_INSTALL when the environment cannot be built.
 */
export async function installUndercloud(
  cacheDir: string,
  report: (line: string) => void,
  signal?: AbortSignal,
): Promise<InstalledUndercloud> {
  if ((await findProgram('genisoimage')) === null)
    throw packageMissing('genisoimage', 'genisoimage', 'Ironic makes config drives with it');
  const requirements = await ironicRequirements();
  const version = requirements.find((line) => line.startsWith('ironic=='))?.slice('ironic=='.length);
  if (version === undefined) throw new Error(`${REQUIREMENTS} does not pin ironic`);
  try {
    const spec = { name: 'ironic', requirements };
    return { venvDir: await ensureVenv(spec, cacheDir, report, signal), version };
  } catch (error) {
    signal?.throwIfAborted();
    throw cannotInstall(error);
  }
}

/** What Ironic finds programs by: the system's folders, whatever PATH the seed was started with. */
export const IRONIC_PATH = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(delimiter);

async function findProgram(name: string): Promise<string | null> {
  for (const folder of IRONIC_PATH.split(delimiter)) {
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}
