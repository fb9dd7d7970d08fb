import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../exec/run.ts';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** The file to trust for BMCs of the rack in this folder. */
export const certificateFile = (rackDir: string): string => join(rackDir, 'bmc-cert.pem');

/** A new self-signed certificate, as BMCs leave the factory with; one for all BMC addresses of a rack. */
export async function makeCertificate(rackDir: string, addresses: readonly string[]): Promise<Certificate> {
  const [keyFile, certFile] = [join(rackDir, 'bmc-key.pem'), certificateFile(rackDir)];
  const names = [...new Set(addresses)].map((address) => `IP:${address}`).join(',');
  await Promise.all([rm(keyFile, { force: true }), rm(certFile, { force: true })]);
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'],
    ...['-subj', '/CN=Blackstart virtual BMC', '-addext', `subjectAltName=${names}`],
    ...['-keyout', keyFile, '-out', certFile],
  ]);
  const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
  return { key, cert };
}
