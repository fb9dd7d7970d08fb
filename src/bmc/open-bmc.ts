import { type Clock, systemClock } from '../clock.ts';
import { BlackstartError, EXIT } from '../errors.ts';
import type { Bmc } from './bmc.ts';
import { RedfishBmc, type RedfishPatience } from './redfish-bmc.ts';
import { RedfishSession } from './redfish-session.ts';

export interface BmcSettings {
  readonly protocol: 'redfish';
  /** Host or URL; without a scheme, https. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly verifyTls: boolean | { readonly ca: string };
  /** Which system, of a BMC that has several. */
  readonly systemId?: string | null;
}

/** How patient to be. The defaults fit real BMCs, which take seconds for a page and a minute for the power. */
export interface BmcPatience extends RedfishPatience {
  readonly requestMs: number;
  readonly busyDelayMs: number;
  readonly busyLimitMs: number;
}

export interface BmcDeps {
  readonly clock?: Clock;
  /** Ends every call when aborted. */
  readonly signal?: AbortSignal;
  readonly patience?: Partial<BmcPatience>;
}

const PATIENCE: BmcPatience = {
  requestMs: 30_000,
  busyDelayMs: 1_000,
  busyLimitMs: 30_000,
  powerMs: 60_000,
  readBackDelayMs: 3_000,
  readBackMs: 10_000,
  pollMs: 2_000,
};

/** A server's BMC, ready to be asked. Connects at the first call; close it to end its session. */
export function openBmc(settings: BmcSettings, deps: BmcDeps = {}): Bmc {
  const patience = { ...PATIENCE, ...deps.patience };
  const url = urlOf(settings.url);
  const target = {
    origin: url.origin,
    host: url.host,
    verifyTls: settings.verifyTls,
    requestMs: patience.requestMs,
    busyDelayMs: patience.busyDelayMs,
    busyLimitMs: patience.busyLimitMs,
    clock: deps.clock ?? systemClock,
  };
  const session = new RedfishSession(target, { username: settings.username, password: settings.password });
  return new RedfishBmc(session, settings.systemId ?? null, patience, deps.signal);
}

function urlOf(text: string): URL {
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (URL.canParse(url)) return new URL(url);
  throw new BlackstartError('E_BMC_ADDRESS', `"${text}" is no address of a BMC`, {
    remedy: 'Write bmc.address in site.yaml as a host (10.78.0.11) or a URL (https://10.78.0.11:8443).',
    exitCode: EXIT.usage,
  });
}
