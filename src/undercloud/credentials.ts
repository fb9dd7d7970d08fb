import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import type { IronicAccess } from '../ironic/transport.ts';
import { apiUrl, type UndercloudSettings, undercloudPaths } from './settings.ts';

const USER = 'blackstart';

/** bcrypt is the only hash that Ironic's http_basic takes; its cost is paid once per password and process. */
const HASH_PASSWORD = [
  'import bcrypt, sys',
  'password = sys.stdin.buffer.read()',
  'print(bcrypt.hashpw(password, bcrypt.gensalt(10, prefix=b"2b")).decode())',
].join('\n');

/** Makes the API's password at the first start (0600), and the file of its hash that Ironic reads. */
export async function ensureCredentials(settings: UndercloudSettings, venvDir: string): Promise<void> {
  const { passwordFile, htpasswdFile } = undercloudPaths(settings.dir);
  const existing = await readFile(htpasswdFile, 'utf8').catch(() => null);
  if (existing !== null && (await readPassword(passwordFile)) !== null) return;
  const password = randomBytes(32).toString('base64url');
  const hashed = await run(join(venvDir, 'bin/python'), ['-c', HASH_PASSWORD], { input: password });
  await writePrivate(htpasswdFile, `${USER}:${hashed.stdout.trim()}\n`);
  await writePrivate(passwordFile, `${password}\n`);
}

/** How to reach this undercloud's API. Null before it was ever started. */
export async function undercloudAccess(
  settings: Pick<UndercloudSettings, 'dir' | 'address' | 'apiPort'>,
): Promise<IronicAccess | null> {
  const password = await readPassword(undercloudPaths(settings.dir).passwordFile);
  return password === null ? null : { url: apiUrl(settings), username: USER, password };
}

const readPassword = async (file: string): Promise<string | null> =>
  (await readFile(file, 'utf8').catch(() => null))?.trim() || null;

async function writePrivate(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}
