// Powers machines on, and walks each through its boot as firmware and iPXE do: DORA, TFTP, DORA again, a script, kernel
// and ramdisk by HTTP. Prints one JSON line, and ends. Started by load.ts in the machines' namespace.
import { setImmediate as afterEvents, setTimeout as sleep } from 'node:timers/promises';
import { printIpv4 } from '../../src/site/ipv4.ts';
import { percentile } from '../findings.ts';
import { DhcpClients, type Given, type Persona } from './dhcp-client.ts';
import { MachineHttp, readScript } from './http-client.ts';
import { type Load, STAGES, type Stage, type StageTimes, type StormResult } from './load.ts';
import { MachineAddresses } from './machine-addresses.ts';
import { Patience } from './patience.ts';
import { STORM_FILES } from './storm-files.ts';
import { TftpClients } from './tftp-client.ts';

const load = JSON.parse(process.argv[2] ?? '') as Load;
const TICK_MS = 20;
const IDLE_MS = 1;

const patience = new Patience();
const dhcp = new DhcpClients(load.device, patience);
const tftp = new TftpClients(load.device, patience);
const addresses = new MachineAddresses(load.device);
const owners = new Map<number, number>();
const tookMs = new Map<Stage, number[]>(STAGES.map((stage) => [stage, []]));
const bootsMs: number[] = [];
const failures: Record<string, number> = {};
let ended = 0;
let lastKernelMs = Number.NaN;
let lastRamdiskMs = Number.NaN;

const lease = (machine: number, persona: Persona): Promise<Given> =>
  new Promise((resolve, reject) => {
    dhcp.begin(machine, persona, resolve, (reason) => reject(new Error(reason)));
  });

/** An address belongs to one machine, and a machine has one for all of its boot. */
function own(machine: number, { address }: Given): void {
  const owner = owners.get(address);
  if (owner !== undefined && owner !== machine) throw new Error('an address that another machine has');
  if (owner === undefined) addresses.add(address);
  owners.set(address, machine);
}

const fetchProgram = (machine: number, { address, server, file }: Given): Promise<number> =>
  new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(reason));
    tftp.begin({ machine, address, server, file, done: resolve, fail });
  });

function expectBytes(bytes: number, file: keyof typeof STORM_FILES): void {
  if (bytes !== STORM_FILES[file]) throw new Error(`${bytes} bytes of ${STORM_FILES[file]}`);
}

async function boot(machine: number): Promise<void> {
  let stage: Stage = 'address';
  const poweredOnMs = performance.now();
  let begunMs = poweredOnMs;
  const next = (to: Stage | null) => {
    const nowMs = performance.now();
    tookMs.get(stage)?.push(nowMs - begunMs);
    begunMs = nowMs;
    stage = to ?? stage;
  };
  let http: MachineHttp | null = null;
  try {
    const rom = await lease(machine, 'rom');
    own(machine, rom);
    next('boot program');
    expectBytes(await fetchProgram(machine, rom), 'snponly.efi');
    next('iPXE address');
    const ipxe = await lease(machine, 'ipxe');
    if (ipxe.address !== rom.address) throw new Error('another address than the ROM had');
    next('script');
    http = new MachineHttp(printIpv4(ipxe.address));
    const { kernel, ramdisk } = readScript(await http.text(ipxe.file));
    next('kernel');
    expectBytes(await http.load(kernel), 'kernel');
    next('ramdisk');
    lastKernelMs = performance.now() - beginMs;
    expectBytes(await http.load(ramdisk), 'initramfs');
    next(null);
    lastRamdiskMs = performance.now() - beginMs;
    bootsMs.push(lastRamdiskMs + beginMs - poweredOnMs);
  } catch (error) {
    const reason = `${stage}: ${error instanceof Error ? error.message : String(error)}`;
    failures[reason] = (failures[reason] ?? 0) + 1;
  } finally {
    http?.close();
    ended += 1;
  }
}

const beginMs = performance.now();
const cpuAtBegin = process.cpuUsage();
let started = 0;
let startMs = 0;
let tickedMs = 0;
while (ended < load.machines) {
  const nowMs = performance.now();
  const due = Math.min(load.machines, Math.ceil(((nowMs - beginMs) / load.withinMs) * load.machines));
  for (; started < due; started += 1) {
    startMs = nowMs - beginMs;
    void boot(started);
  }
  if (nowMs - tickedMs >= TICK_MS) {
    tickedMs = nowMs;
    patience.tick(nowMs);
  }
  const received = dhcp.receive() + tftp.receive();
  // Promises that were kept go on first: what they send goes out with this turn.
  await (received > 0 ? afterEvents() : sleep(IDLE_MS));
  dhcp.flush();
  tftp.flush();
}

const times = (values: readonly number[]): StageTimes => ({
  p50Ms: percentile(values, 0.5),
  p99Ms: percentile(values, 0.99),
});
const { user, system } = process.cpuUsage(cpuAtBegin);
const result: StormResult = {
  failures,
  failed: load.machines - bootsMs.length,
  stages: Object.fromEntries(
    STAGES.map((stage) => [stage, times(tookMs.get(stage) ?? [])]),
  ) as StormResult['stages'],
  boot: times(bootsMs),
  lastKernelMs,
  lastRamdiskMs,
  startMs,
  retries: patience.retries,
  refusals: dhcp.refusals,
  duplicates: tftp.duplicates,
  busy: (user + system) / 1000 / (performance.now() - beginMs),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
