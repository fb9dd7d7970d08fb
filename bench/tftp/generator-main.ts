// Fetches a file by TFTP as many machines do at once, checks every block, prints one JSON line, and ends. Started by
// load.ts in the machines' namespace.
import { Poller, UdpReceiver, UdpSender } from '../../src/net/udp-batch.ts';
import { percentile } from '../findings.ts';
import { BenchClient, type ClientCounts, everyAck } from './client.ts';
import type { Load, LoadResult } from './load.ts';

const REMIND_MS = 50;
/** A whole window, as the kernel may hand it over. */
const DATAGRAM_BYTES = 65_536;
const LIMIT_MS = 150_000;

const load = JSON.parse(process.argv[2] ?? '') as Load;
const counts: ClientCounts = {
  completed: 0,
  failed: 0,
  wrongBlocks: 0,
  dataPackets: 0,
  bytes: 0,
  tookMs: [],
};
const tools = {
  sender: new UdpSender(false, () => {}),
  received: new UdpReceiver(DATAGRAM_BYTES),
  acks: everyAck(),
};
const clients = Array.from(
  { length: load.clients },
  (_, index) => new BenchClient(index, load, tools, counts),
);
const beginMs = performance.now();
for (const client of clients) client.start(beginMs);
const poller = new Poller(clients.map(({ fd }) => fd));
let running = clients.length;

function goOn(client: BenchClient, index: number, nowMs: number): void {
  if (load.seconds === null) {
    client.stop();
    running--;
  } else client.start(nowMs);
  poller.watch(index, client.fd);
}

const untilMs = beginMs + (load.seconds === null ? LIMIT_MS : load.seconds * 1000);
let remindAtMs = beginMs + REMIND_MS;
let nowMs = beginMs;
while (running > 0 && nowMs < untilMs) {
  poller.wait(REMIND_MS);
  nowMs = performance.now();
  for (const [index, client] of clients.entries())
    if (poller.isReady(index) && client.take(nowMs)) goOn(client, index, nowMs);
  if (nowMs < remindAtMs) continue;
  remindAtMs = nowMs + REMIND_MS;
  for (const [index, client] of clients.entries())
    if (client.fd >= 0 && client.remind(nowMs)) goOn(client, index, nowMs);
}
const { user, system } = process.cpuUsage();
const result: LoadResult = {
  completed: counts.completed,
  failed: counts.failed + (load.seconds === null ? running : 0),
  wrongBlocks: counts.wrongBlocks,
  dataPackets: counts.dataPackets,
  bytes: counts.bytes,
  seconds: (nowMs - beginMs) / 1000,
  p50Ms: percentile(counts.tookMs, 0.5),
  ownCpuSeconds: (user + system) / 1e6,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
