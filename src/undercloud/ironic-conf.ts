import { dirname } from 'node:path';
import { renderTemplate } from '../render/template.ts';
import { apiUrl, type UndercloudPaths, type UndercloudSettings, undercloudPaths } from './settings.ts';

/** The one conductor's name: in the database every lock and node belongs to it, so it never changes. */
const HOST = 'blackstart';

/**
 * Ironic's inspection hooks, in order. Beyond its defaults: CPU and memory, boot mode as the agent booted, the
 * switch port that LLDP names, and the root disk, where an inspection fails when no disk fits the hints.
 */
const INSPECTION_HOOKS = [
  'ramdisk-error',
  'validate-interfaces',
  'ports',
  'architecture',
  'cpus',
  'memory',
  'boot-mode',
  'cpu-capabilities',
  'local-link-connection',
  'parse-lldp',
  'root-device',
] as const;

/** What `templates/undercloud/ironic.conf.njk` reads. */
interface IronicConfView extends UndercloudPaths {
  readonly stateDir: string;
  readonly host: string;
  readonly address: string;
  readonly apiPort: number;
  readonly apiUrl: string;
  readonly httpUrl: string;
  readonly httpRoot: string;
  readonly deployKernel: string;
  readonly deployRamdisk: string;
  /** The only folders that `file://` URLs may name. */
  readonly artefactDirs: readonly string[];
  readonly kernelAppendParams: string;
  readonly automatedClean: boolean;
  readonly fastTrack: boolean;
  readonly limits: { readonly deploys: number; readonly cleans: number };
  readonly callbackTimeoutSeconds: number;
  readonly inspectionHooks: readonly string[];
  readonly debug: boolean;
  /** Appended to the lists of what is enabled; empty texts without fake hardware. */
  readonly fake: {
    readonly hardwareType: string;
    readonly interface: string;
    readonly delaySeconds: number | null;
  };
}

/** The text of `ironic.conf`. It holds no secret: the password's hash is in a file beside it. */
export const renderIronicConf = (settings: UndercloudSettings): string =>
  renderTemplate('undercloud/ironic.conf.njk', viewOf(settings));

function viewOf(settings: UndercloudSettings): IronicConfView {
  const { fakeHardware } = settings;
  return {
    ...undercloudPaths(settings.dir),
    stateDir: settings.dir,
    host: HOST,
    address: settings.address,
    apiPort: settings.apiPort,
    apiUrl: apiUrl(settings),
    httpUrl: settings.httpUrl,
    httpRoot: settings.httpRoot,
    deployKernel: settings.deployKernel,
    deployRamdisk: settings.deployRamdisk,
    artefactDirs: [...new Set([dirname(settings.deployKernel), dirname(settings.deployRamdisk)])],
    kernelAppendParams: settings.kernelAppendParams,
    automatedClean: settings.clean === 'metadata',
    fastTrack: settings.fastTrack,
    limits: settings.limits,
    callbackTimeoutSeconds: Math.round(settings.callbackTimeoutMinutes * 60),
    inspectionHooks: INSPECTION_HOOKS,
    debug: settings.debug,
    fake: {
      hardwareType: fakeHardware ? ',fake-hardware' : '',
      interface: fakeHardware ? ',fake' : '',
      delaySeconds: fakeHardware?.delaySeconds ?? null,
    },
  };
}
