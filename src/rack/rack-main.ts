// The rack process: node rack-main.ts DIR KIND, inside the rack's namespace. start-rack.ts starts it.
import { systemClock } from '../clock.ts';
import { openLog } from '../log.ts';
import { createFakeMachine } from './fake-machine.ts';
import type { MachineFactory } from './machine.ts';
import { createQemuMachine } from './qemu-machine.ts';
import { readRackSpec } from './rack-file.ts';
import { serveRack } from './serve-rack.ts';
import type { MachineKind } from './start-rack.ts';

const FACTORIES: Readonly<Record<MachineKind, MachineFactory>> = {
  qemu: createQemuMachine,
  fake: createFakeMachine,
};

const [dir = '', kind = ''] = process.argv.slice(2);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());

const createMachine = Object.entries(FACTORIES).find(([name]) => name === kind)?.[1];
if (!createMachine) throw new Error(`"${kind}" is no kind of machine: ${Object.keys(FACTORIES).join(', ')}`);
const deps = { createMachine, clock: systemClock, log: openLog('debug') };
await serveRack(await readRackSpec(dir), deps, stop.signal);
