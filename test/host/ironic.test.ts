import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import {
  AGENT_LOOKUP_STATES,
  PROVISION_STATES,
  PROVISION_VERBS,
  TRANSITIONS,
} from '../../src/core/provision-states.ts';
import { run, tryRun } from '../../src/exec/run.ts';
import { type Ironic, openIronic } from '../../src/ironic/client.ts';
import { inspectRunningAgent } from '../../src/ironic/inspect-running-agent.ts';
import { imageInfo } from '../../src/ironic/node-body.ts';
import { untilAgentReports, untilProvisionState } from '../../src/ironic/node-waits.ts';
import { silentLog } from '../../src/log.ts';
import { undercloudAccess } from '../../src/undercloud/credentials.ts';
import { type InstalledUndercloud, installUndercloud } from '../../src/undercloud/install.ts';
import { type UndercloudSettings, undercloudPaths } from '../../src/undercloud/settings.ts';
import { startUndercloud } from '../../src/undercloud/start.ts';
import { undercloudStatus } from '../../src/undercloud/status.ts';
import { stopUndercloud } from '../../src/undercloud/stop.ts';
import { type UndercloudEvent, watchUndercloud } from '../../src/undercloud/watch.ts';
import { heartbeat, keepLookingUp, lookUp, report } from './ironic-agent.ts';
import { readMachine } from './ironic-machine.ts';

// A real Ironic on a loopback address of its own, with nodes that have no hardware. Each test goes on from the last.
const ADDRESS = '127.99.0.1';
const CHECKOUT = new URL('../../', import.meta.url).pathname;
const cacheDir = process.env['BLACKSTART_CACHE'] ?? '/var/cache/blackstart';
const deps = { cacheDir, clock: systemClock, log: silentLog };
const LIMIT_MS = 120_000;

let settings: UndercloudSettings;
let installed: InstalledUndercloud;
let ironic: Ironic;
let waits: { ironic: Ironic; clock: typeof systemClock };

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'blackstart-ironic-'));
  installed = await installUndercloud(cacheDir, () => {});
  settings = {
    dir: join(dir, 'undercloud'),
    address: ADDRESS,
    apiPort: await freePort(),
    httpUrl: `http://${ADDRESS}:8080/ironic`,
    httpRoot: join(dir, 'undercloud', 'http'),
    deployKernel: join(dir, 'agent', 'vmlinuz'),
    deployRamdisk: join(dir, 'agent', 'initramfs'),
    kernelAppendParams: 'console=ttyS0,115200 nofb nomodeset',
    clean: 'none',
    fastTrack: true,
    limits: { deploys: 3, cleans: 3 },
    callbackTimeoutMinutes: 5,
    debug: false,
    fakeHardware: { delaySeconds: 2 },
  };
}, 600_000);

afterAll(async () => {
  await stopUndercloud(settings, systemClock);
  await rm(join(settings.dir, '..'), { recursive: true, force: true });
});

describe('the undercloud starts', () => {
  test('in a seed that dies right after, and the next seed adopts it', async () => {
    const pid = await startInAnotherSeed();
    const started = await startUndercloud(settings, deps, () => {});
    expect(started).toMatchObject({ adopted: true, outdated: false });
    expect(started.process.pid).toBe(pid);
    const access = await undercloudAccess(settings);
    if (access === null) throw new Error('no password was made');
    ironic = openIronic(access);
    waits = { ironic, clock: systemClock };
  });

  test('and says how it is', async () => {
    const status = await undercloudStatus(settings, systemClock);
    expect(status).toMatchObject({
      state: 'running',
      detail: '',
      version: installed.version,
      apiVersion: '1.115',
    });
    expect(status.memoryMib).toBeGreaterThan(100);
    expect(status.memoryMib).toBeLessThan(400);
  });

  test('with a configuration of which Ironic knows every option', async () => {
    const { configFile } = undercloudPaths(settings.dir);
    const args = [
      '--input-file',
      configFile,
      '--fatal-warnings',
      '--exclude-group',
      'fake',
      '--namespace',
      'ironic',
    ];
    for (const namespace of [
      'oslo.log',
      'oslo.db',
      'oslo.concurrency',
      'oslo.messaging',
      'oslo.service.service',
    ])
      args.push('--namespace', namespace);
    const checked = await tryRun(join(installed.venvDir, 'bin/oslo-config-validator'), args);
    expect(`${checked.stdout}${checked.stderr}`).not.toMatch(/^(ERROR|WARNING)/m);
    expect(checked.exitCode).toBe(0);
  });

  test('and keeps its password to itself', async () => {
    const { passwordFile, htpasswdFile, configFile, databaseFile } = undercloudPaths(settings.dir);
    for (const file of [passwordFile, htpasswdFile, configFile, settings.dir])
      expect((await stat(file)).mode & 0o077, file).toBe(0);
    expect(await readFile(htpasswdFile, 'utf8')).toMatch(/^blackstart:\$2b\$10\$/);
    expect((await stat(databaseFile)).size).toBeGreaterThan(0);
    const access = await undercloudAccess(settings);
    const stranger = openIronic({
      ...access,
      url: access?.url ?? '',
      username: 'blackstart',
      password: 'wrong',
    });
    await expect(stranger.nodes()).rejects.toMatchObject({ code: 'E_IRONIC_AUTH' });
  });

  test('anew when its configuration has changed, and as adopted when its database record is lost', async () => {
    const before = await undercloudStatus(settings, systemClock);
    await rm(undercloudPaths(settings.dir).schemaFile);
    settings = { ...settings, limits: { deploys: 4, cleans: 3 } };
    const started = await startUndercloud(settings, deps, () => {});
    expect(started.adopted).toBe(false);
    expect(started.process.pid).not.toBe(before.pid);
    expect(await ironic.nodes()).toEqual([]);
  });
});

describe('the table of states', () => {
  test('is what the installed Ironic has', async () => {
    const real = await readMachine(installed.venvDir);
    expect(Object.keys(PROVISION_STATES).sort()).toEqual(real.states);
    expect(
      Object.keys(PROVISION_VERBS)
        .filter((verb) => verb !== 'rebuild')
        .sort(),
    ).toEqual(real.verbs.filter((verb) => verb !== 'deploy' && verb !== 'undeploy').sort());
    const ours = Object.entries(TRANSITIONS).flatMap(([from, moves]) =>
      Object.entries(moves).map(([event, to]) => `${from} -${event}-> ${to}`),
    );
    // Two moves that Ironic's API makes outside its own machine.
    const beyond = ['rescue -unrescue-> unrescuing', 'adopt failed -manage-> manageable'];
    expect(ours.filter((move) => !beyond.includes(move)).sort()).toEqual(
      real.moves.filter((move) => !beyond.includes(move)).sort(),
    );
    expect([...AGENT_LOOKUP_STATES].sort()).toEqual(real.lookup.sort());
  });
});

describe('a node', () => {
  const MAC = '52:54:00:c0:00:01';

  test('is made once, and found by name, UUID and MAC address', async () => {
    const node = await ironic.createNode({
      uuid: 'b5f0c1f0-0000-4000-8000-000000000001',
      name: 'lab-1',
      driver: 'fake-hardware',
      resource_class: 'baremetal',
      inspect_interface: 'no-inspect',
      extra: { rack: 'r1' },
    });
    await expect(
      ironic.createNode({ uuid: node.uuid, name: 'lab-1', driver: 'fake-hardware' }),
    ).rejects.toMatchObject({ code: 'E_IRONIC_CONFLICT' });
    expect((await ironic.node('lab-1'))?.uuid).toBe(node.uuid);
    expect(await ironic.node('lab-9')).toBeNull();
    expect(await ironic.portByAddress(MAC)).toBeNull();
    await ironic.setTraits('lab-1', ['CUSTOM_FIRST']);
    expect((await ironic.node('lab-1'))?.traits).toEqual(['CUSTOM_FIRST']);
  });

  test('is listed page after page', async () => {
    for (const name of ['page-1', 'page-2', 'page-3'])
      await ironic.createNode({ name, driver: 'fake-hardware' });
    const names = (await ironic.nodes({ fields: ['name'], limit: '2' })).map((node) => node.name);
    expect(names.sort()).toEqual(['lab-1', 'page-1', 'page-2', 'page-3']);
    for (const name of ['page-1', 'page-2', 'page-3']) expect(await ironic.deleteNode(name)).toBe(true);
    expect(await ironic.deleteNode('page-1')).toBe(false);
  });

  test('is inspected by what an agent said that runs already, which then can go on', async () => {
    await ironic.createNode({ name: 'lab-2', driver: 'fake-hardware', ...NO_FAKES });
    await ironic.setProvisionState('lab-2', 'manage');
    await untilProvisionState('lab-2', ['manageable'], LIMIT_MS, waits);
    expect(await lookUp(apiUrl(), MAC)).toBeNull(); // the agent asks in vain until there is a port
    const agent = keepLookingUp(apiUrl(), MAC);
    const node = await inspectRunningAgent(
      'lab-2',
      { report: report(MAC), bootMac: MAC },
      'fake-hardware',
      waits,
    );
    expect(node).toMatchObject({
      provision_state: 'manageable',
      driver: 'fake-hardware',
      management_interface: 'fake',
      deploy_interface: 'direct',
    });
    expect(node.inspection_finished_at).not.toBeNull();
    expect(node.properties).toMatchObject({ cpus: 2, memory_mb: 2048, cpu_arch: 'x86_64' });
    expect(String(node.properties['capabilities'])).toContain('boot_mode:uefi');
    expect((await ironic.inventory('lab-2'))?.inventory).toMatchObject({ bmc_address: '10.78.0.11' });
    expect((await ironic.ports('lab-2')).map((port) => port.address)).toEqual([MAC]);
    const token = await agent;
    expect(token).toHaveLength(43); // not the asterisks of a token that somebody else has
    expect(await heartbeat(apiUrl(), node.uuid, token)).toBe(202);
    await untilAgentReports('lab-2', LIMIT_MS, waits);
    await ironic.deleteNode('lab-2');
  });

  test('is deployed once, with a config drive that Ironic builds', async () => {
    await ironic.setProvisionState('lab-1', 'manage');
    await untilProvisionState('lab-1', ['manageable'], LIMIT_MS, waits);
    await ironic.setProvisionState('lab-1', 'provide');
    await untilProvisionState('lab-1', ['available'], LIMIT_MS, waits);
    await deploy('lab-1');
    await expect(ironic.setProvisionState('lab-1', 'provide')).rejects.toMatchObject({
      code: /E_IRONIC_(STATE|LOCKED)/,
    });
    await untilProvisionState('lab-1', ['active'], LIMIT_MS, waits);
    const flows = (await ironic.history('lab-1')).map((entry) => entry.event_type);
    expect(flows.filter((flow) => flow?.startsWith('deployment'))).toEqual([
      'deployment_start',
      'deployment_end',
    ]);
  });

  test('that is protected cannot be wiped, by any client', async () => {
    await ironic.setProtected('lab-1', 'it is in use');
    await expect(ironic.setProvisionState('lab-1', 'rebuild')).rejects.toMatchObject({
      code: 'E_IRONIC_PROTECTED',
      exitCode: 3,
    });
    await expect(ironic.setProvisionState('lab-1', 'deleted')).rejects.toMatchObject({
      code: 'E_IRONIC_PROTECTED',
    });
    await ironic.setProtected('lab-1', null);
  });

  test('in maintenance says so, and what it lacks', async () => {
    await ironic.setMaintenance('lab-1', 'fan is loud');
    expect(await ironic.node('lab-1')).toMatchObject({
      maintenance: true,
      maintenance_reason: 'fan is loud',
      fault: null,
    });
    await ironic.setMaintenance('lab-1', null);
    expect((await ironic.node('lab-1'))?.maintenance).toBe(false);
    expect((await ironic.validate('lab-1'))['power']).toMatchObject({ result: true });
    await ironic.setBootDevice('lab-1', 'pxe', false);
    await ironic.setPowerState('lab-1', 'power on');
    await expect.poll(async () => (await ironic.node('lab-1'))?.power_state).toBe('power on');
  });
});

describe('an undercloud that is killed in the middle of a deployment', () => {
  test('is started again by the watcher; the node has failed, says why, and can be deployed again', async () => {
    await ironic.setProvisionState('lab-1', 'deleted');
    await untilProvisionState('lab-1', ['available'], LIMIT_MS, waits);
    await deploy('lab-1');
    const events: UndercloudEvent[] = [];
    const stop = new AbortController();
    const watching = watchUndercloud(
      settings,
      { ...deps, onEvent: (event) => void events.push(event) },
      stop.signal,
    );
    const { pid } = await undercloudStatus(settings, systemClock);
    process.kill(pid ?? 0, 'SIGKILL');
    await expect
      .poll(() => events.map((event) => event.kind), { timeout: LIMIT_MS })
      .toEqual(['died', 'restarted']);
    stop.abort();
    await watching;
    const node = await ironic.node('lab-1');
    expect(node).toMatchObject({ provision_state: 'deploy failed', reservation: null });
    expect(node?.last_error).toContain("can't be resumed");
    await expect(untilProvisionState('lab-1', ['active'], LIMIT_MS, waits)).rejects.toMatchObject({
      code: 'E_NODE_FAILED',
    });
    await deploy('lab-1');
    await untilProvisionState('lab-1', ['active'], LIMIT_MS, waits);
  });

  test('whose worker alone dies goes on by itself', async () => {
    const { pid } = await undercloudStatus(settings, systemClock);
    const worker = Number(execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }));
    process.kill(worker, 'SIGKILL');
    expect((await ironic.nodes()).length).toBe(1); // the client tries again while the port is closed
    expect((await undercloudStatus(settings, systemClock)).pid).toBe(pid);
  });
});

describe('an undercloud that cannot start', () => {
  test('says who is in its way, then stops for good when told to', async () => {
    expect(await stopUndercloud(settings, systemClock)).toBe(true);
    expect(await undercloudStatus(settings, systemClock)).toMatchObject({ state: 'stopped', pid: null });
    expect(await stopUndercloud(settings, systemClock)).toBe(false);
    const squatter = createServer().listen(settings.apiPort, ADDRESS);
    await expect(startUndercloud(settings, deps, () => {})).rejects.toMatchObject({ code: 'E_PORT_TAKEN' });
    await new Promise((resolve) => squatter.close(resolve));
    const elsewhere = { ...settings, address: '192.0.2.77' };
    await expect(startUndercloud(elsewhere, deps, () => {})).rejects.toMatchObject({ code: 'E_NO_ADDRESS' });
  });

  test('leaves a damaged database alone and says so', async () => {
    const { databaseFile, schemaFile } = undercloudPaths(settings.dir);
    await rm(schemaFile);
    await writeFile(databaseFile, 'this is no database, and long enough to be taken for one'.repeat(100));
    await expect(startUndercloud(settings, deps, () => {})).rejects.toMatchObject({
      code: 'E_UNDERCLOUD_DBSYNC',
    });
    expect(await readFile(databaseFile, 'utf8')).toMatch(/^this is no database/);
    expect(await undercloudStatus(settings, systemClock)).toMatchObject({ state: 'stopped' });
  });

  test('for want of its packages says where they come from', async () => {
    const empty = join(settings.dir, '..', 'cache');
    process.env['PIP_INDEX_URL'] = 'http://127.0.0.1:1/';
    process.env['PIP_RETRIES'] = '0';
    try {
      await expect(installUndercloud(empty, () => {})).rejects.toMatchObject({
        code: 'E_UNDERCLOUD_INSTALL',
        remedy: expect.stringContaining('Python package index'),
      });
    } finally {
      delete process.env['PIP_INDEX_URL'];
      delete process.env['PIP_RETRIES'];
    }
  });
});

/** `startUndercloud` in a process of its own, which ends as soon as Ironic answers. Returns Ironic's pid. */
async function startInAnotherSeed(): Promise<number> {
  const source = (path: string) => JSON.stringify(`${CHECKOUT}src/${path}`);
  const program = `
    import { startUndercloud } from ${source('undercloud/start.ts')};
    import { systemClock } from ${source('clock.ts')};
    import { silentLog } from ${source('log.ts')};
    const deps = { cacheDir: ${JSON.stringify(cacheDir)}, clock: systemClock, log: silentLog };
    const started = await startUndercloud(${JSON.stringify(settings)}, deps, () => {});
    console.log(started.process.pid);
  `;
  const node = join(CHECKOUT, 'node_modules/.bin/node');
  const ended = await run(node, ['--input-type=module', '--eval', program], { timeoutMs: 120_000 });
  return Number(ended.stdout.trim());
}

async function deploy(node: string): Promise<void> {
  const image = { url: `http://${ADDRESS}/image.raw`, sha256: 'a'.repeat(64), format: 'raw' } as const;
  await ironic.patchNode(node, [{ op: 'add', path: '/instance_info', value: imageInfo(image) }]);
  await ironic.setProvisionState(node, 'active', {
    configdrive: {
      meta_data: { hostname: node, uuid: node },
      network_data: {},
      user_data: '#cloud-config\n',
    },
  });
}

const apiUrl = () => `http://${ADDRESS}:${settings.apiPort}`;

/** fake-hardware with the interfaces that a real driver has, so that heartbeats count and drivers can be changed. */
const NO_FAKES = {
  bios_interface: 'no-bios',
  boot_interface: 'ipxe',
  console_interface: 'no-console',
  deploy_interface: 'direct',
  firmware_interface: 'no-firmware',
  inspect_interface: 'agent',
  raid_interface: 'no-raid',
  rescue_interface: 'no-rescue',
  storage_interface: 'noop',
  vendor_interface: 'no-vendor',
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, ADDRESS, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
