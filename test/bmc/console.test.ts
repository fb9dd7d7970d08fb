import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Bmc } from '../../src/bmc/bmc.ts';
import { openBmc } from '../../src/bmc/open-bmc.ts';
import type { JsonObject } from '../../src/bmc/redfish-json.ts';
import { RedfishSession } from '../../src/bmc/redfish-session.ts';
import { systemClock } from '../../src/clock.ts';
import { BlackstartError } from '../../src/errors.ts';
import { tryRun } from '../../src/exec/run.ts';
import { silentLog } from '../../src/log.ts';
import { type Certificate, makeCertificate } from '../../src/rack/bmc/certificate.ts';
import { type ServedBmc, serveBmc } from '../../src/rack/bmc/serve-bmc.ts';
import { BenchMachine, SPEC } from '../rack-unit/bench-machine.ts';
import { redfishDataDir, sampledTree, type Tree, walkedTree } from './redfish-data.ts';
import { serveTree } from './serve-tree.ts';

const PASSWORD = 'a secret: really';
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const refusal = async (work: Promise<unknown>): Promise<BlackstartError> => {
  const error: unknown = await work.then(
    () => 'it opened',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BlackstartError);
  return error as BlackstartError;
};

const hasOpenssl = (await tryRun('openssl', ['version']).catch(() => null))?.exitCode === 0;
if (!hasOpenssl) console.log('skipped, no openssl to make a certificate: the console of a virtual BMC');

describe.skipIf(!hasOpenssl)('the console of a virtual BMC', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bs-console-'));
  let certificate: Certificate;
  beforeAll(async () => {
    certificate = await makeCertificate(dir, ['127.0.0.1']);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function start(changes: { readonly verifyTls?: boolean; readonly password?: string } = {}) {
    const machine = new BenchMachine();
    const served: ServedBmc = await serveBmc(machine, {
      ...{ tls: certificate, clock: systemClock, log: silentLog },
    });
    const { username, password } = SPEC.bmc;
    const settings = { protocol: 'redfish', url: served.url, username, password } as const;
    const bmc: Bmc = openBmc({ ...settings, verifyTls: { ca: certificate.cert }, ...changes });
    closing.push(
      () => served.close(),
      () => bmc.close(),
    );
    return { machine, served, bmc };
  }

  test.each([undefined, false])(
    'carries bytes both ways, the certificate checked or not (%s)',
    async (verifyTls) => {
      const { machine, bmc } = await start(verifyTls === undefined ? {} : { verifyTls });
      const stream = await bmc.openConsole();
      let seen = '';
      stream.on('data', (bytes: Buffer) => {
        seen += bytes.toString('latin1');
      });
      machine.print('lab-1 login: \u001b[0m');
      stream.write('root\r');
      await vi.waitFor(() => expect([seen, machine.typed]).toEqual(['lab-1 login: \u001b[0m', ['root\r']]));
      expect(await bmc.powerState()).toBe('off'); // an open console holds up no other command
      stream.destroy();
    },
  );

  test('fails when the BMC goes away', async () => {
    const { served, bmc } = await start();
    const stream = await bmc.openConsole();
    const failed = new Promise((resolve) => stream.once('error', resolve));
    await served.close();
    closing.shift();
    await expect(failed).resolves.toMatchObject({ code: 'ECONNRESET' });
  });

  test('is for who logs in, over a connection that can be trusted', async () => {
    const { bmc } = await start({ verifyTls: true });
    expect((await refusal(bmc.openConsole())).code).toBe('E_BMC_UNREACHABLE');
    const stranger = await start({ password: 'wrong' });
    expect((await refusal(stranger.bmc.openConsole())).code).toBe('E_BMC_AUTH');
  });

  test('is given up with the caller’s reason', async () => {
    const { served, bmc } = await start();
    served.setFault({ kind: 'hang' });
    await expect(bmc.openConsole({ signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
    served.setFault(null);
  });
});

async function open(tree: Tree): Promise<{ readonly bmc: Bmc; readonly url: string }> {
  const { url, close } = await serveTree(tree);
  const bmc = openBmc({ protocol: 'redfish', url, username: 'admin', password: PASSWORD, verifyTls: true });
  closing.push(close, () => bmc.close());
  return { bmc, url };
}

const SYSTEM = '/redfish/v1/Systems/1';
const link = (path: string) => ({ '@odata.id': path });

/** A BMC that shows one system, and says this of its serial console. */
const treeWith = (SerialConsole: JsonObject, manager: JsonObject = {}): Tree =>
  new Map<string, JsonObject>([
    ['/redfish/v1', { '@odata.id': '/redfish/v1', Systems: link('/redfish/v1/Systems') }],
    ['/redfish/v1/systems', { Members: [link(SYSTEM)] }],
    [
      SYSTEM.toLowerCase(),
      { ...link(SYSTEM), Id: '1', SerialConsole, Links: { ManagedBy: [link('/redfish/v1/Managers/1')] } },
    ],
    ['/redfish/v1/managers/1', manager],
  ]);

describe('a BMC without a console that can be joined', () => {
  test('that has other ways is told with their commands, never with the password', async () => {
    const { bmc } = await open(
      treeWith({
        SSH: { ServiceEnabled: true, Port: 2200, ConsoleEntryCommand: 'cd system1/sol1; start' },
        IPMI: { ServiceEnabled: true, Port: 623 },
        Telnet: { ServiceEnabled: false, Port: 23 },
      }),
    );
    const error = await refusal(bmc.openConsole());
    expect(error.code).toBe('E_BMC_NO_CONSOLE');
    expect(error.message).toContain('SSH and IPMI only');
    expect(error.remedy).toContain('ssh -p 2200 -l admin 127.0.0.1 (then type: cd system1/sol1; start)');
    expect(error.remedy).toContain('ipmitool -I lanplus -H 127.0.0.1 -U admin -a sol activate');
    expect(error.remedy).not.toContain('telnet');
    expect(`${error.message}${error.remedy}`).not.toContain(PASSWORD);
  });

  test('that tells its ways at the manager only is followed there', async () => {
    const SerialConsole = { ServiceEnabled: true, ConnectTypesSupported: ['Telnet', 'Oem'] };
    const { bmc } = await open(treeWith({}, { SerialConsole }));
    expect(await refusal(bmc.openConsole())).toMatchObject({
      code: 'E_BMC_NO_CONSOLE',
      remedy: expect.stringContaining('telnet 127.0.0.1') as string,
    });
  });

  test.each([{}, { WebSocket: { ServiceEnabled: true } }, { SSH: { ServiceEnabled: false } }])(
    'that has none at all says so: %j',
    async (serial) => {
      const { bmc } = await open(treeWith(serial));
      const error = await refusal(bmc.openConsole());
      expect(error.code).toBe('E_BMC_NO_CONSOLE');
      expect(error.message).toContain('no serial console');
      expect(error.remedy).not.toBe('');
    },
  );

  test('that has it switched off tells how to switch it on', async () => {
    const { bmc, url } = await open(
      treeWith({ WebSocket: { ServiceEnabled: false, ConsoleURI: '/console0' } }),
    );
    const error = await refusal(bmc.openConsole());
    expect(error).toMatchObject({ code: 'E_BMC_NO_CONSOLE' });
    expect(error.remedy).toContain(`-u admin -X PATCH`);
    expect(error.remedy).toContain(`${url}${SYSTEM}`);
  });

  test.each([
    'wss://elsewhere.example/console0',
    '//elsewhere.example/console0',
    'https://elsewhere.example/',
  ])('and one whose console is on another host is not sent the login: %s', async (ConsoleURI) => {
    const { bmc } = await open(treeWith({ WebSocket: { ServiceEnabled: true, ConsoleURI } }));
    const error = await refusal(bmc.openConsole());
    expect(error.code).toBe('E_BMC_REFUSED');
    expect(error.message).toContain('another host');
  });

  test('and one whose console is not there is told with the status', async () => {
    const { bmc } = await open(treeWith({ WebSocket: { ServiceEnabled: true, ConsoleURI: '/console0' } }));
    expect(await refusal(bmc.openConsole())).toMatchObject({
      code: 'E_BMC_REFUSED',
      message: expect.stringContaining('HTTP 404') as string,
    });
  });
});

test('a BMC without sessions is logged in to by its password', async () => {
  const { url } = await open(treeWith({}));
  const target = { origin: url, host: 'bmc', verifyTls: true, requestMs: 2_000, clock: systemClock };
  const session = new RedfishSession(
    { ...target, busyDelayMs: 10, busyLimitMs: 10 },
    { username: 'admin', password: PASSWORD },
  );
  const basic = Buffer.from(`admin:${PASSWORD}`).toString('base64');
  expect(await session.authorize()).toEqual({ authorization: `Basic ${basic}` });
});

const dir = redfishDataDir();

describe.skipIf(dir === null)('what real BMCs offer (reads BLACKSTART_TEST_DATA)', () => {
  const walked = (name: string) => walkedTree(join(dir ?? '', name));
  const supermicro = () =>
    sampledTree(join(dir ?? '', 'supermicro-bmclib'), [
      'smc_1.14.0_serviceroot.json',
      'smc_1.14.0_systems.json',
      'smc_1.14.0_systems_1.json',
    ]);

  test.each([
    ['openbmc-stock', () => walked('openbmc-stock'), 'SSH and IPMI only', 'ssh -p 2200 '],
    ['hpe-dl325-ilo5', () => walked('hpe-dl325-ilo5'), 'SSH and IPMI only', 'ssh -l admin'],
    ['gigabyte-ami-megarac', () => walked('gigabyte-ami-megarac'), 'IPMI only', 'sol activate'],
    ['dell-r750-idrac9', () => walked('dell-r750-idrac9'), 'no serial console', 'own page'],
    ['supermicro-x12', supermicro, 'SSH and IPMI only', 'cd system1/sol1; start'],
  ])('%s', async (_, tree, offers, remedy) => {
    const { bmc } = await open(tree());
    const error = await refusal(bmc.openConsole());
    expect(error.code).toBe('E_BMC_NO_CONSOLE');
    expect(error.message).toContain(offers);
    expect(error.remedy).toContain(remedy);
  });
});
