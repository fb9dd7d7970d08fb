import { existsSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirOf } from '../artefacts/cache-dir.ts';
import type { Clock } from '../clock.ts';
import { BlackstartError, reasonOf } from '../errors.ts';
import { lastLines, run, tryRun } from '../exec/run.ts';
import type { Log } from '../log.ts';
import { renderPackageCache } from '../render/package-cache.ts';
import type { Site } from '../site/site.ts';
import { provisioningNetworks } from '../site/views.ts';

const PROGRAM = '/usr/sbin/apt-cacher-ng';
/** Made by Debian's package; it never needs to be root. */
const USER = 'apt-cacher-ng';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const HEALTHY_MS = 300_000;

export interface PackageCacheSettings {
  readonly dir: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly mirrors: readonly string[];
}

/** What the site says of its package cache; null where it has none. */
export function packageCacheSettings(site: Site): PackageCacheSettings | null {
  const { packageCache } = site.seed;
  if (packageCache === null) return null;
  return {
    dir: join(cacheDirOf(), 'packages', site.site),
    addresses: provisioningNetworks(site).map(({ address }) => address),
    ...packageCache,
  };
}

/** Throws E_PROGRAM_MISSING. */
export function requirePackageCache(): string {
  if (existsSync(PROGRAM)) return PROGRAM;
  throw new BlackstartError(
    'E_PROGRAM_MISSING',
    'the site wants a package cache, and apt-cacher-ng is not there',
    {
      remedy:
        '"apt-get install apt-cacher-ng" and "systemctl disable --now apt-cacher-ng": Blackstart runs its own. Or take "packageCache" out of site.yaml.',
    },
  );
}

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Runs Debian's apt-cacher-ng in a folder of its own, on the provisioning networks only and without privileges, until
 * `signal` aborts: one that ends is started again, with growing pauses if it goes on ending. It dies with the seed.
 * What is cached stays. Never rejects: a site boots without its package cache.
 */
export async function runPackageCache(
  settings: PackageCacheSettings,
  { clock, log }: Deps,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const startedAtMs = clock.nowMs();
    try {
      const command = await preparePackageCache(settings);
      log.info({ port: settings.port, dir: settings.dir }, 'package cache started');
      const { exitCode, stdout, stderr } = await tryRun('/usr/bin/setpriv', command, { signal });
      log.warn({ exitCode, said: lastLines(stderr || stdout, 3) }, 'package cache ended');
    } catch (error) {
      if (signal.aborted) return;
      log.error({ reason: reasonOf(error) }, 'package cache not started');
    }
    if (clock.nowMs() - startedAtMs > HEALTHY_MS) pauseMs = FIRST_PAUSE_MS;
    await clock.sleep(pauseMs, signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Writes its folders and configuration; returns the arguments of setpriv(1) that start it. */
async function preparePackageCache(settings: PackageCacheSettings): Promise<string[]> {
  const program = requirePackageCache();
  const { dir } = settings;
  const [uid, gid] = await Promise.all([idOf('-u'), idOf('-g')]);
  for (const folder of [dir, join(dir, 'etc'), join(dir, 'cache'), join(dir, 'log')]) {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if (!folder.endsWith('etc')) await chown(folder, uid, gid);
  }
  const proxy = process.env['http_proxy'] ?? null;
  await writeFile(join(dir, 'etc', 'acng.conf'), renderPackageCache({ ...settings, proxy }), { mode: 0o644 });
  // Told to end with us once more: giving up root takes back what the one around it was told.
  const drop = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--no-new-privs'];
  return [...drop, '--pdeathsig', 'TERM', '--', program, '-c', join(dir, 'etc')];
}

const idOf = async (what: '-u' | '-g'): Promise<number> => Number((await run('id', [what, USER])).stdout);
