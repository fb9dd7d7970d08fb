import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { run } from '../exec/run.ts';

/** A certificate and its key, PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 90;
/** A certificate is renewed when less is left: a month in which somebody may see that it fails. */
const RENEW_BEFORE_MS = 30 * 24 * 3600_000;

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Where the site's own authority and the seed's certificate are kept (0700, files 0600). */
export const authorityDir = (stateDir: string): string => join(stateDir, 'tls');

/**
 * The seed's certificate for its addresses, issued by the site's own authority, which is made at the first call. A
 * good one is used on; one that runs out within a month, is for other addresses or of another authority is replaced.
 */
export async function ensureServerCertificate(
  stateDir: string,
  addresses: readonly string[],
  clock: Clock,
): Promise<ServerCertificate> {
  const dir = authorityDir(stateDir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const authority = await ensureAuthority(dir, clock);
  const known = await readPair(dir, 'server');
  if (known !== null && isGood(known.cert, authority, addresses, clock)) return known;
  await issue(dir, addresses);
  const issued = await readPair(dir, 'server');
  if (issued === null) throw new Error('openssl wrote no certificate');
  return issued;
}

async function ensureAuthority(dir: string, clock: Clock): Promise<X509Certificate> {
  const known = await readPair(dir, 'ca');
  if (known !== null && validFor(new X509Certificate(known.cert), clock) > RENEW_BEFORE_MS)
    return new X509Certificate(known.cert);
  await openssl(dir, 'ca', [
    ...[
      'req',
      '-x509',
      ...NEW_KEY,
      '-days',
      String(AUTHORITY_DAYS),
      '-subj',
      '/CN=Blackstart site authority',
    ],
    ...['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  return new X509Certificate((await readPair(dir, 'ca'))?.cert ?? '');
}

/** OpenSSL 3.0 of Debian 12 signs a new request in one go by `req -x509 -CA`. */
const issue = (dir: string, addresses: readonly string[]): Promise<void> =>
  openssl(dir, 'server', [
    ...['req', '-x509', '-CA', join(dir, 'ca.pem'), '-CAkey', join(dir, 'ca.key'), ...NEW_KEY],
    ...['-days', String(SERVER_DAYS), '-subj', '/CN=Blackstart seed'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
    ...['-addext', `subjectAltName=${addresses.map((address) => `IP:${address}`).join(',')}`],
  ]);

/** Runs openssl into new files and gives them their names at the end: key first, so that no pair is ever mixed for long. */
async function openssl(dir: string, name: string, args: readonly string[]): Promise<void> {
  const [key, cert] = [join(dir, `${name}.key`), join(dir, `${name}.pem`)];
  await rm(`${key}.new`, { force: true });
  await writeFile(`${key}.new`, '', { mode: 0o600 }); // openssl keeps the mode of a file that is there
  await run('openssl', [...args, '-keyout', `${key}.new`, '-out', `${cert}.new`]);
  await rename(`${key}.new`, key);
  await rename(`${cert}.new`, cert);
}

async function readPair(dir: string, name: string): Promise<ServerCertificate | null> {
  const read = (file: string) => readFile(join(dir, file), 'utf8').catch(() => null);
  const [key, cert] = await Promise.all([read(`${name}.key`), read(`${name}.pem`)]);
  return key === null || cert === null ? null : { key, cert };
}

function isGood(
  pem: string,
  authority: X509Certificate,
  addresses: readonly string[],
  clock: Clock,
): boolean {
  const certificate = new X509Certificate(pem);
  return (
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey) &&
    validFor(certificate, clock) > RENEW_BEFORE_MS &&
    addresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

const validFor = (certificate: X509Certificate, clock: Clock): number =>
  Date.parse(certificate.validTo) - clock.nowMs();
