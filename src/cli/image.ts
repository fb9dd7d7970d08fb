import { Command } from 'commander';
import { prepareImages, prepareRamdisk } from '../operations/prepare.ts';
import { type LoadedSite, loadSite } from '../site/load-site.ts';
import { type CliContext, siteDir } from './context.ts';
import { json, table } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';

type Report = (line: string) => void;

interface BuildOptions {
  readonly site?: string;
  readonly json?: boolean;
}

/** Progress goes to standard error, so that the answer can be piped. */
async function building<T>(
  context: CliContext,
  options: BuildOptions,
  build: (site: LoadedSite, report: Report, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const site = await loadSite(siteDir(options.site));
  return build(site, context.output.err, context.signal);
}

/** `blackstart image build`: every image that the site's roles name. */
export function imageCommand(context: CliContext): Command {
  const image = new Command('image').description('the images that machines are deployed with');
  image
    .command('build')
    .description('build or check every image that a role names; what is there already costs nothing')
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart image build --site inventories/lab')
    .action(async (options: BuildOptions) => {
      const images = [...(await building(context, options, prepareImages))];
      if (options.json) return context.output.out(json(Object.fromEntries(images)));
      context.output.out(
        table(
          ['IMAGE', 'FORMAT', 'SHA256', 'FILE'],
          images.map(([name, { format, sha256, file }]) => [name, format, sha256, file]),
        ),
      );
    });
  return image;
}

/** `blackstart ramdisk build`: the agent's kernel and ramdisk. */
export function ramdiskCommand(context: CliContext): Command {
  const ramdisk = new Command('ramdisk').description(
    'the ramdisk that discovers, inspects, cleans and deploys',
  );
  ramdisk
    .command('build')
    .description('build the ramdisk, or say where the one that fits is')
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart ramdisk build --site inventories/lab')
    .action(async (options: BuildOptions) => {
      const { kernel, initramfs, hash } = await building(context, options, prepareRamdisk);
      context.output.out(
        options.json
          ? json({ kernel, initramfs, hash })
          : `kernel   ${kernel}\nramdisk  ${initramfs}\nhash     ${hash}`,
      );
    });
  return ramdisk;
}
