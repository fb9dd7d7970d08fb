import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectApi } from '../api/client.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Commands } from '../operations/commands.ts';
import { type LoadedSite, loadSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import type { Output } from './output.ts';

/** A daemon in this process: the same object that `serve` runs, with or without its servers. */
export interface Daemon {
  readonly commands: Commands;
  /** Resolves when it has been stopped, or rejects with what ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** `serving` decides whether boot services and the reconciler run, or only commands that read. */
export type OpenDaemon = (
  site: LoadedSite,
  options: { serving: boolean; logLevel: string },
) => Promise<Daemon>;

/** What every command gets. */
export interface CliContext {
  readonly output: Output;
  readonly openDaemon: OpenDaemon;
  readonly signal: AbortSignal;
}

/** The site folder: `--site`, else BLACKSTART_SITE, else the current folder when it has a site.yaml. */
export function siteDir(option: string | undefined): string {
  const named = option ?? process.env['BLACKSTART_SITE'];
  if (named !== undefined) return resolve(named);
  if (existsSync(join(process.cwd(), 'site.yaml'))) return process.cwd();
  throw new BlackstartError('E_NO_SITE', 'no site: the current folder has no site.yaml', {
    remedy: 'Name its folder with "--site DIR", or make one with "blackstart init DIR".',
    exitCode: EXIT.usage,
  });
}

/**
 * Runs `work` with Commands: the running daemon's over its socket, or in this process when none runs.
 * `serving` says that the work needs boot services, so an in-process daemon starts them.
 */
export async function withCommands<T>(
  context: CliContext,
  option: string | undefined,
  work: (commands: Commands, site: LoadedSite) => Promise<T>,
  { serving = false }: { serving?: boolean } = {},
): Promise<T> {
  const site = await loadSite(siteDir(option));
  const remote = await connectApi(seedPaths(site.site).socket);
  if (remote !== null) return work(remote, site);
  const daemon = await context.openDaemon(site, { serving, logLevel: serving ? 'warn' : 'silent' });
  try {
    return await work(daemon.commands, site);
  } finally {
    await daemon.stop();
  }
}
