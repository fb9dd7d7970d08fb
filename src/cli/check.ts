import { Command } from 'commander';
import { connectApi } from '../api/client.ts';
import { BlackstartError } from '../errors.ts';
import { checkSite } from '../operations/check-site.ts';
import { openNodeBmc } from '../operations/open-node-bmc.ts';
import { loadSite } from '../site/load-site.ts';
import { seedPaths } from '../site/seed-paths.ts';
import { type CliContext, siteDir } from './context.ts';
import { json, table } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';

/** `blackstart check`: the site file and this host, before anything is touched. */
export const checkCommand = (context: CliContext): Command =>
  new Command('check')
    .description(
      'the site file and this host: interfaces, ports, boot files, space, keys, BMCs and their passwords',
    )
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart check --site inventories/lab')
    .action(async (options: { site?: string; json?: boolean }) => {
      const loaded = await loadSite(siteDir(options.site));
      const daemonRuns = (await connectApi(seedPaths(loaded.site).socket)) !== null;
      const { signal } = context;
      const results = await checkSite(loaded, {
        daemonRuns,
        signal,
        openBmc: (node) => openNodeBmc(loaded, node, signal),
      });
      if (options.json) context.output.out(json(results));
      else
        context.output.out(
          table(
            ['', 'CHECKED', 'FOUND'],
            results.map(({ ok, what, detail }) => [ok ? 'ok' : 'WRONG', what, detail]),
          ),
        );
      const wrong = results.filter((result) => !result.ok);
      if (wrong.length === 0) return;
      const list = wrong
        .map(({ what, detail, remedy }) => `${what}: ${detail}\n    → ${remedy}`)
        .join('\n  ');
      throw new BlackstartError(
        'E_CHECK',
        `${wrong.length} of ${results.length} checks found something:\n  ${list}`,
        { remedy: 'Mend these, then check again.' },
      );
    });
