import { Command, Option } from 'commander';
import { STAGES, type Stage } from '../core/stages.ts';
import { type CliContext, withCommands } from './context.ts';
import { json, table } from './output.ts';

export const siteOption = () =>
  new Option('--site <dir>', 'the folder of site.yaml (else BLACKSTART_SITE, else the current folder)');
export const stageOption = () =>
  new Option('--to <stage>', 'how far to go').choices(STAGES).default('fleet' satisfies Stage);
export const jsonOption = () => new Option('--json', 'as JSON');

interface PlanOptions {
  readonly site?: string;
  readonly to: Stage;
  readonly json?: boolean;
}

export const planCommand = (context: CliContext): Command =>
  new Command('plan')
    .description('what "up" would do next, node by node, and what it would wipe; changes nothing')
    .addOption(siteOption())
    .addOption(stageOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart plan --site inventories/lab --to deploy')
    .action((options: PlanOptions) => showPlan(context, options));

async function showPlan(context: CliContext, options: PlanOptions): Promise<void> {
  const lines = await withCommands(context, options.site, (commands) => commands.plan(options.to));
  if (options.json) return context.output.out(json(lines));
  const rows = lines.map((line) => [line.node, line.state, line.next, line.wipes ?? 'nothing']);
  context.output.out(table(['NODE', 'STATE', 'NEXT', 'WIPES'], rows));
}
