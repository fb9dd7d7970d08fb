// The rack process: node rack-main.ts DIR KIND, inside the rack's namespace. start-rack.ts starts it.
import { systemClock } from '../clock.ts';
import { openLog } from '../log.ts';
import { createQemuMachine } from './qemu-machine.ts';
import { readRackSpec } from './rack-file.ts';
import { serveRack } from './serve-rack.ts';

const [dir = ''] = process.argv.slice(2);
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());

const deps = { createMachine: createQemuMachine, clock: systemClock, log: openLog('debug') };
await serveRack(await readRackSpec(dir), deps, stop.signal);
