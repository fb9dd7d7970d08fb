import { afterEach, describe, expect, test } from 'vitest';
import type { Bmc } from '../../src/bmc/bmc.ts';
import { type BmcSettings, openBmc } from '../../src/bmc/open-bmc.ts';
import type { JsonObject } from '../../src/bmc/redfish-json.ts';
import type { Clock } from '../../src/clock.ts';
import { CONTRACT_PATIENCE } from '../contract/bmc.ts';
import { FAKE, FakeBmc, type Quirks } from './fake-bmc.ts';
import { serveTree } from './serve-tree.ts';

const started: { readonly fake: FakeBmc; readonly bmc: Bmc }[] = [];

async function start(quirks: Quirks, settings: Partial<BmcSettings> = {}, clock?: Clock) {
  const fake = new FakeBmc(quirks);
  const url = await fake.start();
  const patience = {
    ...CONTRACT_PATIENCE,
    readBackDelayMs: 100,
    readBackMs: 400,
    powerMs: 600,
    busyLimitMs: 10_000,
  };
  const bmc = openBmc(
    { protocol: 'redfish', url, ...FAKE, verifyTls: true, ...settings },
    { patience, ...(clock ? { clock } : {}) },
  );
  started.push({ fake, bmc });
  return { fake, bmc };
}

afterEach(async () => {
  for (const { fake, bmc } of started.splice(0)) {
    await bmc.close();
    await fake.close();
  }
});

describe('logging in', () => {
  test('one session serves many commands, and ends with close', async () => {
    const { fake, bmc } = await start({});
    await bmc.powerOn();
    await bmc.describe();
    expect(fake.sessions.size).toBe(1);
    await bmc.close();
    expect(fake.sessions.size).toBe(0);
  });

  test.each([401, 404, 405, 500])(
    'basic authentication where a session is answered by %i',
    async (sessionStatus) => {
      const { bmc } = await start({ sessionStatus });
      expect(await bmc.powerState()).toBe('off');
    },
  );

  test('a session that ends is renewed once', async () => {
    const { fake, bmc } = await start({ sessionRequests: 2, basicRefused: true });
    for (let round = 0; round < 3; round += 1) expect(await bmc.powerState()).toBe('off');
    expect(fake.requests.filter((request) => request.startsWith('POST')).length).toBeGreaterThan(1);
  });

  test('a wrong password is tried by session and by basic, and then not again: BMCs lock accounts', async () => {
    const { fake, bmc } = await start({}, { password: 'wrong' });
    await expect(bmc.powerState()).rejects.toMatchObject({ code: 'E_BMC_AUTH' });
    const asked = fake.requests.length;
    await expect(bmc.powerOn()).rejects.toMatchObject({ code: 'E_BMC_AUTH' });
    expect(fake.requests.length).toBe(asked);
  });

  test('after a while it is tried again', async () => {
    let nowMs = 1_000_000;
    const clock: Clock = { nowMs: () => nowMs, sleep: async () => undefined };
    const { fake, bmc } = await start({ basicRefused: true, sessionStatus: 500 }, {}, clock);
    await expect(bmc.powerState()).rejects.toMatchObject({ code: 'E_BMC_AUTH' });
    const asked = fake.requests.length;
    nowMs += 60_000;
    await expect(bmc.powerState()).rejects.toMatchObject({ code: 'E_BMC_AUTH' });
    expect(fake.requests.length).toBeGreaterThan(asked);
  });

  test('no message shows the password', async () => {
    const { bmc } = await start({ basicRefused: true, sessionStatus: 500 });
    const error: unknown = await bmc.powerState().catch((reason: unknown) => reason);
    expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(FAKE.password);
  });

  test('a service root that redirects is followed', async () => {
    const { bmc } = await start({ rootRedirects: true });
    expect(await bmc.powerState()).toBe('off');
  });

  test('a link to another host is not followed: it would get the password', async () => {
    const { bmc } = await start({ systemLink: 'http://127.0.0.2:9/redfish/v1/Systems/fake' });
    await expect(bmc.powerState()).rejects.toMatchObject({ code: 'E_BMC_REFUSED' });
  });
});

describe('the next boot', () => {
  test.each(['given', 'required', 'weak', 'none-accepted'] as const)(
    'is set with ETags "%s"',
    async (etag) => {
      const { fake, bmc } = await start({ etag });
      await bmc.setNextBoot('pxe');
      await bmc.setNextBoot('disk');
      expect(fake.override).toMatchObject({ enabled: 'Once', target: 'Hdd' });
    },
  );

  test.each(['with-override', 'without-override'] as const)(
    'is set with a settings resource %s',
    async (settings) => {
      const { fake, bmc } = await start({ settings });
      await bmc.setNextBoot('pxe');
      const patched = fake.requests.filter((request) => request.startsWith('PATCH'));
      expect(patched).toEqual([
        `PATCH /redfish/v1/Systems/fake${settings === 'with-override' ? '/Settings' : ''}`,
      ]);
    },
  );

  test('that is shown late is waited for', async () => {
    const { bmc } = await start({ bootLagsMs: 250 });
    await bmc.setNextBoot('pxe');
  });

  test('that is forgotten after a moment is E_BMC_IGNORED', async () => {
    const { bmc } = await start({ bootRevertsMs: 30 });
    await expect(bmc.setNextBoot('pxe')).rejects.toMatchObject({
      code: 'E_BMC_IGNORED',
      message: expect.stringContaining('Disabled None') as string,
    });
  });

  test('that becomes one for ever is E_BMC_IGNORED', async () => {
    const { bmc } = await start({ bootBecomes: 'Continuous' });
    await expect(bmc.setNextBoot('pxe')).rejects.toMatchObject({ code: 'E_BMC_IGNORED' });
  });

  test('is refused where it is not offered, without trying', async () => {
    const { fake, bmc } = await start({});
    await expect(bmc.setNextBoot('uefi-http')).rejects.toMatchObject({
      code: 'E_BMC_REFUSED',
      message: expect.stringContaining('None, Pxe, Hdd') as string,
    });
    expect(fake.requests.some((request) => request.startsWith('PATCH'))).toBe(false);
  });

  test('is tried where nothing is said about what is offered; HTTP boot brings UEFI mode', async () => {
    const { fake, bmc } = await start({ bootTargets: null });
    fake.override = { enabled: 'Disabled', target: 'None', mode: 'Legacy' };
    await bmc.setNextBoot('uefi-http');
    expect(fake.override).toEqual({ enabled: 'Once', target: 'UefiHttp', mode: 'UEFI' });
  });

  test.each([
    [undefined, {}],
    ['uefi', {}],
    ['bios', { BootSourceOverrideMode: 'Legacy' }],
  ] as const)('for firmware %s sends the mode only when it changes', async (firmware, mode) => {
    const { fake, bmc } = await start({});
    await bmc.setNextBoot('pxe', firmware ? { firmware } : {});
    expect(fake.bodies).toEqual([
      { Boot: { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe', ...mode } },
    ]);
  });
});

describe('power', () => {
  const resetsAsked = (fake: FakeBmc) => fake.bodies.map((body) => (body as { ResetType: string }).ResetType);

  test.each([
    [{}, 'now', ['ForceRestart']],
    [{}, 'gracefully', ['ForceRestart']],
    [{ resetTypes: ['On', 'ForceOff', 'PowerCycle'] }, 'now', ['PowerCycle']],
    [
      { resetTypes: ['On', 'ForceOff', 'GracefulRestart', 'ForceRestart'] },
      'gracefully',
      ['GracefulRestart'],
    ],
    [{ resetTypes: ['On', 'ForceOff'] }, 'now', ['ForceOff', 'On']],
    [
      { resetTypes: ['On', 'ForceOff', 'ForceRestart'], resetTypesBehindActionInfo: true },
      'now',
      ['ForceRestart'],
    ],
  ] as const)('reset with %j, %s, asks for %j', async (quirks, manner, want) => {
    const { fake, bmc } = await start(quirks);
    fake.power = 'On';
    await bmc.reset({ manner });
    expect(resetsAsked(fake)).toEqual(want);
    expect(fake.power).toBe('On');
  });

  test.each([
    ['now', 'ForceOff'],
    ['gracefully', 'GracefulShutdown'],
  ] as const)('off %s asks for %s', async (manner, want) => {
    const { fake, bmc } = await start({});
    fake.power = 'On';
    await bmc.powerOff({ manner });
    expect(resetsAsked(fake)).toEqual([want]);
  });

  test('that changes slowly is waited for', async () => {
    const { bmc } = await start({ powerLagsMs: 250 });
    await bmc.powerOn();
    expect(await bmc.powerState()).toBe('on');
  });

  test('that cannot be asked for is E_BMC_REFUSED, naming what is offered', async () => {
    const { bmc } = await start({ resetTypes: ['Nmi'] });
    await expect(bmc.powerOn()).rejects.toMatchObject({
      code: 'E_BMC_REFUSED',
      message: expect.stringContaining('Nmi') as string,
    });
  });

  test.each([
    [403, { error: { message: 'no' } }, 'Administrator'],
    [400, { error: { '@Message.ExtendedInfo': [{ MessageId: 'IDRAC.2.8.LIC501' }] } }, 'licence'],
    [500, '<html>oops</html>', 'firmware'],
  ] as const)('a refusal with %i gets a remedy that fits', async (status, body, remedy) => {
    const { bmc } = await start({ resetAnswer: { status, body } });
    await expect(bmc.powerOn()).rejects.toMatchObject({
      code: 'E_BMC_REFUSED',
      remedy: expect.stringContaining(remedy) as string,
    });
  });
});

describe('which system', () => {
  test('a baseboard that counts no processors is not taken for the server', async () => {
    const { bmc } = await start({ otherSystem: 'baseboard' });
    expect((await bmc.describe()).identity.systemId).toBe('fake');
  });

  test('of two servers none is guessed; a name decides', async () => {
    const { bmc } = await start({ otherSystem: 'server' });
    await expect(bmc.powerOn()).rejects.toMatchObject({
      code: 'E_BMC_SYSTEM',
      remedy: expect.stringContaining('other, fake') as string,
    });
    const named = await start({ otherSystem: 'server' }, { systemId: 'fake' });
    await named.bmc.powerOn();
    expect(named.fake.power).toBe('On');
  });

  test('a name that no system has is E_BMC_REFUSED, naming those there are', async () => {
    const { bmc } = await start({}, { systemId: 'absent' });
    await expect(bmc.powerOn()).rejects.toMatchObject({
      code: 'E_BMC_REFUSED',
      message: expect.stringContaining('it shows: fake') as string,
    });
    expect((await bmc.describe()).missing).toEqual([expect.stringContaining('it shows: fake')]);
  });
});

test('a BMC is asked one thing at a time, by all who ask', async () => {
  const { fake, bmc } = await start({});
  await Promise.all([
    bmc.describe(),
    bmc.powerOn(),
    bmc.describe(),
    bmc.setNextBoot('pxe'),
    bmc.powerState(),
  ]);
  expect(fake.most.atOnce).toBe(1);
});

test('"come back in a second" is taken at its word', async () => {
  const sleptMs: number[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    sleep: async (ms) => {
      sleptMs.push(ms);
    },
  };
  const { fake, bmc } = await start({ retryAfterSeconds: 7 }, {}, clock);
  fake.fault = 'busy';
  await expect(bmc.powerState()).rejects.toMatchObject({ code: 'E_BMC_BUSY' });
  expect(sleptMs).toEqual([7_000, 7_000, 7_000, 7_000]);
});

describe('what answers', () => {
  const settings = { protocol: 'redfish', ...FAKE, verifyTls: true } as const;
  const found = (missing: readonly string[]) => missing.filter((line) => line.startsWith('nics'));

  test('nothing: the message says so', async () => {
    await expect(openBmc({ ...settings, url: 'http://127.0.0.1:1' }).describe()).rejects.toMatchObject({
      code: 'E_BMC_UNREACHABLE',
      message: expect.stringContaining('nothing listens there') as string,
    });
  });

  test.each(['https://', 'a b'])('"%s" is no address', (url) => {
    expect(() => openBmc({ ...settings, url })).toThrow(/no address/);
  });

  test('a web server that is no BMC is told from one', async () => {
    const server = await serveTree(new Map());
    await expect(openBmc({ ...settings, url: server.url }).powerState()).rejects.toMatchObject({
      code: 'E_BMC_UNREACHABLE',
      message: expect.stringContaining('no Redfish service') as string,
    });
    await server.close();
  });

  test('a collection is read over its pages, also when they lead in a circle or hold too little', async () => {
    const base = '/redfish/v1/Systems/1';
    const page = (path: string, next: string | null, ...macs: string[]) => ({
      '@odata.id': path,
      'Members@odata.count': 5,
      Members: [...macs.map((mac) => ({ Id: mac, MACAddress: mac })), { '@odata.id': `${base}/gone` }],
      ...(next === null ? {} : { 'Members@odata.nextLink': next }),
    });
    const server = await serveTree(
      new Map<string, JsonObject>([
        ['/redfish/v1', { Systems: { '@odata.id': '/redfish/v1/Systems' } }],
        ['/redfish/v1/systems', { Members: [{ '@odata.id': base }] }],
        [base.toLowerCase(), { '@odata.id': base, EthernetInterfaces: { '@odata.id': `${base}/nics` } }],
        [`${base}/nics`.toLowerCase(), page(`${base}/nics`, `${base}/more`, '02:00:00:00:00:01')],
        [`${base}/more`.toLowerCase(), page(`${base}/more`, `${base}/more`, '02:00:00:00:00:02')],
      ]),
    );
    const { nics, missing } = await openBmc({ ...settings, url: server.url }).describe();
    expect(nics.map(({ mac }) => mac)).toEqual(['02:00:00:00:00:01', '02:00:00:00:00:02']);
    expect(found(missing)).toEqual([
      expect.stringContaining('counts 5 members and lists 4'),
      expect.stringContaining('gone cannot be read: HTTP 404'),
    ]);
    await server.close();
  });

  test.each([true, false])(
    'a part that is on another host is missing, no more: NoLinks %s',
    async (NoLinks) => {
      const base = '/redfish/v1/Systems/1';
      const server = await serveTree(
        new Map<string, JsonObject>([
          [
            '/redfish/v1',
            {
              Systems: { '@odata.id': '/redfish/v1/Systems' },
              ProtocolFeaturesSupported: { ExpandQuery: { NoLinks } },
            },
          ],
          ['/redfish/v1/systems', { Members: [{ '@odata.id': base }] }],
          [
            base.toLowerCase(),
            { '@odata.id': base, EthernetInterfaces: { '@odata.id': '//192.0.2.1/nics' } },
          ],
        ]),
      );
      const { missing } = await openBmc({ ...settings, url: server.url }).describe();
      expect(found(missing)).toContainEqual(expect.stringContaining('another host'));
      await server.close();
    },
  );
});
