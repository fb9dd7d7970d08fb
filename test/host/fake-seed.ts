// A seed in the namespace it is started in: the boot servers and a real Ironic, and the way of two machines from
// discovery to a login. One JSON line for each thing done. Run by fake-machine.test.ts.
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveNetworkBoot } from '../../src/boot/serve-network-boot.ts';
import { findUndercloudBootFile } from '../../src/boot/undercloud-boot-file.ts';
import { systemClock } from '../../src/clock.ts';
import type { BootNode } from '../../src/core/boot-node.ts';
import { UNLIMITED } from '../../src/core/unknown-limits.ts';
import { openSsh } from '../../src/exec/ssh.ts';
import { readMachineFacts } from '../../src/exec/ssh-facts.ts';
import { openIronic } from '../../src/ironic/client.ts';
import { inspectRunningAgent } from '../../src/ironic/inspect-running-agent.ts';
import { imageInfo, redfishNode } from '../../src/ironic/node-body.ts';
import { untilAgentReports, untilProvisionState } from '../../src/ironic/node-waits.ts';
import { silentLog } from '../../src/log.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import { renderConfigDrive } from '../../src/render/config-drive.ts';
import { openLeaseStore } from '../../src/store/lease-store.ts';
import { undercloudAccess } from '../../src/undercloud/credentials.ts';
import type { UndercloudSettings } from '../../src/undercloud/settings.ts';
import { startUndercloud } from '../../src/undercloud/start.ts';
import { stopUndercloud } from '../../src/undercloud/stop.ts';
import { aNetwork } from '../core/a-network.ts';

export interface SeedConfig {
  readonly dir: string;
  readonly cacheDir: string;
  readonly address: string;
  readonly bmcCertificate: string;
  readonly machines: readonly MachineSpec[];
  readonly privateKey: string;
  readonly publicKey: string;
  /** Machines that get an image whose checksum is wrong. */
  readonly wrongChecksum: readonly string[];
  /** Machines that are torn down again after the login, and those that are rebuilt: both by a boot that Ironic orders. */
  readonly tornDown: readonly string[];
  readonly rebuilt: readonly string[];
}

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SeedConfig;
const started = Date.now();
const tell = (what: string, facts: object = {}) =>
  process.stdout.write(`${JSON.stringify({ what, atMs: Date.now() - started, ...facts })}\n`);

const HTTP_PORT = 8080;
const LIMIT_MS = 120_000;
const fileOf = (name: string, bytes: number) => {
  const file = join(config.dir, 'files', name);
  writeFileSync(
    file,
    createHash('sha512')
      .update(name)
      .digest()
      .toString('hex')
      .repeat(Math.ceil(bytes / 128)),
  );
  return file;
};
mkdirSync(join(config.dir, 'files'), { recursive: true });
const [kernel, initramfs, image] = [
  fileOf('kernel', 1e6),
  fileOf('initramfs', 4e6),
  fileOf('image.raw', 8e6),
];
const httpRoot = join(config.dir, 'http');
const settings: UndercloudSettings = {
  dir: join(config.dir, 'undercloud'),
  address: config.address,
  apiPort: 6385,
  httpUrl: `http://${config.address}:${HTTP_PORT}/ironic`,
  httpRoot,
  deployKernel: kernel,
  deployRamdisk: initramfs,
  kernelAppendParams: '',
  clean: 'metadata',
  fastTrack: true,
  limits: { deploys: 8, cleans: 8 },
  callbackTimeoutMinutes: 5,
  debug: true,
  fakeHardware: null,
};

const nodes: BootNode[] = config.machines.map(({ name, mac, uuid }) => ({
  ...{ name, macs: [mac], uuid, address: null, hostname: name },
  ...{ localDisk: 'auto', secureBoot: false, quirks: [], kernelArgs: '', approval: 'approved' },
}));
const discovering = new Set(config.machines.map(({ mac }) => mac));
const reports = new Map<string, unknown>();
const abort = new AbortController();
const boot = await serveNetworkBoot(
  {
    networks: [
      aNetwork({
        name: 'prov',
        interface: 'prov0',
        address: config.address,
        subnet: '10.77.0.0',
        pools: [{ start: '10.77.0.100', end: '10.77.0.120' }],
      }),
    ],
    httpPort: HTTP_PORT,
    policy: {
      ...{ discovers: () => true, rejected: 'ignore', collectors: ['default'], kernelArgs: '' },
      ...{ secureBoot: false, tools: {}, menuSeconds: null },
      unknownLimits: UNLIMITED,
      ironicUrl: () => `http://${config.address}:6385`,
    },
    leases: await openLeaseStore(join(config.dir, 'leases')),
    directory: {
      byMac: (mac) => nodes.find((node) => node.macs.includes(mac)) ?? null,
      nameByMac: (mac) => nodes.find((node) => node.macs.includes(mac))?.name ?? null,
      byUuid: (uuid) => nodes.find((node) => node.uuid === uuid) ?? null,
      intentOf: (mac) =>
        discovering.has(mac)
          ? { kind: 'discover', expiresAtMs: Date.now() + 60_000, reason: 'test' }
          : findUndercloudBootFile(httpRoot, mac),
      byPort: () => null,
      reservedBy: () => null,
      poolNodes: () => 0,
    },
    artefacts: {
      programs: {
        'undionly.kpxe': fileOf('undionly.kpxe', 70_000),
        'snponly.efi': fileOf('snponly.efi', 2e5),
      },
      tools: {},
      raspberryPiDir: null,
      images: { 'image.raw': image },
      agent: { kernel, initramfs },
      ironic: { httpRoot, linkRoots: [settings.dir, join(config.dir, 'files')] },
    },
    onInventory: (inventory, sender) => {
      discovering.delete(sender.mac);
      reports.set(sender.mac, inventory);
      tell('inventory', { mac: sender.mac });
    },
    onEvent: () => {},
    log: silentLog,
    clock: systemClock,
  },
  abort.signal,
);
tell('serving');
const deps = { cacheDir: config.cacheDir, clock: systemClock, log: silentLog };
try {
  await startUndercloud(settings, deps, (line) => tell('undercloud', { line }));
  const access = await undercloudAccess(settings);
  if (!access) throw new Error('the undercloud has no password');
  tell('ready');
  const ironic = openIronic(access);
  await Promise.all(
    config.machines.map((machine) => bringUp(machine, ironic).catch((error) => failed(machine, error))),
  );
} finally {
  await stopUndercloud(settings, deps.clock);
  await boot.close();
}
tell('end');
process.exit(0);

function failed({ name }: MachineSpec, error: unknown): void {
  tell('failed', { name, code: Object(error).code, message: String(error) });
}

async function bringUp(machine: MachineSpec, ironic: ReturnType<typeof openIronic>): Promise<void> {
  const { name, mac, bmc, firmware } = machine;
  const waits = { ironic, clock: systemClock };
  const report = await untilReport(mac);
  const uuid = randomUUID();
  const login = {
    ...{ address: `https://${bmc.address}:${bmc.port}`, systemId: null },
    ...{ username: bmc.username, password: bmc.password, verifyCa: config.bmcCertificate },
  };
  const wishes = { name, uuid, login, bootMode: firmware, rootDevice: { serial: machine.diskSerial } };
  await ironic.createNode({
    ...redfishNode({ ...wishes, resourceClass: 'rack' }),
    inspect_interface: 'agent',
  });
  await ironic.setProvisionState(uuid, 'manage');
  await untilProvisionState(uuid, ['manageable'], LIMIT_MS, waits);
  tell('manageable', { name });
  await inspectRunningAgent(uuid, { report, bootMac: mac }, 'redfish', waits);
  await untilAgentReports(uuid, LIMIT_MS, waits);
  tell('inspected', { name });
  await ironic.setProvisionState(uuid, 'provide');
  await untilProvisionState(uuid, ['available'], LIMIT_MS, waits);
  tell('available', { name });
  const sha256 = createHash('sha256').update(readFileSync(image)).digest('hex');
  const wanted = config.wrongChecksum.includes(name) ? 'f'.repeat(64) : sha256;
  const info = imageInfo({
    url: `http://${config.address}:${HTTP_PORT}/images/image.raw`,
    sha256: wanted,
    format: 'raw',
  });
  await ironic.patchNode(uuid, [{ op: 'add', path: '/instance_info', value: info }]);
  const configdrive = renderConfigDrive({
    ...{ hostname: name, fqdn: null, uuid, user: 'operator', authorizedKeys: [config.publicKey] },
    ...{ network: { kind: 'dhcp', mac, mtu: null }, userData: null },
  });
  await ironic.setProvisionState(uuid, 'active', { configdrive });
  await untilProvisionState(uuid, ['active'], LIMIT_MS, waits);
  tell('active', { name, sha256 });
  tell('login', { name, uuid, facts: await logIn(machine) });
  if (config.tornDown.includes(name)) {
    await ironic.setProvisionState(uuid, 'deleted');
    await untilProvisionState(uuid, ['available'], LIMIT_MS, waits);
    tell('torn down', { name });
  }
  if (config.rebuilt.includes(name)) {
    // For five minutes after an inspection Ironic 39 takes the agent for alive, whatever runs (agent_is_alive).
    await ironic.patchNode(uuid, [{ op: 'add', path: '/driver_info/fast_track', value: false }]);
    await ironic.setProvisionState(uuid, 'rebuild', { configdrive });
    await untilProvisionState(uuid, ['active'], LIMIT_MS, waits);
    tell('rebuilt', { name, facts: await logIn(machine) });
  }
}

async function untilReport(mac: string): Promise<unknown> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += 100) {
    const report = reports.get(mac);
    if (report !== undefined) return report;
    await systemClock.sleep(100);
  }
  throw new Error(`no inventory from ${mac}`);
}

/** The machine's address is the one that the pool gave its MAC: there is one for each of them. */
async function logIn({ mac }: MachineSpec) {
  for (let tries = 0; ; tries += 1) {
    const host = addressOf(mac);
    try {
      if (!host) throw new Error(`no lease of ${mac}`);
      const ssh = await openSsh({
        host,
        username: 'operator',
        privateKey: config.privateKey,
        timeoutMs: 2_000,
      });
      const facts = await readMachineFacts(ssh);
      ssh.close();
      return facts;
    } catch (error) {
      if (tries > 60) throw error;
      await systemClock.sleep(500);
    }
  }
}

/** From the kernel's neighbours: the machine has talked to the seed. */
function addressOf(mac: string): string | null {
  const lines = readFileSync('/proc/net/arp', 'utf8').split('\n');
  return lines.find((line) => line.includes(mac))?.split(/\s+/)[0] ?? null;
}
