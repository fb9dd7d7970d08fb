import { resolve } from 'node:path';
import { Command } from 'commander';
import { initSite } from '../site/init-site.ts';
import type { CliContext } from './context.ts';

/** `blackstart init DIR`: a commented site.yaml to start from. */
export const initCommand = (context: CliContext): Command =>
  new Command('init')
    .description('make a commented site to start from')
    .argument('<dir>')
    .addHelpText('after', '\nExample:\n  blackstart init /etc/blackstart/hall-1')
    .action(async (dir: string) => {
      const files = await initSite(resolve(dir));
      for (const file of files) context.output.out(`wrote ${file}`);
      context.output.out(`\nNext: fill in ${dir}/site.yaml, then "blackstart check --site ${dir}".`);
    });
