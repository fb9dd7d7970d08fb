import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { FileRef, SecretRef } from './secret-ref.ts';
import type { Site } from './site.ts';
import { createSshKey } from './ssh-key.ts';

/**
 * Makes the secret files that a site names and that are not there: its ssh key, and random BMC passwords. For a
 * virtual rack, whose BMCs take any password; a real one's are the operator's to write. Returns what it made.
 */
export async function createMissingSecrets(site: Site, dir: string): Promise<string[]> {
  const passwords = site.nodes.flatMap(({ bmc }) => (bmc === null ? [] : fileOf(bmc.password)));
  const made: string[] = [];
  for (const file of new Set(passwords)) {
    if (await createSecretFile(resolve(dir, file), `${randomBytes(18).toString('base64url')}\n`))
      made.push(file);
  }
  return [...made, ...(await createMissingKey(site, dir))];
}

/** Makes the site's ssh key when the private file is not there, and with it the public one of the same name. */
export async function createMissingKey(site: Site, dir: string): Promise<string[]> {
  const [file] = fileOf(site.access.privateKey);
  if (file === undefined) return [];
  const key = createSshKey(`blackstart@${site.site}`);
  if (!(await createSecretFile(resolve(dir, file), key.privateKey))) return [];
  const publicFile = `${file}.pub`;
  await writeFile(resolve(dir, publicFile), `${key.publicKey}\n`);
  return [file, publicFile];
}

const fileOf = (ref: SecretRef | FileRef): string[] => ('file' in ref ? [ref.file] : []);

/** False when it is there already: a secret is never overwritten. */
async function createSecretFile(file: string, content: string): Promise<boolean> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
