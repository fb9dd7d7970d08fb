import { Command } from 'commander';
import { type CliContext, withCommands } from './context.ts';
import { json, table } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';

/** `blackstart trace NODE`: everything the boot servers saw the machine do. */
export const traceCommand = (context: CliContext): Command =>
  new Command('trace')
    .description('the boot trace of a node: every packet and request, with what was decided and why')
    .argument('<name>')
    .addOption(siteOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  blackstart trace lab-1')
    .action(async (name: string, options: { site?: string; json?: boolean }) => {
      const lines = await withCommands(context, options.site, (commands) => commands.trace(name));
      if (options.json) return context.output.out(json(lines));
      const rows = lines.map((line) => [
        new Date(line.atMs).toISOString(),
        line.mac,
        line.stage,
        line.decision,
        line.reason,
      ]);
      context.output.out(table(['TIME', 'MAC', 'STAGE', 'DECISION', 'REASON'], rows));
    });
