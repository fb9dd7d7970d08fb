import { Command } from 'commander';
import { BlackstartError } from '../errors.ts';
import { request } from '../net/request.ts';
import { loadSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import { type CliContext, siteDir } from './context.ts';
import { siteOption } from './plan.ts';

const LIMIT_MS = 10_000;

/** `blackstart metrics`: what Prometheus would scrape, from the daemon's socket. */
export const metricsCommand = (context: CliContext): Command =>
  new Command('metrics')
    .description('counters and histograms of the daemon, in Prometheus’ text format')
    .addOption(siteOption())
    .addHelpText(
      'after',
      '\nExample:\n  blackstart metrics | grep blackstart_dhcp\n\nPrometheus reaches them by "seed.metrics" in site.yaml.',
    )
    .action(async (options: { site?: string }) => {
      const { site } = await loadSite(siteDir(options.site));
      const socketPath = seedPaths(site).socket;
      const answer = await request('http://seed/metrics', { socketPath, timeoutMs: LIMIT_MS }).catch(
        (cause: unknown) => {
          throw new BlackstartError('E_DAEMON_GONE', `no daemon answers on ${socketPath}`, {
            remedy: 'Start it with "blackstart serve": only a running daemon has something to count.',
            cause,
          });
        },
      );
      context.output.out(answer.text.trimEnd());
    });
