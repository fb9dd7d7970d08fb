import { Command } from 'commander';
import { PREPARATIONS } from '../operations/prepare.ts';
import { loadSite } from '../site/load-site.ts';
import { type CliContext, siteDir } from './context.ts';
import { siteOption } from './plan.ts';
import { showTasks } from './show-tasks.ts';

/** `blackstart prepare`: what `up` would build at its start, built now: where the seed can still reach its mirrors. */
export const prepareCommand = (context: CliContext): Command =>
  new Command('prepare')
    .description(
      'build and install what the seed needs: ramdisk, images, Ironic, Ansible; needs package mirrors, no machine',
    )
    .addOption(siteOption())
    .addHelpText('after', '\nExample:\n  blackstart prepare --site inventories/lab')
    .action(async (options: { site?: string }) => {
      const site = await loadSite(siteDir(options.site));
      const tasks = PREPARATIONS.map(({ title, run }) => ({
        title,
        run: async (say: { line(text: string): void; title(text: string): void }) => {
          say.title(`${title}: ${await run(site, say.line, context.signal)}`);
        },
      }));
      await showTasks(tasks, context.output);
    });
