import { existsSync } from 'node:fs';
import { tryRun } from '../src/exec/run.ts';

/** A program of Debian's that the product is held against. */
export interface Peer {
  readonly package: string;
  /** Where the package puts it. */
  readonly program: string;
}

/** Installs what is missing by apt-get, without starting it; the reason when that cannot be, else null. */
export async function whyMissing(peer: Peer): Promise<string | null> {
  if (existsSync(peer.program)) return null;
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', peer.package];
  const result = await tryRun('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...install], {
    env: { DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' },
    timeoutMs: 300_000,
  });
  if (existsSync(peer.program)) return null;
  return `${peer.package} is not there, and apt-get could not install it: ${result.stderr.trim().split('\n').at(-1)}`;
}
