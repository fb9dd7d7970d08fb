import { join } from 'node:path';
import type { Site } from './site.ts';

/** Where the seed keeps what: everything below the site's state folder. */
export interface SeedPaths {
  readonly stateDir: string;
  /** Commands come in here; only its owner may connect. */
  readonly socket: string;
  readonly logFile: string;
  /** Ironic's configuration, database and logs. */
  readonly undercloudDir: string;
  /** What Ironic writes for machines to boot, served by the boot servers below `/ironic/`. */
  readonly ironicHttpRoot: string;
  /** Inventories, keys and logs of Ansible runs. */
  readonly runsDir: string;
}

export function seedPaths(site: Pick<Site, 'seed'>): SeedPaths {
  const { stateDir } = site.seed;
  return {
    stateDir,
    socket: join(stateDir, 'blackstart.sock'),
    logFile: join(stateDir, 'blackstart.log'),
    undercloudDir: join(stateDir, 'undercloud'),
    ironicHttpRoot: join(stateDir, 'undercloud', 'http'),
    runsDir: join(stateDir, 'runs'),
  };
}
