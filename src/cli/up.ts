import { Command } from 'commander';
import type { Stage } from '../core/stages.ts';
import { BlackstartError } from '../errors.ts';
import type { OperationView } from '../operations/commands.ts';
import { type CliContext, withCommands } from './context.ts';
import { json, table } from './output.ts';
import { jsonOption, siteOption, stageOption } from './plan.ts';
import { showTasks } from './show-tasks.ts';
import { askUntilAnswered, OperationWatch, operationTasks } from './watch-operation.ts';

interface UpOptions {
  readonly site?: string;
  readonly to: Stage;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** `blackstart up`: submits the bring-up and watches it; interrupting the watch does not stop the work of a daemon. */
export const upCommand = (context: CliContext): Command =>
  new Command('up')
    .description('the whole bring-up, resumable: discover, undercloud, enroll, inspect, deploy, fleet')
    .addOption(siteOption())
    .addOption(stageOption())
    .addOption(jsonOption())
    .option('--dry-run', 'what would be done, as "blackstart plan" shows it')
    .addHelpText('after', '\nExample:\n  blackstart up --site inventories/lab --to deploy')
    .action((options: UpOptions) => bringUp(context, options));

async function bringUp(context: CliContext, options: UpOptions): Promise<void> {
  const work = options.dryRun ? dryRun : submitAndWatch;
  await withCommands(context, options.site, (commands) => work(context, options, commands), {
    serving: !options.dryRun,
  });
}

type Work = (
  context: CliContext,
  options: UpOptions,
  commands: Parameters<Parameters<typeof withCommands>[2]>[0],
) => Promise<void>;

const dryRun: Work = async (context, options, commands) => {
  const rows = (await commands.plan(options.to)).map((line) => [
    line.node,
    line.state,
    line.next,
    line.wipes ?? 'nothing',
  ]);
  context.output.out(table(['NODE', 'STATE', 'NEXT', 'WIPES'], rows));
};

const submitAndWatch: Work = async (context, options, commands) => {
  const begun = await askUntilAnswered(() => commands.up(options.to), context.signal);
  const watch = new OperationWatch(commands, begun, context.signal);
  const quiet = { ...context.output, out: () => {}, isTerminal: false };
  if (options.json) await watch.follow();
  else
    await showTasks(operationTasks(watch), options.json ? quiet : context.output, {
      concurrent: true,
      exitOnError: false,
    }).catch(() => {});
  const end = await watch.follow();
  if (options.json) context.output.out(json(end));
  if (end.state !== 'done') throw upFailed(end);
};

/** Every node and step that did not get there, each with its remedy. */
function upFailed(view: OperationView): BlackstartError {
  const troubles = [
    ...view.site
      .filter((step) => step.state === 'failed')
      .map((step) => `${step.title}: ${step.error}\n    → ${step.remedy}`),
    ...view.nodes.flatMap((node) =>
      node.blocked ? [`${node.name}: ${node.blocked.reason}\n    → ${node.blocked.remedy}`] : [],
    ),
  ];
  return new BlackstartError(
    'E_UP',
    `operation ${view.id} ended as ${view.state}:\n  ${troubles.join('\n  ') || (view.summary ?? '')}`,
    {
      remedy: 'Mend what is named above and run "blackstart up" again: what is done stays done.',
    },
  );
}
