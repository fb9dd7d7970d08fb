import { BlackstartError } from '../errors.ts';

/** The newest version of Ironic's API that this client was written against: 1.115, ironic 39. */
export const NEWEST_KNOWN_MINOR = 115;

/** Features that came later than the rest, and the minor version of the API that brought each. */
export const FEATURES = {
  protected: 48,
  configDriveObject: 56,
  retired: 61,
  history: 78,
  inventory: 81,
  abortDeployWait: 110,
  historyStates: 115,
} as const;
export type Feature = keyof typeof FEATURES;

/** Below this nothing here works: node traits, and names that are any valid host name. */
export const OLDEST_USABLE_MINOR = 37;

/** What `GET /` says of the versions served, and the one that both sides know. */
export interface ApiVersions {
  readonly oldestMinor: number;
  readonly newestMinor: number;
  /** The highest common one; every request names it. */
  readonly minor: number;
}

interface VersionDocument {
  readonly default_version?: { readonly min_version?: string; readonly version?: string };
}

/** The highest API version that both sides know. Throws E_IRONIC_VERSION when there is none, or it is too old. */
export function negotiate(document: unknown): ApiVersions {
  const served = (document as VersionDocument | null)?.default_version;
  const oldestMinor = minorOf(served?.min_version);
  const newestMinor = minorOf(served?.version);
  if (oldestMinor === null || newestMinor === null) throw notIronic();
  const minor = Math.min(newestMinor, NEWEST_KNOWN_MINOR);
  if (minor < oldestMinor || minor < OLDEST_USABLE_MINOR) throw noCommonVersion(oldestMinor, newestMinor);
  return { oldestMinor, newestMinor, minor };
}

export const supports = (versions: ApiVersions, feature: Feature): boolean =>
  versions.minor >= FEATURES[feature];

export const versionText = (minor: number): string => `1.${minor}`;

function minorOf(text: string | undefined): number | null {
  const match = /^1\.(\d{1,4})$/.exec(text ?? '');
  return match ? Number(match[1]) : null;
}

const notIronic = () =>
  new BlackstartError('E_IRONIC_VERSION', "what answers there does not speak Ironic's API", {
    remedy: 'Look at which program has that address and port: "ss -ltnp".',
  });

const noCommonVersion = (oldestMinor: number, newestMinor: number) =>
  new BlackstartError(
    'E_IRONIC_VERSION',
    `the undercloud speaks API versions 1.${oldestMinor} to 1.${newestMinor}, this client 1.${OLDEST_USABLE_MINOR} to 1.${NEWEST_KNOWN_MINOR}`,
    { remedy: 'Upgrade the older of the two: the undercloud, or Blackstart.' },
  );
