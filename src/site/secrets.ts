import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BlackstartError, EXIT, reasonOf } from '../errors.ts';
import type { FileRef, SecretRef } from './secret-ref.ts';

const OTHERS_MAY_READ = 0o004;

/**
 * The secret that a reference leads to, without its final line break. Throws E_SECRET_MISSING, E_SECRET_EXPOSED
 * (others may read the file) or E_SECRET_EMPTY.
 */
export async function readSecret(ref: SecretRef, dir: string): Promise<string> {
  const secret =
    'inline' in ref ? ref.inline : 'env' in ref ? fromEnvironment(ref.env) : await fromFile(ref.file, dir);
  const text = secret.replace(/\r?\n$/, '');
  if (text !== '') return text;
  throw new BlackstartError('E_SECRET_EMPTY', `the secret in ${printSecretRef(ref)} is empty`, {
    remedy: 'Write the secret there.',
    exitCode: EXIT.usage,
  });
}

/** A file that holds no secret: a public key, a certificate. Throws E_FILE_MISSING. */
export async function readReferenced(ref: FileRef, dir: string): Promise<string> {
  const file = resolve(dir, ref.file);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new BlackstartError('E_FILE_MISSING', `cannot read ${file}: ${reasonOf(cause)}`, {
      remedy: 'Make the file, or correct its name in site.yaml.',
      exitCode: EXIT.usage,
      cause,
    });
  }
}

/** Where a secret is found, in words that may be shown. */
const printSecretRef = (ref: SecretRef): string =>
  'inline' in ref
    ? 'site.yaml itself'
    : 'env' in ref
      ? `environment variable ${ref.env}`
      : `file ${ref.file}`;

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new BlackstartError(
    'E_SECRET_MISSING',
    `environment variable ${name}, which site.yaml names, is not set`,
    {
      remedy: `Set it for the process that runs Blackstart: export ${name}=…`,
      exitCode: EXIT.usage,
    },
  );
}

async function fromFile(name: string, dir: string): Promise<string> {
  const file = resolve(dir, name);
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS_MAY_READ) !== 0) throw exposed(file, mode);
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof BlackstartError) throw cause;
    throw new BlackstartError('E_SECRET_MISSING', `cannot read the secret file ${file}: ${reasonOf(cause)}`, {
      remedy: `Write the secret into it: (umask 077; mkdir -p "$(dirname ${file})"; cat > ${file})`,
      exitCode: EXIT.usage,
      cause,
    });
  }
}

const exposed = (file: string, mode: number) =>
  new BlackstartError(
    'E_SECRET_EXPOSED',
    `the secret file ${file} can be read by everybody (mode ${(mode & 0o777).toString(8)})`,
    { remedy: `chmod 600 ${file}`, exitCode: EXIT.usage },
  );
