import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JsonObject, lastOf, objectAt } from '../../src/bmc/redfish-json.ts';
import type { BmcFault } from '../contract/bmc.ts';

/** Ways in which real BMCs differ from the standard or from each other; each is seen in facts or data. */
export interface Quirks {
  /** What POSTing a session answers; 201 unless told. */
  readonly sessionStatus?: number;
  /** Sessions end after so many requests. */
  readonly sessionRequests?: number;
  readonly basicRefused?: boolean;
  /** ETags are given; `required`: PATCH without the right one is 428; `weak`: only the strong form is taken. */
  readonly etag?: 'given' | 'required' | 'weak' | 'none-accepted';
  readonly resetTypes?: readonly string[];
  readonly resetTypesBehindActionInfo?: boolean;
  /** The override is shown as asked, and forgotten so long after. */
  readonly bootRevertsMs?: number;
  /** The override is shown only so long after it was set. */
  readonly bootLagsMs?: number;
  readonly bootBecomes?: 'Continuous';
  readonly bootTargets?: readonly string[] | null;
  /** The override is kept in a settings resource, or there is one that knows nothing of it. */
  readonly settings?: 'with-override' | 'without-override';
  readonly powerLagsMs?: number;
  /** A second system that is no server: a GPU baseboard; or one that is. */
  readonly otherSystem?: 'baseboard' | 'server';
  readonly rootRedirects?: boolean;
  readonly systemLink?: string;
  readonly retryAfterSeconds?: number;
  readonly resetAnswer?: { readonly status: number; readonly body?: object | string };
}

export const FAKE = { username: 'admin', password: 'swordfish' } as const;
export const FAKE_MACHINE = {
  uuid: '6f2a4c4e-1111-4222-8333-5254009900aa',
  serial: 'FAKE0001',
  macs: ['52:54:00:99:00:01'],
  memoryGib: 2,
  diskSerials: ['FAKEDISK1'],
  bmcMacs: ['52:54:00:99:ff:01'],
} as const;

const ROOT = '/redfish/v1';
const SYSTEM = `${ROOT}/Systems/fake`;
const RESETS = ['On', 'ForceOff', 'GracefulShutdown', 'ForceRestart'];
const TARGETS = ['None', 'Pxe', 'Hdd'];
const link = (path: string) => ({ '@odata.id': path });
const listOf = (path: string, ...members: string[]) => ({
  '@odata.id': path,
  'Members@odata.count': members.length,
  Members: members.map(link),
});

interface Reply {
  readonly status: number;
  /** A text goes out as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}
const refusal = (status: number, message: string): Reply => ({ status, body: { error: { message } } });

interface Override {
  readonly enabled: string;
  readonly target: string;
  readonly mode: string;
}
const NO_OVERRIDE: Override = { enabled: 'Disabled', target: 'None', mode: 'UEFI' };

/** A BMC of a machine that exists only as a power state: enough to try the client's every branch on. */
export class FakeBmc {
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });
  readonly #quirks: Quirks;
  readonly requests: string[] = [];
  readonly bodies: unknown[] = [];
  readonly sessions = new Map<string, number>();
  fault: BmcFault = null;
  power: 'On' | 'Off' = 'Off';
  override: Override = NO_OVERRIDE;
  /** What is shown, where that lags behind. */
  #shownOverride: Override | null = null;
  #shownPower: 'On' | 'Off' | null = null;
  #etag = 1;
  most = { atOnce: 0, now: 0 };

  constructor(quirks: Quirks = {}) {
    this.#quirks = quirks;
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => {
      this.#server.close(() => done());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.most.now += 1;
    this.most.atOnce = Math.max(this.most.atOnce, this.most.now);
    response.on('close', () => {
      this.most.now -= 1;
    });
    this.requests.push(`${request.method} ${request.url}`);
    const body = await readBody(request);
    if (this.fault === 'hang') return;
    if (this.fault === 'drop') {
      request.socket.destroy();
      return;
    }
    const { status, body: answer = {}, headers = {} } = this.#reply(request, body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(status === 204 ? undefined : typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  #reply(request: IncomingMessage, body: JsonObject): Reply {
    const { retryAfterSeconds, etag } = this.#quirks;
    if (this.fault === 'busy') {
      return { status: 503, headers: retryAfterSeconds ? { 'retry-after': `${retryAfterSeconds}` } : {} };
    }
    const path = (request.url ?? '').replace(/\/$/, '');
    if (path === ROOT) return this.#root(request);
    if (path === `${ROOT}/SessionService/Sessions` && request.method === 'POST') return this.#logIn(body);
    if (!this.#isAuthorized(request)) return refusal(401, 'who are you?');
    if (request.method !== 'GET') this.bodies.push(body);
    if (request.method === 'DELETE') return this.#logOut(path);
    if (request.method === 'POST') return this.#reset(`${body['ResetType']}`);
    if (request.method === 'PATCH') return this.#setBoot(request.headers['if-match'], objectAt(body, 'Boot'));
    const resource = this.#resources()[path];
    if (!resource) return refusal(404, 'nothing here');
    return {
      status: 200,
      body: resource,
      headers: path === SYSTEM && etag ? { etag: this.#currentEtag() } : {},
    };
  }

  #root(request: IncomingMessage): Reply {
    if (this.#quirks.rootRedirects && request.url?.endsWith('/'))
      return { status: 308, headers: { location: ROOT } };
    const links = { Sessions: link(`${ROOT}/SessionService/Sessions`) };
    const parts = { Systems: link(`${ROOT}/Systems`), Managers: link(`${ROOT}/Managers`) };
    const updates = link(`${ROOT}/UpdateService`);
    return { status: 200, body: { '@odata.id': `${ROOT}/`, ...parts, UpdateService: updates, Links: links } };
  }

  #logIn(body: JsonObject): Reply {
    const status = this.#quirks.sessionStatus ?? 201;
    if (status !== 201) return refusal(status, 'no sessions');
    if (body['UserName'] !== FAKE.username || body['Password'] !== FAKE.password)
      return refusal(401, 'wrong');
    const token = `token-${this.requests.length}`;
    this.sessions.set(token, this.#quirks.sessionRequests ?? Number.POSITIVE_INFINITY);
    const location = `https://bmc.example${ROOT}/SessionService/Sessions/${token}`; // its own idea of its name
    return { status: 201, headers: { 'x-auth-token': token, location } };
  }

  #isAuthorized(request: IncomingMessage): boolean {
    const token = `${request.headers['x-auth-token']}`;
    const left = this.sessions.get(token) ?? 0;
    this.sessions.delete(token);
    if (left > 0) this.sessions.set(token, left - 1);
    const basic = `Basic ${Buffer.from(`${FAKE.username}:${FAKE.password}`).toString('base64')}`;
    return left > 0 || (!this.#quirks.basicRefused && request.headers.authorization === basic);
  }

  #logOut(path: string): Reply {
    this.sessions.delete(lastOf(path));
    return { status: 204 };
  }

  #reset(type: string): Reply {
    const { resetAnswer, resetTypes = RESETS, powerLagsMs = 0 } = this.#quirks;
    if (resetAnswer) return resetAnswer;
    if (!resetTypes.includes(type)) return refusal(400, `${type} is not offered`);
    if (this.fault === 'ignore-power') return { status: 204 };
    this.#shownPower = this.power;
    setTimeout(() => {
      this.#shownPower = null;
    }, powerLagsMs);
    this.power = type === 'ForceOff' || type === 'GracefulShutdown' ? 'Off' : 'On';
    if (this.power === 'On' && this.override.enabled !== 'Continuous') this.override = NO_OVERRIDE;
    return { status: 204 };
  }

  #currentEtag(): string {
    return `${this.#quirks.etag === 'weak' ? 'W/' : ''}"${this.#etag}"`;
  }

  /** Whether a PATCH with that If-Match is let through; if not, by which status. */
  #etagRefusal(ifMatch: string | undefined): number | null {
    const strong = `"${this.#etag}"`;
    const { etag } = this.#quirks;
    if (etag === 'required' && ifMatch !== strong) return 428;
    if (etag === 'weak' && ifMatch !== strong) return 412;
    return etag === 'none-accepted' && ifMatch !== undefined ? 412 : null;
  }

  #setBoot(ifMatch: string | undefined, boot: JsonObject): Reply {
    const against = this.#etagRefusal(ifMatch);
    if (against !== null) return refusal(against, 'wrong ETag');
    this.#etag += 1;
    if (this.fault === 'ignore-boot') return { status: 200 };
    const before = this.override;
    const said = (key: string, otherwise: string) => String(boot[`BootSourceOverride${key}`] ?? otherwise);
    const asked = said('Enabled', before.enabled);
    const enabled = asked === 'Once' ? (this.#quirks.bootBecomes ?? asked) : asked;
    const mode = said('Mode', before.mode);
    const after = { enabled, target: said('Target', before.target), mode };
    this.override = enabled === 'Disabled' ? { ...NO_OVERRIDE, mode } : after;
    this.#showLate(before);
    return { status: 200 };
  }

  #showLate(before: Override): void {
    const { bootRevertsMs, bootLagsMs } = this.#quirks;
    const revert = () => {
      this.override = before;
    };
    if (bootRevertsMs !== undefined) setTimeout(revert, bootRevertsMs);
    if (bootLagsMs === undefined) return;
    this.#shownOverride = before;
    setTimeout(() => {
      this.#shownOverride = null;
    }, bootLagsMs);
  }

  #bootShown(): object {
    const { enabled, target, mode } = this.#shownOverride ?? this.override;
    const targets = this.#quirks.bootTargets === undefined ? TARGETS : this.#quirks.bootTargets;
    return {
      BootSourceOverrideEnabled: enabled,
      BootSourceOverrideTarget: target,
      BootSourceOverrideMode: mode,
      ...(targets ? { 'BootSourceOverrideTarget@Redfish.AllowableValues': targets } : {}),
    };
  }

  #system(): object {
    const { settings, resetTypes = RESETS, resetTypesBehindActionInfo, systemLink } = this.#quirks;
    const reset = { target: `${SYSTEM}/Actions/ComputerSystem.Reset` };
    return {
      '@odata.id': systemLink ?? SYSTEM,
      Id: 'fake',
      UUID: FAKE_MACHINE.uuid.toUpperCase(),
      SerialNumber: `${FAKE_MACHINE.serial}    `,
      SKU: 'To be filled by O.E.M.',
      PowerState: this.#shownPower ?? this.power,
      Boot: settings === 'with-override' ? { BootOrder: [] } : this.#bootShown(),
      ...(settings ? { '@Redfish.Settings': { SettingsObject: link(`${SYSTEM}/Settings`) } } : {}),
      ProcessorSummary: { Count: 1, CoreCount: 2, Model: 'fake' },
      MemorySummary: { TotalSystemMemoryGiB: FAKE_MACHINE.memoryGib },
      Processors: link(`${SYSTEM}/Processors`),
      EthernetInterfaces: link(`${SYSTEM}/EthernetInterfaces`),
      Storage: link(`${SYSTEM}/Storage`),
      Links: { ManagedBy: [link(`${ROOT}/Managers/bmc`)] },
      Actions: {
        '#ComputerSystem.Reset': resetTypesBehindActionInfo
          ? { ...reset, '@Redfish.ActionInfo': `${SYSTEM}/ResetActionInfo` }
          : { ...reset, 'ResetType@Redfish.AllowableValues': resetTypes },
      },
    };
  }

  #resources(): Readonly<Record<string, object>> {
    const { otherSystem, resetTypes = RESETS, settings } = this.#quirks;
    const reset = { '#ComputerSystem.Reset': { target: `${ROOT}/Systems/other/Actions/Reset` } };
    const count = otherSystem === 'server' ? 2 : null;
    const other = {
      '@odata.id': `${ROOT}/Systems/other`,
      Id: 'other',
      Actions: reset,
      ProcessorSummary: { Count: count },
    };
    const drive = {
      Id: '1',
      SerialNumber: FAKE_MACHINE.diskSerials[0],
      CapacityBytes: 8 * 2 ** 30,
      MediaType: 'HDD',
    };
    const override = settings === 'with-override' ? this.#bootShown() : { BootOrder: [] };
    return {
      [`${ROOT}/Systems`]: listOf(`${ROOT}/Systems`, ...(otherSystem ? [other['@odata.id']] : []), SYSTEM),
      [`${ROOT}/Systems/other`]: other,
      [SYSTEM]: this.#system(),
      [`${SYSTEM}/Settings`]: { '@odata.id': `${SYSTEM}/Settings`, Boot: override },
      [`${SYSTEM}/ResetActionInfo`]: { Parameters: [{ Name: 'ResetType', AllowableValues: resetTypes }] },
      [`${SYSTEM}/Processors`]: listOf(`${SYSTEM}/Processors`, `${SYSTEM}/Processors/1`),
      [`${SYSTEM}/Processors/1`]: { Id: '1', ProcessorType: 'CPU', TotalCores: 2, TotalThreads: 2 },
      [`${SYSTEM}/EthernetInterfaces`]: listOf(
        `${SYSTEM}/EthernetInterfaces`,
        `${SYSTEM}/EthernetInterfaces/1`,
      ),
      [`${SYSTEM}/EthernetInterfaces/1`]: { Id: '1', MACAddress: FAKE_MACHINE.macs[0].toUpperCase() },
      [`${SYSTEM}/Storage`]: listOf(`${SYSTEM}/Storage`, `${SYSTEM}/Storage/1`),
      [`${SYSTEM}/Storage/1`]: { Id: '1', Drives: [link(`${SYSTEM}/Storage/1/Drives/1`)] },
      [`${SYSTEM}/Storage/1/Drives/1`]: drive,
      [`${ROOT}/Managers`]: listOf(`${ROOT}/Managers`, `${ROOT}/Managers/bmc`),
      [`${ROOT}/Managers/bmc`]: {
        Id: 'bmc',
        EthernetInterfaces: link(`${ROOT}/Managers/bmc/EthernetInterfaces`),
      },
      [`${ROOT}/Managers/bmc/EthernetInterfaces`]: {
        Members: [{ '@odata.id': 'x', Id: '1', MACAddress: FAKE_MACHINE.bmcMacs[0].replaceAll(':', '-') }],
      },
      [`${ROOT}/UpdateService`]: { FirmwareInventory: link(`${ROOT}/UpdateService/FirmwareInventory`) },
      [`${ROOT}/UpdateService/FirmwareInventory`]: { Members: [] },
    };
  }
}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}
