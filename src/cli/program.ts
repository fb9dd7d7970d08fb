import { Command, CommanderError } from 'commander';
import { BlackstartError, EXIT, type ExitCode } from '../errors.ts';
import { checkCommand } from './check.ts';
import type { CliContext, OpenDaemon } from './context.ts';
import { imageCommand, ramdiskCommand } from './image.ts';
import { initCommand } from './init.ts';
import { metricsCommand } from './metrics.ts';
import { nodesCommand } from './nodes.ts';
import { type Output, processOutput } from './output.ts';
import { planCommand } from './plan.ts';
import { prepareCommand } from './prepare.ts';
import { rehearseCommand } from './rehearse.ts';
import { renderCommand } from './render.ts';
import { serveCommand } from './serve.ts';
import { traceCommand } from './trace.ts';
import { undercloudCommand } from './undercloud.ts';
import { upCommand } from './up.ts';

/** A command: what it is called and takes, and what it does with the context. */
export type CommandMaker = (context: CliContext) => Command;

const COMMANDS: readonly CommandMaker[] = [
  initCommand,
  checkCommand,
  prepareCommand,
  planCommand,
  upCommand,
  serveCommand,
  nodesCommand,
  traceCommand,
  metricsCommand,
  renderCommand,
  undercloudCommand,
  imageCommand,
  ramdiskCommand,
  rehearseCommand,
];

/**
 * Runs one command line and returns its exit code. A BlackstartError is shown with its remedy; anything else is a
 * bug, shown with its stack.
 */
export async function runCli(
  argv: readonly string[],
  openDaemon: OpenDaemon,
  output: Output = processOutput,
): Promise<ExitCode> {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (interrupt.signal.aborted) return;
    interrupt.abort(
      new BlackstartError('E_INTERRUPTED', `stopped by ${name}`, {
        remedy: 'Run the command again: it continues where it was.',
      }),
    );
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    await buildProgram({ output, openDaemon, signal: interrupt.signal }).parseAsync([...argv], {
      from: 'user',
    });
    return EXIT.done;
  } catch (error) {
    return reportFailure(error, output);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function buildProgram(context: CliContext): Command {
  const program = new Command('blackstart')
    .enablePositionalOptions()
    .description('Brings racks of empty servers to a running cloud, from one small machine.')
    .version('0.1.0')
    .showHelpAfterError('(add --help for the options and an example)')
    .configureOutput({
      writeOut: (text) => context.output.out(text.trimEnd()),
      writeErr: (text) => context.output.err(text.trimEnd()),
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or site, 3 refused by a safety rule, 4 drift found, 70 a bug.',
    );
  for (const make of COMMANDS) program.addCommand(inheritSettings(make(context), program));
  return program;
}

/** Subcommands made apart do not inherit what the program was told: errors are thrown, not exited with. */
function inheritSettings(command: Command, program: Command): Command {
  command.copyInheritedSettings(program).exitOverride();
  for (const child of command.commands) inheritSettings(child as Command, program);
  program.exitOverride();
  return command;
}

function reportFailure(error: unknown, output: Output): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof BlackstartError) {
    output.err(`\n${error.code}: ${error.message}\n  → ${error.remedy}`);
    return error.exitCode;
  }
  output.err(
    `This is a bug in Blackstart: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.bug;
}
