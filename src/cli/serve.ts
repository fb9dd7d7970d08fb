import { Command, Option } from 'commander';
import { loadSite } from '../site/load-site.ts';
import { type CliContext, siteDir } from './context.ts';
import { siteOption } from './plan.ts';

/** `blackstart serve`: the daemon. It serves in the network namespace it is started in, on the site's interfaces. */
export const serveCommand = (context: CliContext): Command =>
  new Command('serve')
    .description('the daemon: DHCP, TFTP and HTTP boot on the site’s networks, commands on its socket')
    .addOption(siteOption())
    .addOption(new Option('--log-level <level>').choices(['debug', 'info', 'warn', 'error']).default('info'))
    .addHelpText('after', '\nExample:\n  blackstart serve --site /etc/blackstart/hall-1')
    .action(async (options: { site?: string; logLevel: string }) => {
      const site = await loadSite(siteDir(options.site));
      const daemon = await context.openDaemon(site, { serving: true, logLevel: options.logLevel });
      const { serving } = await daemon.commands.seed();
      context.output.out(
        `blackstart serves ${site.site.site} on ${serving.join(', ') || 'no network'}; Ctrl-C stops it`,
      );
      const interrupted = new Promise<void>((resolve) => {
        context.signal.addEventListener('abort', () => resolve(), { once: true });
        if (context.signal.aborted) resolve(); // it came while the daemon started
      });
      await Promise.race([daemon.ended, interrupted]);
      await daemon.stop();
    });
