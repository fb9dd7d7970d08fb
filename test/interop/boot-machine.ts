import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { endsWithUs } from '../../src/exec/run.ts';
import { bootFilter } from '../../src/rack/capture.ts';
import type { Firmware } from './firmware.ts';
import type { InteropSeed, TraceLine } from './seed.ts';
import { type Segment, SWITCH } from './segment.ts';

const POLL_MS = 500;

/** How one boot went. */
export interface Boot {
  readonly seconds: number;
  readonly trace: readonly TraceLine[];
  /** What the machine wrote on its serial console, without control sequences. */
  readonly console: string;
}

/** What ends the wait, as seen by the boot servers and on the machine's own console. */
export type BootEnd = (trace: readonly TraceLine[], console: string) => boolean;

/** The agent's kernel was fetched whole: everything that network boot does has been done. */
export const kernelFetched: BootEnd = (trace) =>
  trace.some(({ stage, decision }) => stage === 'kernel' && decision === 'completed');

/** Where captures of boots are kept when they are taken anew (BLACKSTART_REFRESH=1). */
const CAPTURES = join(import.meta.dirname, '../captures/interop');
const isRefresh = process.env['BLACKSTART_REFRESH'] === '1';

/** Records the boot as golden capture `name`, when golden files are written anew; else does nothing. */
async function startCapture(name: string, mac: string, segment: Segment): Promise<ChildProcess | null> {
  if (!isRefresh || name.endsWith('-loss')) return null;
  mkdirSync(CAPTURES, { recursive: true });
  const file = join(CAPTURES, `${name}.pcap`);
  const limits = ['-U', '--immediate-mode', '-n', '-Z', 'root', '-c', '60', '-s', '640'];
  const argv = ['tcpdump', '-i', SWITCH, '-w', file, ...limits, bootFilter(mac, 8080)];
  const child = spawn('ip', segment.at('lan', ...argv), { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(child.stderr ?? child, 'data'); // "listening on …"
  return child;
}

/** Switches a machine on, waits until `end` or the firmware's limit, switches it off. */
export async function bootMachine(
  firmware: Firmware,
  segment: Segment,
  seed: InteropSeed,
  dir: string,
  end: BootEnd = kernelFetched,
): Promise<Boot> {
  const capture = await startCapture(basename(dir), firmware.mac, segment);
  mkdirSync(dir, { recursive: true });
  const console = join(dir, 'console.log');
  const output = openSync(join(dir, 'qemu.log'), 'w');
  const argv = [...firmware.argv(dir), '-serial', `file:${console}`];
  const startedAtMs = Date.now();
  const machine = spawn('ip', segment.at('lan', ...endsWithUs(argv[0] ?? '', argv.slice(1)).flat()), {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  try {
    for (;;) {
      const trace = (await seed.trace(firmware.mac)).filter(({ atMs }) => atMs >= startedAtMs);
      const said = existsSync(console) ? plain(readFileSync(console, 'latin1')) : '';
      const seconds = (Date.now() - startedAtMs) / 1000;
      if (end(trace, said) || seconds * 1000 > firmware.limitMs || machine.exitCode !== null)
        return { seconds, trace, console: said };
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  } finally {
    await switchOff(machine);
    if (capture) await switchOff(capture);
  }
}

async function switchOff(machine: ChildProcess): Promise<void> {
  if (machine.exitCode !== null || machine.signalCode !== null) return;
  machine.kill('SIGKILL');
  await once(machine, 'exit');
}

/** Firmware paints its console: cursor movements and colours are left out. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/[^\x20-\x7e\n]/g, '');
