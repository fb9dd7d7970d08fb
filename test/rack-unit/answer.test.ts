import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { silentLog } from '../../src/log.ts';
import { answer } from '../../src/rack/bmc/answer.ts';
import type { Bmc } from '../../src/rack/bmc/bmc.ts';
import { FaultSwitch } from '../../src/rack/bmc/fault.ts';
import { SESSION_SECONDS, Sessions } from '../../src/rack/bmc/session.ts';
import { RESET_TYPES } from '../../src/rack/machine.ts';
import { BenchMachine, SPEC } from './bench-machine.ts';

const SYSTEM = '/redfish/v1/Systems/1';
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
const SESSIONS = '/redfish/v1/SessionService/Sessions';
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const LOGIN = basic('admin', 'a pass:word');

let machine: BenchMachine;
let bmc: Bmc;
let nowMs: number;

beforeEach(() => {
  nowMs = 1_000_000;
  const clock = { ...systemClock, nowMs: () => nowMs };
  machine = new BenchMachine();
  bmc = {
    machine,
    sessions: new Sessions(SPEC.bmc, clock),
    faults: new FaultSwitch(),
    clock,
    log: silentLog,
  };
});

const ask = (method: string, path: string, body: unknown = null, headers: object = LOGIN) =>
  answer(bmc, { method, path, headers: { ...headers }, body: body === null ? '' : JSON.stringify(body) });
const get = async (path: string) => (await ask('GET', path)).body as Record<string, unknown>;
const messageId = (reply: Awaited<ReturnType<typeof ask>>) =>
  (reply.body as { error: { code: string } } | undefined)?.error.code;
const patchBoot = (boot: object, headers: object = {}) =>
  ask('PATCH', SYSTEM, { Boot: boot }, { ...LOGIN, ...headers });

describe('who may ask', () => {
  test('the service root is open, all else asks for a login', async () => {
    expect((await ask('GET', '/redfish/v1', null, {})).status).toBe(200);
    for (const [method, path] of [
      ['GET', SYSTEM],
      ['PATCH', SYSTEM],
      ['POST', RESET],
      ['GET', SESSIONS],
      ['POST', '/rack/faults'],
      ['GET', '/redfish/v1/nowhere'],
    ] as const) {
      const reply = await ask(method, path, null, {});
      expect([path, reply.status]).toEqual([path, 401]);
      expect(reply.headers?.['WWW-Authenticate']).toMatch(/^Basic /);
    }
  });

  test.each([
    ['another password', basic('admin', 'a pass')],
    ['another name', basic('root', 'a pass:word')],
    ['no base64', { authorization: 'Basic !' }],
    ['another scheme', { authorization: 'Bearer x' }],
    ['an unknown token', { 'x-auth-token': '00' }],
  ])('not with %s', async (_name, headers) => {
    expect((await ask('GET', SYSTEM, null, headers)).status).toBe(401);
  });

  test('a session admits until it is deleted', async () => {
    const opened = await ask('POST', SESSIONS, { UserName: 'admin', Password: 'a pass:word' }, {});
    expect(opened.status).toBe(201);
    const headers = { 'x-auth-token': opened.headers?.['X-Auth-Token'] };
    const location = opened.headers?.['Location'] ?? '';
    expect((await ask('GET', SYSTEM, null, headers)).status).toBe(200);
    expect((await get(SESSIONS))['Members']).toEqual([{ '@odata.id': location }]);
    expect((await ask('DELETE', location, null, headers)).status).toBe(204);
    expect((await ask('GET', SYSTEM, null, headers)).status).toBe(401);
    expect((await ask('DELETE', location)).status).toBe(404);
  });

  test('a session ends after it was idle too long, and not before', async () => {
    const opened = await ask('POST', SESSIONS, { UserName: 'admin', Password: 'a pass:word' }, {});
    const headers = { 'x-auth-token': opened.headers?.['X-Auth-Token'] };
    nowMs += SESSION_SECONDS * 1000 - 1;
    expect((await ask('GET', SYSTEM, null, headers)).status).toBe(200);
    nowMs += SESSION_SECONDS * 1000 + 1;
    expect((await ask('GET', SYSTEM, null, headers)).status).toBe(401);
  });

  test('no session with a wrong password', async () => {
    const reply = await ask('POST', SESSIONS, { UserName: 'admin', Password: 'guess' }, {});
    expect([reply.status, messageId(reply)]).toEqual([401, 'Base.1.8.NoValidSession']);
  });
});

describe('the tree', () => {
  test('every link leads to a resource with that id', async () => {
    const seen = new Set<string>();
    const waiting = ['/redfish/v1'];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const reply = await ask('GET', path);
      expect([path, reply.status]).toEqual([path, 200]);
      expect(String(reply.body?.['@odata.id']).replace(/\/$/, '')).toBe(path);
      seen.add(path);
      for (const [, id = ''] of JSON.stringify(reply.body).matchAll(/"@odata.id":"([^"]+)"/g)) {
        const next = id.replace(/\/$/, '');
        if (!seen.has(next) && !waiting.includes(next)) waiting.push(next);
      }
    }
    expect(seen.size).toBeGreaterThan(20);
    const { '@Redfish.ActionInfo': actionInfo } =
      ((await get(SYSTEM))['Actions'] as Record<string, Record<string, string>>)['#ComputerSystem.Reset'] ??
      {};
    expect((await get(actionInfo ?? ''))['Parameters']).toEqual([
      expect.objectContaining({ Name: 'ResetType', AllowableValues: RESET_TYPES }),
    ]);
  });

  test('collections count their members', async () => {
    for (const name of ['Systems', 'Chassis', 'Managers', 'UpdateService/FirmwareInventory']) {
      const { Members, 'Members@odata.count': count } = await get(`/redfish/v1/${name}`);
      expect([name, count]).toEqual([name, (Members as unknown[]).length]);
    }
  });

  test('what is not there, and what cannot be done to it', async () => {
    expect((await ask('GET', '/redfish/v1/Systems/2')).status).toBe(404);
    expect((await ask('DELETE', SYSTEM)).status).toBe(405);
    expect((await ask('POST', `${SYSTEM}/Processors`)).status).toBe(405);
    expect((await ask('GET', RESET)).status).toBe(405);
  });
});

describe('the boot override', () => {
  test('is shown as it was set', async () => {
    const reply = await patchBoot({ BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' });
    expect(reply.status).toBe(204);
    expect((await get(SYSTEM))['Boot']).toMatchObject({
      BootSourceOverrideEnabled: 'Once',
      BootSourceOverrideTarget: 'Pxe',
      BootSourceOverrideMode: 'Legacy',
    });
  });

  test.each([
    ['an unknown target', { BootSourceOverrideTarget: 'Floppy' }, 'PropertyValueNotInList'],
    ['HTTP on a BIOS machine', { BootSourceOverrideTarget: 'UefiHttp' }, 'PropertyValueNotInList'],
    ['UEFI on a BIOS machine', { BootSourceOverrideMode: 'UEFI' }, 'PropertyValueNotInList'],
    ['another type', { BootSourceOverrideEnabled: true }, 'PropertyValueNotInList'],
    ['an unknown property', { BootSource: 'Pxe' }, 'PropertyNotWritable'],
    [
      'one right and one wrong property',
      { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Cd' },
      'PropertyValueNotInList',
    ],
  ])('refuses %s and changes nothing', async (_name, boot, message) => {
    machine.setBoot({ enabled: 'Continuous', target: 'Hdd' });
    const reply = await patchBoot(boot);
    expect([reply.status, messageId(reply)]).toEqual([400, `Base.1.8.${message}`]);
    expect(machine.boot).toEqual({ enabled: 'Continuous', target: 'Hdd' });
  });

  test('a UEFI machine takes HTTP', async () => {
    machine = new BenchMachine({ ...SPEC, firmware: 'uefi' });
    bmc = { ...bmc, machine };
    const boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'UefiHttp' };
    expect((await patchBoot({ ...boot, BootSourceOverrideMode: 'UEFI' })).status).toBe(204);
    expect(machine.boot).toEqual({ enabled: 'Once', target: 'UefiHttp' });
  });

  test('an If-Match must be of now; power alone does not change it', async () => {
    const etag = (await ask('GET', SYSTEM)).headers?.['ETag'] ?? '';
    await machine.reset('On');
    const boot = { BootSourceOverrideEnabled: 'Continuous', BootSourceOverrideTarget: 'Pxe' };
    expect((await patchBoot(boot, { 'if-match': '"old"' })).status).toBe(412);
    expect((await patchBoot(boot, { 'if-match': etag })).status).toBe(204);
    expect((await patchBoot(boot, { 'if-match': etag })).status).toBe(412);
    expect((await patchBoot(boot, { 'if-match': '*' })).status).toBe(204);
    const now = (await ask('GET', SYSTEM)).headers?.['ETag'] ?? '';
    expect((await patchBoot(boot, { 'if-match': now.replace('W/', '') })).status).toBe(204);
  });

  test('other properties of the system are not writable', async () => {
    const reply = await ask('PATCH', SYSTEM, { SerialNumber: 'stolen' });
    expect([reply.status, messageId(reply)]).toEqual([400, 'Base.1.8.PropertyNotWritable']);
  });
});

describe('a reset', () => {
  test.each([
    ['On', 'Off', 204, 'On'],
    ['On', 'On', 204, 'On'],
    ['ForceOff', 'On', 204, 'Off'],
    ['ForceOff', 'Off', 204, 'Off'],
    ['GracefulShutdown', 'Off', 409, 'Off'],
    ['ForceRestart', 'On', 204, 'On'],
    ['ForceRestart', 'Off', 409, 'Off'],
    ['PowerCycle', 'Off', 409, 'Off'],
    ['Nmi', 'Off', 409, 'Off'],
  ] as const)('%s of a machine that is %s: %i, then %s', async (type, before, status, after) => {
    await machine.reset(before === 'On' ? 'On' : 'ForceOff');
    const reply = await ask('POST', RESET, { ResetType: type });
    expect([reply.status, machine.powerState()]).toEqual([status, after]);
  });

  test('refuses a type that is not offered, saying which are', async () => {
    const reply = await ask('POST', RESET, { ResetType: 'Explode' });
    expect([reply.status, messageId(reply)]).toEqual([400, 'Base.1.8.ActionParameterValueNotInList']);
    expect(machine.powerState()).toBe('Off');
  });

  test('that fails is 500 with the reason', async () => {
    machine.breaks = true;
    const reply = await ask('POST', RESET, { ResetType: 'On' });
    expect(reply.status).toBe(500);
    expect(JSON.stringify(reply.body)).toContain('the fuse blew');
  });
});

describe('a fault', () => {
  const fault = (body: object) => ask('POST', '/rack/faults', body);

  test('ignore-boot agrees and does nothing, as often as told', async () => {
    await fault({ kind: 'ignore-boot', count: 1 });
    const boot = { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'Pxe' };
    expect((await patchBoot(boot)).status).toBe(204);
    expect(machine.boot.enabled).toBe('Disabled');
    expect((await patchBoot(boot)).status).toBe(204);
    expect(machine.boot.enabled).toBe('Once');
  });

  test('ignore-power agrees and does nothing until it is taken back', async () => {
    await fault({ kind: 'ignore-power' });
    for (const _ of [1, 2]) {
      expect((await ask('POST', RESET, { ResetType: 'On' })).status).toBe(204);
      expect(machine.powerState()).toBe('Off');
    }
    await fault({ kind: null });
    await ask('POST', RESET, { ResetType: 'On' });
    expect(machine.powerState()).toBe('On');
  });

  test('an unknown one is refused', async () => {
    expect((await fault({ kind: 'smoke' })).status).toBe(400);
    expect((await fault({ kind: 'busy', count: 0 })).status).toBe(400);
    expect((await fault({})).status).toBe(400);
    expect(bmc.faults.kind).toBeNull();
  });
});

test.each(['{', '[]', '"x"', 'null'])('the body %s is refused', async (body) => {
  const reply = await answer(bmc, { method: 'PATCH', path: SYSTEM, headers: LOGIN, body });
  expect([reply.status, messageId(reply)]).toEqual([400, 'Base.1.8.MalformedJSON']);
});
