import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBmc } from '../../src/bmc/open-bmc.ts';
import { systemClock } from '../../src/clock.ts';
import { run } from '../../src/exec/run.ts';
import { silentLog } from '../../src/log.ts';
import { request } from '../../src/net/request.ts';
import { type Certificate, makeCertificate } from '../../src/rack/bmc/certificate.ts';
import type { FaultKind } from '../../src/rack/bmc/fault.ts';
import { serveBmc } from '../../src/rack/bmc/serve-bmc.ts';
import type { MachineSpec } from '../../src/rack/machine.ts';
import { createQemuMachine } from '../../src/rack/qemu-machine.ts';
import { bmcContract, type Changes, CONTRACT_PATIENCE } from '../contract/bmc.ts';
import { BenchMachine, SPEC } from '../rack-unit/bench-machine.ts';
import { machineSpec, rackSpec, whyNoRack } from './rack-host.ts';

const TAP = 'bsr-tap0'; // in no bridge: the machine's DHCP requests reach nobody
const cannot = whyNoRack();
if (cannot) console.log(`skipped, ${cannot}: test/host/rack-bmc.test.ts`);

const dir = mkdtempSync(join(tmpdir(), 'bs-rack-bmc-'));
let certificate: Certificate;

beforeAll(async () => {
  if (cannot) return;
  certificate = await makeCertificate(dir, ['127.0.0.1']);
  await run('ip', ['tuntap', 'add', TAP, 'mode', 'tap']);
});
afterAll(async () => {
  if (!cannot) await run('ip', ['link', 'del', TAP]);
  rmSync(dir, { recursive: true, force: true });
});

/** A QEMU machine behind a virtual BMC, in this process and on the loopback. */
const start = (firmware: 'bios' | 'uefi') => async () => {
  const base = machineSpec(1, firmware);
  const spec: MachineSpec = { ...base, bmc: { ...base.bmc, address: '127.0.0.1', port: 0 } };
  const rackDir = await mkdtemp(join(dir, 'rack-'));
  const machineDir = join(rackDir, spec.name);
  await mkdir(machineDir);
  const rack = rackSpec('bsr-bmc', rackDir, [spec]);
  const machine = await createQemuMachine(spec, {
    ...{ rack, dir: machineDir, tap: TAP, clock: systemClock, log: silentLog },
  });
  const bmc = await serveBmc(machine, { tls: certificate, clock: systemClock, log: silentLog });
  const { username, password } = spec.bmc;
  const settings = { protocol: 'redfish', url: bmc.url, username, password } as const;
  return {
    open: ({ patience = {}, ...changes }: Changes = {}) =>
      openBmc(
        { ...settings, verifyTls: { ca: certificate.cert }, ...changes },
        { patience: { ...CONTRACT_PATIENCE, ...patience } },
      ),
    setFault: async (kind: FaultKind | null) => {
      bmc.setFault(kind === null ? null : { kind });
    },
    expected: {
      uuid: spec.uuid,
      serial: spec.serial,
      macs: [spec.mac],
      memoryGib: 1,
      diskSerials: [spec.diskSerial],
      bmcMacs: [spec.bmc.mac],
    },
    async close() {
      await bmc.close();
      await machine.close();
    },
  };
};

describe.skipIf(cannot)('the virtual BMC on the wire', () => {
  const open = async () => {
    const machine = new BenchMachine();
    const bmc = await serveBmc(machine, { tls: certificate, clock: systemClock, log: silentLog });
    const options = { timeoutMs: 30_000, verifyTls: { ca: certificate.cert } };
    return {
      machine,
      bmc,
      ask: (path: string, more = {}) => request(`${bmc.url}${path}`, { ...options, ...more }),
    };
  };

  test('closes each connection, and answers HEAD without a body', async () => {
    const { bmc, ask } = await open();
    const got = await ask('/redfish/v1/');
    expect(got.headers).toMatchObject({ connection: 'close', 'odata-version': '4.0' });
    const head = await ask('/redfish/v1/', { method: 'HEAD' });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([
      ...[200, '', String(Buffer.byteLength(got.text))],
    ]);
    await bmc.close();
  });

  test('refuses a body that is too long', async () => {
    const { bmc, ask } = await open();
    const body = JSON.stringify({ UserName: 'x'.repeat(100_000) });
    const answer = await ask('/redfish/v1/SessionService/Sessions', { method: 'POST', body });
    expect(answer.status).toBe(413);
    await bmc.close();
  });

  test('strikes with a fault before it asks for a login, and closes while a request hangs', async () => {
    const { bmc, ask } = await open();
    bmc.setFault({ kind: 'busy', count: 1 });
    expect(await ask('/redfish/v1/')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect((await ask('/redfish/v1/')).status).toBe(200);
    bmc.setFault({ kind: 'drop', count: 1 });
    await expect(ask('/redfish/v1/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    bmc.setFault({ kind: 'hang' });
    const hanging = expect(ask('/redfish/v1/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await sleep(200);
    await bmc.close();
    await hanging;
  });

  test('says which port is taken', async () => {
    const { bmc } = await open();
    const port = Number(new URL(bmc.url).port);
    const second = new BenchMachine({ ...SPEC, bmc: { ...SPEC.bmc, port } });
    const options = { tls: certificate, clock: systemClock, log: silentLog };
    await expect(serveBmc(second, options)).rejects.toMatchObject({ code: 'E_BMC_LISTEN' });
    await bmc.close();
  });

  test('serves the console to a WebSocket client that logs in', async () => {
    const { machine, bmc } = await open();
    const dispatcher = new Agent({ connect: { ca: certificate.cert } });
    const url = `${bmc.url.replace('https', 'wss')}/console0`;
    const stranger = new WebSocket(url, { dispatcher });
    await new Promise((resolve) => stranger.addEventListener('error', resolve));
    const login = Buffer.from(`${SPEC.bmc.username}:${SPEC.bmc.password}`).toString('base64');
    const viewer = new WebSocket(url, { dispatcher, headers: { Authorization: `Basic ${login}` } });
    viewer.binaryType = 'arraybuffer';
    let seen = '';
    viewer.addEventListener('message', ({ data }) => {
      seen += Buffer.from(data).toString();
    });
    await new Promise((resolve) => viewer.addEventListener('open', resolve));
    machine.print('lab-1 login: ');
    viewer.send('root\n');
    await vi.waitFor(() => expect([seen, machine.typed]).toEqual(['lab-1 login: ', ['root\n']]));
    const closed = new Promise((resolve) => viewer.addEventListener('close', resolve));
    viewer.close();
    await closed;
    await dispatcher.close();
    await bmc.close();
  });
});

if (cannot) describe.skip(`the virtual BMC (${cannot})`, () => void test('keeps the contract', () => {}));
else {
  bmcContract('a BIOS machine of the virtual rack', start('bios'));
  bmcContract('a UEFI machine of the virtual rack', start('uefi'));
}
