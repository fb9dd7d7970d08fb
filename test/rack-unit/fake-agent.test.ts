import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { readInventory } from '../../src/core/inventory.ts';
import { AgentCommands } from '../../src/rack/fake-agent-commands.ts';
import { AGENT_EXTENSIONS } from '../../src/rack/fake-agent-extensions.ts';
import { agentInventory, inspectionData } from '../../src/rack/fake-agent-inventory.ts';
import type { AgentSession } from '../../src/rack/fake-agent-session.ts';
import { readBehaviour } from '../../src/rack/fake-behaviour.ts';
import { FakeDisk, readDiskWrites } from '../../src/rack/fake-disk.ts';
import type { FakeHost } from '../../src/rack/fake-host.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';

const spec: MachineSpec = {
  name: 'm1',
  firmware: 'bios',
  uuid: '6f1c2b1e-52aa-4000-8000-000000000001',
  serial: 'SN-1',
  mac: '52:54:00:aa:00:01',
  cpus: 2,
  memoryMib: 1024,
  diskGib: 10,
  diskSerial: 'DISK-1',
  bmc: { address: '10.78.0.11', port: 443, username: 'admin', password: 'secret', mac: '52:54:00:bb:00:01' },
};
const image = Buffer.concat([Buffer.alloc(440), Buffer.of(0x78, 0x56, 0x34, 0x12), Buffer.alloc(600, 7)]);
const sha256 = createHash('sha256').update(image).digest('hex');

let dir: string;
let server: Server;
let url: string;
let disk: FakeDisk;
let events: string[];
let forced: number;
let commands: AgentCommands;
let ended: string[];

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/image') response.end(image);
    else response.writeHead(404).end('no such image');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

beforeEach(() => {
  if (dir) rmSync(dir, { recursive: true });
  dir = mkdtempSync(join(tmpdir(), 'bs-fake-agent-'));
  disk = new FakeDisk(dir);
  [events, ended, forced] = [[], [], 0];
  const host: FakeHost = {
    ...{ spec, dir, disk, timeScale: 0, clock: systemClock, behaviour: readBehaviour([]) },
    signal: new AbortController().signal,
    record: (event) => events.push(event),
    print: () => {},
    end: (how) => ended.push(how),
    onPowerButton: null,
  };
  const session: AgentSession = {
    ...{ host, inventory: {}, token: 't', partitionUuids: null, cachedImageId: null, servesApi: true },
    node: { uuid: 'node-1' },
    forceHeartbeat: () => {
      forced += 1;
    },
  };
  commands = new AgentCommands(AGENT_EXTENSIONS, session);
});
afterAll(() => rmSync(dir, { recursive: true }));

const writeImage = (value: string, path = '/image', node: object = { uuid: 'node-1' }) =>
  commands.execute('deploy.execute_deploy_step', {
    step: {
      interface: 'deploy',
      step: 'write_image',
      args: {
        image_info: {
          ...{ id: 'image', urls: [url + path], node_uuid: 'node-1' },
          ...{ os_hash_algo: 'sha256', os_hash_value: value },
        },
        configdrive: 'H4sI',
      },
    },
    node,
    ports: [],
    deploy_version: { generic_hardware_manager: '1.2' },
  });

describe('deploy.execute_deploy_step write_image', () => {
  test('runs on, forces a heartbeat at its end, and leaves the image and one line behind', async () => {
    const result = await writeImage(sha256);
    expect(result).toMatchObject({ command_name: 'execute_deploy_step', command_status: 'RUNNING' });
    await commands.join(result.id);
    expect(commands.result(result.id)).toMatchObject({
      command_status: 'SUCCEEDED',
      command_result: {
        deploy_result: 'image (image) written to device /dev/vda root_uuid=0x12345678',
        deploy_step: { step: 'write_image' },
      },
    });
    expect(forced).toBe(1);
    expect(disk.read()).toMatchObject({
      image: { sha256, node: 'node-1' },
      configDrive: 'H4sI',
      hostKey: null,
    });
    expect(readDiskWrites(dir)).toMatchObject([{ url: `${url}/image`, sha256, node: 'node-1' }]);
    const uuids = await commands.execute('standby.get_partition_uuids', {});
    expect(uuids.command_result).toEqual({ 'root uuid': '0x12345678' });
  });

  test("a wrong checksum is the agent's error, and the old system is gone", async () => {
    disk.finishWrite({ url: 'old', sha256: 'old', bytes: 1, node: 'old', identifier: '0x0' }, null);
    const result = await writeImage('f'.repeat(64));
    await commands.join(result.id);
    expect(JSON.parse(JSON.stringify(result))).toMatchObject({
      command_status: 'FAILED',
      command_error: {
        type: 'ImageChecksumError',
        code: 500,
        message: 'Error verifying image checksum',
        details: `Image failed to verify against checksum. location: image; image ID: /dev/vda; image checksum: ${'f'.repeat(64)}; verification checksum: ${sha256}`,
      },
    });
    expect(disk.read().image).toBeNull();
    expect(readDiskWrites(dir)).toHaveLength(1);
  });

  test('an image that is not there fails at once', async () => {
    const result = await writeImage(sha256, '/none');
    await commands.join(result.id);
    expect(result.command_error).toMatchObject({
      type: 'ImageDownloadError',
      details: expect.stringContaining('Received status code 404'),
    });
  });

  test('a disk that does not fit the hints is left alone', async () => {
    disk.finishWrite({ url: 'old', sha256: 'old', bytes: 1, node: 'old', identifier: '0x0' }, null);
    const node = { uuid: 'node-1', properties: { root_device: { serial: 's== OTHER' } } };
    const result = await writeImage(sha256, '/image', node);
    await commands.join(result.id);
    expect(result.command_error).toMatchObject({ type: 'DeviceNotFound' });
    expect(disk.read().image?.url).toBe('old');
  });

  test('is not begun while another command runs', async () => {
    const first = await writeImage(sha256);
    await expect(writeImage(sha256)).rejects.toMatchObject({
      code: 409,
      message: 'Agent is busy: executing command execute_deploy_step',
    });
    await commands.join(first.id);
  });
});

test('cleaning empties the disk', async () => {
  disk.finishWrite({ url: 'old', sha256: 'old', bytes: 1, node: 'old', identifier: '0x0' }, null);
  const steps = await commands.execute('clean.get_clean_steps', { node: {}, ports: [] });
  expect(steps.command_result).toMatchObject({
    clean_steps: { generic_hardware_manager: expect.any(Array) },
    hardware_manager_version: { generic_hardware_manager: '1.2' },
  });
  const params = { node: {}, ports: [], clean_version: { generic_hardware_manager: '1.2' } };
  const result = await commands.execute('clean.execute_clean_step', {
    ...params,
    step: { step: 'erase_devices_metadata', interface: 'deploy' },
  });
  await commands.join(result.id);
  expect(result.command_status).toBe('SUCCEEDED');
  expect(disk.read().image).toBeNull();
});

test('another version of the hardware manager is refused as the agent does', async () => {
  const result = await commands.execute('clean.execute_clean_step', {
    ...{ node: {}, ports: [], clean_version: { generic_hardware_manager: '1.1' } },
    step: { step: 'erase_devices_metadata' },
  });
  await commands.join(result.id);
  expect(result.command_status).toBe('CLEAN_VERSION_MISMATCH');
});

test('power_off answers first and ends the machine then', async () => {
  const result = await commands.execute('standby.power_off', {});
  expect(ended).toEqual([]);
  await vi.waitFor(() => expect(ended).toEqual(['poweroff']));
  expect(result.command_status).toBe('SUCCEEDED');
});

test.each([
  ['nonsense', 400, 'Invalid command: Command name must be of the form <extension>.<name>'],
  ['standby.nonsense', 400, 'Invalid command: Unknown command: nonsense'],
  ['nonsense.sync', 404, 'Not found: Extension with id nonsense not found.'],
])('%s is refused with %i', async (name, code, message) => {
  await expect(commands.execute(name, {})).rejects.toMatchObject({ code, message });
});

test('standby.prepare_image without a checksum is refused before it starts', async () => {
  const params = { image_info: { id: 'image', urls: [`${url}/image`] } };
  await expect(commands.execute('standby.prepare_image', params)).rejects.toMatchObject({ code: 400 });
  expect(commands.results()).toEqual([]);
});

describe('the inventory', () => {
  const post = (...behaviours: string[]) =>
    inspectionData(agentInventory(spec, readBehaviour(behaviours), '10.77.0.100', null), 'default');

  test("is read by this project as a real agent's", () => {
    const read = readInventory(JSON.parse(JSON.stringify(post())), spec.uuid);
    expect(read).toMatchObject({
      ok: true,
      value: {
        identity: { serial: 'SN-1', macs: [spec.mac], bmcAddress: '10.78.0.11', bmcMac: '52:54:00:bb:00:01' },
        cpus: 2,
        memoryMib: 1024,
        disks: [{ name: '/dev/vda', serial: 'DISK-1', sizeBytes: 10 * 1024 ** 3 }],
        bootMode: 'bios',
      },
    });
  });

  test('of a machine with wrong parts shows other parts with the same NIC', () => {
    const read = readInventory(JSON.parse(JSON.stringify(post('wrong-inventory'))), spec.uuid);
    if (!read.ok) throw new Error(read.reason);
    expect(read.value.identity.macs).toEqual([spec.mac]);
    expect(read.value.identity.serial).not.toBe(spec.serial);
    expect(read.value.memoryMib).toBe(512);
    expect(read.value.disks[0]?.serial).not.toBe(spec.diskSerial);
  });
});

test.each([
  [['slow'], { slowSeconds: 5 }],
  [['slow=40', 'silent'], { slowSeconds: 40, silent: true }],
])('%j is %j', (words, behaviour) => {
  expect(readBehaviour(words)).toMatchObject(behaviour);
});

test('a behaviour that nobody knows is refused', () => {
  expect(() => readBehaviour(['sielnt'])).toThrow('"sielnt"');
});
