import { userInfo } from 'node:os';
import { Command, Option } from 'commander';
import { BlackstartError, EXIT } from '../errors.ts';
import { type CliContext, withCommands } from './context.ts';
import { siteOption } from './plan.ts';

interface BootOnceOptions {
  readonly site?: string;
  readonly once?: string;
  readonly cancel?: boolean;
  readonly minutes: string;
  readonly now?: boolean;
  readonly dryRun?: boolean;
}

const usage = (message: string, remedy: string) =>
  new BlackstartError('E_USAGE', message, { remedy, exitCode: EXIT.usage });

/** `blackstart nodes boot NAME --once WHAT`: something else than its disk, for one start. */
export const bootOnceCommand = (context: CliContext): Command =>
  new Command('boot')
    .description('have a machine netboot something once: rescue, memtest, or a tool of the site')
    .argument('<name>')
    .option('--once <what>', 'rescue (a shell, also by ssh), memtest, or a name of boot.tools in site.yaml')
    .option('--cancel', 'take the wish back')
    .option('--minutes <number>', 'how long the machine may take to come for it', '60')
    .option('--now', 'start it anew at once, whatever it runs')
    .addOption(siteOption())
    .addOption(new Option('--dry-run', 'say what would be done, and do nothing'))
    .addHelpText('after', '\nExample:\n  blackstart nodes boot lab-1 --once rescue --now')
    .action((name: string, options: BootOnceOptions) => runBootOnce(context, name, options));

async function runBootOnce(context: CliContext, name: string, options: BootOnceOptions): Promise<void> {
  const { out } = context.output;
  const { once: what, minutes, now = false } = options;
  if (options.cancel === true) {
    if (options.dryRun) return out(`${name}: the wish for a one-time boot would be taken back`);
    const { cancelled } = await withCommands(context, options.site, (c) => c.cancelBootOnce(name));
    return out(cancelled ? `${name} boots as usual` : `${name} had no wish for a one-time boot`);
  }
  if (what === undefined)
    throw usage('nothing is said to boot', 'Add --once rescue, --once memtest or --once TOOL.');
  if (!/^[1-9]\d{0,3}$/.test(minutes) || Number(minutes) > 1440)
    throw usage(`"${minutes}" is no number of minutes`, 'It is a whole number from 1 to 1440.');
  if (options.dryRun)
    return out(`${name} would boot ${what} once${now ? ', and be started anew for it' : ''}`);
  const wish = { what, minutes: Number(minutes), now, by: userInfo().username };
  const { power, endsAtMs } = await withCommands(context, options.site, (c) => c.bootOnce(name, wish));
  const start = now ? 'is being started' : power === 'on' ? 'restart it' : 'switch it on';
  const how = power === null ? 'it has no BMC: have it boot from the network by hand' : start;
  out(`${name} boots ${what} once, until ${new Date(endsAtMs).toISOString()}; ${how}`);
}
