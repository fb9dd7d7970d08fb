import { createHash } from 'node:crypto';

/** A host key's wire form (RFC 4253 §6.6) as OpenSSH writes it in a file: `ssh-ed25519 AAAA…`. */
export function publicHostKey(wire: Buffer): string {
  const nameLength = wire.length >= 4 ? wire.readUInt32BE(0) : 0;
  return `${wire.toString('latin1', 4, 4 + nameLength)} ${wire.toString('base64')}`;
}

/** The fingerprint that `ssh-keygen -l` and a machine's console show: `SHA256:…` without padding. */
export function fingerprintOf(hostKey: string): string {
  const wire = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(wire).digest('base64').replace(/=+$/, '')}`;
}

/** One line of a known_hosts file (sshd(8)); a port other than 22 is part of the name. */
export const knownHostsLine = (host: string, port: number, hostKey: string): string =>
  `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}\n`;
