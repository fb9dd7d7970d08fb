// Powers machines on: each sends DISCOVER, takes the first OFFER, sends REQUEST and waits for the ACK. Starts them at
// an even rate whatever the server does, prints one JSON line, and ends. Started by load.ts in the machines' namespace.
import { BatchSocket } from '../batch-socket.ts';
import { percentile } from '../findings.ts';
import type { Load, LoadResult } from './load.ts';
import { messageTypeOf, RomMessage, XID_AT } from './rom-message.ts';

const load = JSON.parse(process.argv[2] ?? '') as Load;
const OFFER = 2;
const ACK = 5;
const POLL_MS = 1;

const direct = load.relay === null;
const socket = new BatchSocket({
  device: load.device,
  address: load.relay ?? '0.0.0.0',
  port: direct ? 68 : 67,
  to: { address: direct ? '255.255.255.255' : load.server, port: 67 },
});
const discover = new RomMessage('discover', load.relay);
const request = new RomMessage('request', load.relay);

const startedAtMs = new Float64Array(load.machines);
const offered = new Uint8Array(load.machines);
const tookMs: number[] = [];
const acknowledged = new Uint8Array(load.machines);
const addresses = new Map<number, number>();
let offers = 0;
let duplicates = 0;

function take(reply: Buffer): void {
  if (reply.length < 240 || reply[0] !== 2) return;
  const machine = reply.readUInt32BE(XID_AT);
  if (machine >= load.machines || reply.readUInt16BE(28) !== (0x0200 | load.run)) return;
  const type = messageTypeOf(reply);
  if (type === OFFER && offered[machine] === 0) {
    offered[machine] = 1;
    offers += 1;
    socket.queue((slot) => request.write(slot, load.run, machine, reply));
  }
  if (type === ACK && acknowledged[machine] === 0) {
    acknowledged[machine] = 1;
    tookMs.push(performance.now() - (startedAtMs[machine] ?? 0));
    const address = reply.readUInt32BE(16);
    if (addresses.has(address)) duplicates += 1;
    addresses.set(address, machine);
  }
}

const beginMs = performance.now();
let started = 0;
let lastStartMs = beginMs;
for (;;) {
  const nowMs = performance.now();
  const due = Math.min(load.machines, Math.ceil(((nowMs - beginMs) / 1000) * load.perSecond));
  for (; started < due; started += 1) {
    startedAtMs[started] = nowMs;
    lastStartMs = nowMs;
    const machine = started;
    socket.queue((slot) => discover.write(slot, load.run, machine));
  }
  const received = socket.receive(take);
  socket.flush();
  if (tookMs.length === load.machines) break;
  if (started === load.machines && nowMs - lastStartMs > load.patienceMs) break;
  if (received === 0) socket.wait(POLL_MS);
}

const result: LoadResult = {
  started,
  offers,
  acks: tookMs.length,
  duplicates,
  startSeconds: (lastStartMs - beginMs) / 1000,
  p50Ms: percentile(tookMs, 0.5),
  p99Ms: percentile(tookMs, 0.99),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
