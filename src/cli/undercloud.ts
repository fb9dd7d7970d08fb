import { Command } from 'commander';
import type { UndercloudView } from '../operations/commands.ts';
import { type CliContext, withCommands } from './context.ts';
import { json } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';

const ACTIONS = {
  up: 'install, configure and start Ironic; a running one is left alone',
  status: 'whether it runs, since when, how much memory, and what is wrong',
  down: 'stop it; its database stays',
} as const;

/** `blackstart undercloud up|status|down`: the Ironic that manages the nodes. */
export function undercloudCommand(context: CliContext): Command {
  const undercloud = new Command('undercloud').description('the Ironic that manages the nodes');
  for (const action of ['up', 'status', 'down'] as const) {
    undercloud
      .command(action)
      .description(ACTIONS[action])
      .addOption(siteOption())
      .addOption(jsonOption())
      .addHelpText('after', `\nExample:\n  blackstart undercloud ${action}`)
      .action(async (options: { site?: string; json?: boolean }) => {
        const view = await withCommands(context, options.site, (commands) => commands.undercloud(action));
        context.output.out(options.json ? json(view) : sentence(view));
      });
  }
  return undercloud;
}

function sentence(view: UndercloudView): string {
  const facts = [
    view.version && `Ironic ${view.version}`,
    view.url,
    view.pid && `pid ${view.pid}`,
    view.memoryMib && `${view.memoryMib} MiB`,
  ];
  return [
    `undercloud: ${view.state}`,
    ...facts.filter(Boolean).map((fact) => `  ${fact}`),
    `  ${view.detail}`,
  ].join('\n');
}
