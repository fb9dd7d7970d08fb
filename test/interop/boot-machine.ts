import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { endsWithUs } from '../../src/exec/run.ts';
import type { Firmware } from './firmware.ts';
import type { InteropSeed, TraceLine } from './seed.ts';
import type { Segment } from './segment.ts';

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

/** Switches a machine on, waits until `end` or the firmware's limit, switches it off. */
export async function bootMachine(
  firmware: Firmware,
  segment: Segment,
  seed: InteropSeed,
  dir: string,
  end: BootEnd = kernelFetched,
): Promise<Boot> {
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
  }
}

async function switchOff(machine: ChildProcess): Promise<void> {
  if (machine.exitCode !== null || machine.signalCode !== null) return;
  machine.kill('SIGKILL');
  await once(machine, 'exit');
}

/** Firmware paints its console: cursor movements and colours are left out. */
const plain = (text: string): string => stripVTControlCharacters(text).replaceAll(/[^\x20-\x7e\n]/g, '');
