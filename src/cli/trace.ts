import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { type Boot, splitBoots } from '../core/boot-story.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Commands, TraceView } from '../operations/commands.ts';
import type { TraceRow } from '../store/trace-event.ts';
import { type CliContext, withCommands } from './context.ts';
import { duration, json, type Output, table } from './output.ts';
import { jsonOption, siteOption } from './plan.ts';
import { showBoot, showEvents } from './show-boot.ts';

interface TraceOptions {
  readonly site?: string;
  readonly json?: boolean;
  readonly boot: string;
  readonly follow?: boolean;
}

const POLL_MS = 500;

/** `blackstart trace [NODE|MAC]`: what the boot servers saw a machine do, and where it stands. */
export const traceCommand = (context: CliContext): Command =>
  new Command('trace')
    .description('a machine’s boot: where the time went, every packet and request, where it stands and why')
    .argument('[machine]', 'a node’s name, or any MAC address; all machines that were seen when left out')
    .addOption(siteOption())
    .addOption(new Option('--boot <number>', 'which boot: a number, "last" or "all"').default('last'))
    .addOption(new Option('--follow', 'go on with what comes, until Ctrl-C'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  blackstart trace lab-1\n  blackstart trace 52:54:00:77:00:02 --follow\n  blackstart trace lab-1 --boot 2 --json',
    )
    .action((machine: string | undefined, options: TraceOptions) =>
      withCommands(context, options.site, (commands) =>
        machine === undefined
          ? showMachines(commands, context.output, options)
          : showTrace(commands, machine, options, context),
      ),
    );

async function showMachines(commands: Commands, output: Output, options: TraceOptions): Promise<void> {
  const machines = await commands.machines();
  if (options.json) return output.out(json(machines));
  const rows = machines.map(({ mac, node, address, stage, decision, reason, atMs }) => [
    ...[mac, node, address, `${duration(Math.max(0, Date.now() - atMs))} ago`],
    ...[stage, decision, reason],
  ]);
  output.out(table(['MAC', 'NODE', 'ADDRESS', 'SEEN', 'EVENT', 'DECISION', 'WHY'], rows));
}

async function showTrace(
  commands: Commands,
  machine: string,
  options: TraceOptions,
  { output, signal }: CliContext,
): Promise<void> {
  const view = await commands.trace(machine, 0);
  const boots = splitBoots(view.events, view.powerOnsMs);
  const chosen = chooseBoots(boots, options.boot);
  if (options.json) {
    output.out(json(chosen.flatMap((boot) => boot.events.map((row) => ({ ...row, boot: boot.number })))));
  } else if (chosen.length === 0) output.out(neverSeen(view, machine));
  else {
    const heading = {
      name: view.node ?? machine,
      isNode: view.node !== null,
      boots: boots.length,
      nowMs: view.nowMs,
    };
    const isLast = (boot: Boot<TraceRow>) => boot === boots.at(-1);
    output.out(chosen.map((boot) => showBoot(boot, { ...heading, isLast: isLast(boot) })).join('\n\n\n'));
  }
  if (options.follow) await follow(commands, machine, view, { output, signal }, options.json === true);
}

function chooseBoots(boots: readonly Boot<TraceRow>[], which: string): readonly Boot<TraceRow>[] {
  if (which === 'all') return boots;
  if (which === 'last') return boots.slice(-1);
  const boot = boots.find(({ number }) => String(number) === which);
  if (boot) return [boot];
  throw new BlackstartError('E_NO_SUCH_BOOT', `there is no boot ${which} of ${boots.length}`, {
    remedy: 'Say "--boot last", "--boot all", or a number that is there. Old boots are forgotten.',
    exitCode: EXIT.usage,
  });
}

const neverSeen = ({ macs }: TraceView, machine: string): string =>
  macs.length === 0
    ? `No MAC address of ${machine} is known yet, by which packets would be told. → "blackstart trace" lists the machines that were seen.`
    : `Nothing was ever heard of ${machine} (${macs.join(', ')}). → Check its power, cable and boot order; "blackstart trace" lists the machines that were seen.`;

/** Prints what comes, a line each, until the signal. Times go on from the last boot's beginning. */
async function follow(
  commands: Commands,
  machine: string,
  view: TraceView,
  { output, signal }: Pick<CliContext, 'output' | 'signal'>,
  asJson: boolean,
): Promise<void> {
  let known = view.events;
  let boots = splitBoots(known, view.powerOnsMs).length;
  while (!signal.aborted) {
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const { events, powerOnsMs } = await commands.trace(machine, known.at(-1)?.id ?? 0);
    if (events.length === 0) continue;
    known = [...known, ...events].slice(-1_000);
    const all = splitBoots(known, powerOnsMs);
    const startMs = all.at(-1)?.startedAtMs ?? 0;
    if (asJson) for (const event of events) output.out(JSON.stringify(event));
    else {
      if (all.length > boots) output.out(`\na new boot of ${machine} begins`);
      const [, ...lines] = showEvents(events, startMs).split('\n');
      output.out(lines.join('\n'));
    }
    boots = all.length;
  }
}
