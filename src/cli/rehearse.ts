import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { reaches, type Stage } from '../core/stages.ts';
import { BlackstartError } from '../errors.ts';
import type { NodeView } from '../operations/commands.ts';
import { startCaptures } from '../rack/capture.ts';
import type { RackSpec } from '../rack/machine.ts';
import type { LoadedSite } from '../site/load-site.ts';
import type { CliContext } from './context.ts';
import { json } from './output.ts';
import { stageOption } from './plan.ts';
import { Mischief, parseMischief } from './rehearse-mischief.ts';
import { describeRack, removeRehearsal, startRehearsalRack } from './rehearse-rack.ts';
import { type RehearsalReport, rehearsedNode, reportTable } from './rehearse-report.ts';
import { peakMemoryMib, RehearsalSeed } from './rehearse-seed.ts';
import { makeRehearsalSite, type RehearsalPlace, rehearsalPlace } from './rehearse-site.ts';
import { runBlackstart } from './run-blackstart.ts';
import { showTasks, type Task } from './show-tasks.ts';

const LAB = fileURLToPath(new URL('../../inventories/lab', import.meta.url));

interface RehearseOptions {
  readonly json?: string;
  readonly keep?: boolean;
  readonly capture?: string;
  readonly dir: string;
  readonly kill: string[];
  readonly machines: 'qemu' | 'fake';
  readonly to: Stage;
}

/** `blackstart rehearse [SITE]`: the whole bring-up on a virtual rack, with the product's own public commands. */
export function rehearseCommand(context: CliContext): Command {
  const rehearse = new Command('rehearse')
    .description(
      'all of it on a virtual rack on this machine: servers power on, netboot, are discovered, deployed and logged into',
    )
    .argument('[site]', 'the folder of a site.yaml', LAB)
    .option('--json <file>', 'write the report as JSON')
    .option('--keep', 'leave everything running, and say how to look at it and take it down')
    .option('--capture <dir>', 'record how each machine netboots, as DIR/NAME.pcap (needs tcpdump)')
    .option('--dir <dir>', 'where disks, logs and state live', join(tmpdir(), 'blackstart-rehearsal'))
    .addOption(stageOption())
    .addOption(
      new Option(
        '--kill <what@state...>',
        'kill -9 "seed" or "undercloud" when a node first is in that state',
      ).default([], 'nothing'),
    )
    .addOption(
      new Option('--machines <kind>', 'qemu, or fake: simulated machines, for the fast tests')
        .choices(['qemu', 'fake'])
        .default('qemu')
        .hideHelp(),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  blackstart rehearse --keep\n  blackstart rehearse --kill seed@discovered seed@deploying seed@active',
    )
    .action((site: string, options: RehearseOptions) => rehearseSite(context, site, options));
  rehearse
    .command('down')
    .description('take down a rehearsal that was kept, or that died')
    .option('--dir <dir>', 'where it lives', join(tmpdir(), 'blackstart-rehearsal'))
    .action((options: { dir: string }) => removeRehearsal(rehearsalPlace(resolve(options.dir))));
  return rehearse;
}

async function rehearseSite(context: CliContext, source: string, options: RehearseOptions): Promise<void> {
  const startedAtMs = Date.now();
  const place = rehearsalPlace(resolve(options.dir));
  await removeRehearsal(place);
  const rehearsal = new Rehearsal(context, place, options);
  let report: RehearsalReport | null = null;
  try {
    await showTasks(rehearsal.preparation(source), context.output);
    await rehearsal.bringUp();
  } finally {
    report = await rehearsal.report(startedAtMs);
    if (options.json) await writeFile(options.json, `${json(report)}\n`);
    if (options.keep) context.output.out(rehearsal.howToLook());
    else await rehearsal.end();
  }
  if (!report.ok && reaches(options.to, 'deploy')) throw notVerified(report);
}

/** Ironic ends within seconds when it is asked to. */
const DOWN_LIMIT_MS = 60_000;

class Rehearsal {
  readonly #context: CliContext;
  readonly #place: RehearsalPlace;
  readonly #options: RehearseOptions;
  #site: LoadedSite | null = null;
  #seed: RehearsalSeed | null = null;
  #buildSeconds = 0;

  constructor(context: CliContext, place: RehearsalPlace, options: RehearseOptions) {
    this.#context = context;
    this.#place = place;
    this.#options = options;
  }

  preparation(source: string): Task[] {
    const { signal } = this.#context;
    const place = this.#place;
    return [
      {
        title: 'Site: a copy with its own state, key and BMC passwords',
        run: async () => {
          this.#site = await makeRehearsalSite(source, place);
        },
      },
      { title: 'Seed: ramdisk, images and Python environments', run: (say) => this.#prepareSeed(say.line) },
      {
        title: 'Rack: networks, machines with empty disks, their BMCs',
        run: async (say) => {
          const rack: RackSpec = await startRehearsalRack(
            this.#loaded(),
            place,
            this.#options.machines,
            signal,
          );
          const { capture } = this.#options;
          if (capture) await startCaptures(rack, capture, this.#loaded().site.seed.httpPort, systemClock);
          say.title(`Rack: ${describeRack(rack)}`);
        },
      },
      {
        title: 'Seed: blackstart serve',
        run: async () => {
          this.#seed = new RehearsalSeed(this.#loaded().site.site, place, this.#loaded());
          await this.#seed.start(signal);
        },
      },
    ];
  }

  async #prepareSeed(line: (text: string) => void): Promise<void> {
    const startedAtMs = Date.now();
    await runBlackstart(['prepare', '--site', this.#place.siteDir], {
      onLine: line,
      signal: this.#context.signal,
    });
    this.#buildSeconds = (Date.now() - startedAtMs) / 1000;
  }

  /** The public `blackstart up`, showing itself, while mischief (if asked for) kills what it was told to. */
  async bringUp(): Promise<void> {
    const { signal, output } = this.#context;
    const mischief = new Mischief(parseMischief(this.#options.kill), this.#started(), output);
    const stopMischief = mischief.start(signal);
    try {
      await runBlackstart(['up', '--site', this.#place.siteDir, '--to', this.#options.to], {
        show: true,
        signal,
      });
    } finally {
      await stopMischief();
    }
    mischief.assertDone();
  }

  async report(startedAtMs: number): Promise<RehearsalReport> {
    const nodes = await this.#nodes();
    const undercloud = await this.#seed?.commands.undercloud('status').catch(() => null);
    const rehearsed = nodes.map(rehearsedNode);
    const setup = Number(process.env['BLACKSTART_SETUP_SECONDS'] ?? 0);
    const report: RehearsalReport = {
      ok:
        rehearsed.length > 0 &&
        rehearsed.every((node) => node.sshVerified && node.provisionState === 'active'),
      seconds: {
        total: round((Date.now() - startedAtMs) / 1000 + setup),
        setup: round(setup),
        build: round(this.#buildSeconds),
      },
      memoryMiB: {
        seed: await peakMemoryMib(this.#seed?.pid ?? null),
        ironic: undercloud?.memoryMib ?? null,
      },
      nodes: rehearsed,
    };
    if (nodes.length > 0) this.#context.output.out(`\n${reportTable(report, nodes)}`);
    return report;
  }

  async #nodes(): Promise<NodeView[]> {
    if (this.#seed?.pid == null) return [];
    return this.#seed.commands.nodes().then(
      ({ nodes }) => nodes,
      () => [],
    );
  }

  async end(): Promise<void> {
    const down = this.#seed?.commands.undercloud('down').catch(() => {});
    await Promise.race([down, systemClock.sleep(DOWN_LIMIT_MS)]); // it ends with its namespace all the same
    await this.#seed?.stop();
    await removeRehearsal(this.#place);
  }

  howToLook(): string {
    const site = `--site ${this.#place.siteDir}`;
    const key = join(this.#place.siteDir, 'secrets', 'id_ed25519');
    const name = this.#loaded().site.site;
    return [
      '',
      'Left running. From the checkout:',
      `  bin/blackstart nodes list ${site}`,
      `  bin/blackstart nodes console ${this.#loaded().site.nodes[0]?.name ?? 'NODE'} ${site}`,
      `  ip netns exec ${name}-seed ssh -i ${key} ${this.#loaded().site.access.user}@ADDRESS`,
      `  bin/blackstart rehearse down --dir ${this.#place.root}`,
    ].join('\n');
  }

  #loaded(): LoadedSite {
    if (this.#site === null) throw new Error('the site is not made yet');
    return this.#site;
  }

  #started(): RehearsalSeed {
    if (this.#seed === null) throw new Error('the seed is not started yet');
    return this.#seed;
  }
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;

const notVerified = (report: RehearsalReport) =>
  new BlackstartError(
    'E_REHEARSAL',
    `not every machine was verified: ${
      report.nodes
        .filter((node) => !node.sshVerified)
        .map((node) => node.name)
        .join(', ') || 'none was seen'
    }`,
    {
      remedy: 'Run it again with --keep and look at "blackstart nodes show NAME", its console and its trace.',
    },
  );
