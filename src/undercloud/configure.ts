import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { ensureCredentials } from './credentials.ts';
import type { InstalledUndercloud } from './install.ts';
import { renderIronicConf } from './ironic-conf.ts';
import { type UndercloudSettings, undercloudPaths } from './settings.ts';

/**
 * Writes what Ironic reads at its start: folders, configuration, the API's password. Returns a fingerprint of
 * release and configuration: a running Ironic with another one is out of date.
 */
export async function configureUndercloud(
  settings: UndercloudSettings,
  installed: InstalledUndercloud,
): Promise<string> {
  const paths = undercloudPaths(settings.dir);
  await mkdir(settings.dir, { recursive: true, mode: 0o700 });
  const folders = [
    paths.deployLogsDir,
    paths.certificatesDir,
    paths.tempDir,
    paths.lockDir,
    paths.imageMasterDir,
    paths.tftpMasterDir,
    settings.httpRoot,
  ];
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await ensureCredentials(settings, installed.venvDir);
  const text = renderIronicConf(settings);
  await writeFile(`${paths.configFile}.new`, text, { mode: 0o600 });
  await rename(`${paths.configFile}.new`, paths.configFile);
  return createHash('sha256').update(`${installed.venvDir}\n${text}`).digest('hex').slice(0, 16);
}
