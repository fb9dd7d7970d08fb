import { gzipSync } from 'node:zlib';
import type { AgentCommand, AgentExtensions, CommandParams } from './fake-agent-commands.ts';
import { AgentError } from './fake-agent-error.ts';
import { downloadImage, type ImageInfo, validateImageInfo } from './fake-agent-image.ts';
import { agentDisk } from './fake-agent-inventory.ts';
import type { AgentSession } from './fake-agent-session.ts';
import { AGENT_STEPS, HARDWARE_MANAGERS, type StepKind } from './fake-agent-steps.ts';
import { waitScaled } from './fake-host.ts';
import { fetchFile } from './fake-http.ts';
import { type AgentNode, findRootDevice } from './fake-root-device.ts';

/** Long enough for Ironic to read the answer before the machine goes. */
const SHUTDOWN_MS = 500;

/**
 * What a step takes at least. The heartbeat at its end is lost on an Ironic that has not come to wait for it yet; real
 * steps are never that quick.
 */
const STEP_MS = 10_000;

const rootDevice = ({ host, node }: AgentSession) =>
  findRootDevice(agentDisk(host.spec, host.behaviour), node);

/**
 * `standby.prepare_image`, which the deploy step `write_image` is too: downloads, verifies, writes, adds the config
 * drive. From the first byte on the disk's old content is lost. Looks neither into the image nor for its partitions.
 */
async function prepareImage(params: CommandParams, session: AgentSession): Promise<string> {
  const { host } = session;
  const info = validateImageInfo(params['image_info'] as Partial<ImageInfo>);
  const device = rootDevice(session).name;
  if (session.cachedImageId !== info.id) {
    const file = await downloadImage(host, info, device, () => host.disk.wipe());
    const identifier = `0x${(file.head.length >= 444 ? file.head.readUInt32LE(440) : 0).toString(16).padStart(8, '0')}`;
    const node = info.node_uuid ?? session.node?.uuid ?? 'unknown';
    const configDrive = await readConfigDriveParam(params['configdrive'], session);
    host.disk.finishWrite(
      { url: file.url, sha256: file.sha256, bytes: file.bytes, node, identifier },
      configDrive,
    );
    host.record('image-written', `${file.url}, ${file.bytes} bytes, sha256 ${file.sha256}`);
    session.cachedImageId = info.id;
    session.partitionUuids = { 'root uuid': identifier };
  }
  return `image (${info.id}) written to device ${device} root_uuid=${session.partitionUuids?.['root uuid']}`;
}

/** The content itself, or where it is. */
async function readConfigDriveParam(value: unknown, { host }: AgentSession): Promise<string | null> {
  if (typeof value !== 'string' || value === '') return null;
  if (!/^https?:/.test(value)) return value;
  const file = await fetchFile(value, { signal: host.signal });
  if (file.status !== 200) throw new Error(`config drive ${value}: status ${file.status}`);
  return file.text;
}

const eraseDisk = (_params: CommandParams, { host }: AgentSession) => {
  host.disk.wipe();
  host.record('disk-erased', 'by a step');
  return { '/dev/vda': null };
};

/** The steps that Ironic runs here by default; the hardware manager of a real agent has many more. */
const STEPS: Readonly<Record<string, AgentCommand['run']>> = {
  write_image: prepareImage,
  erase_devices_metadata: eraseDisk,
  erase_devices_express: eraseDisk,
  erase_devices: eraseDisk,
  inject_files: () => null,
  erase_pstore: () => null,
  clean_uefi_nvram: () => null,
};

/** `get_clean_steps`, `execute_clean_step` and their two sisters, which differ only in their words. */
const stepExtension = (kind: StepKind): Readonly<Record<string, AgentCommand>> => ({
  [`get_${kind}_steps`]: {
    mode: 'sync',
    run: (params, session) => {
      session.node = nodeOf(params);
      return {
        [`${kind}_steps`]: { generic_hardware_manager: AGENT_STEPS[kind] },
        hardware_manager_version: HARDWARE_MANAGERS,
      };
    },
  },
  [`execute_${kind}_step`]: {
    mode: 'async',
    run: async (params, session) => {
      session.node = nodeOf(params);
      checkVersions(params[`${kind}_version`]);
      const step = params['step'] as { step?: string; args?: CommandParams };
      const run = STEPS[step?.step ?? ''];
      if (!run)
        throw new AgentError('HardwareManagerMethodNotFound', `Could not find method: ${String(step?.step)}`);
      await waitScaled(session.host, STEP_MS);
      const result = await run({ ...(step.args ?? {}) }, session);
      return { [`${kind}_result`]: result, [`${kind}_step`]: step };
    },
  },
});

const nodeOf = (params: CommandParams): AgentNode => (params['node'] ?? {}) as AgentNode;

/** `hardware.check_versions`: the agent must be the one that told the steps. */
function checkVersions(provided: unknown): void {
  if (provided && JSON.stringify(provided) !== JSON.stringify(HARDWARE_MANAGERS)) {
    throw new AgentError(
      'VersionMismatch',
      `Current versions: ${JSON.stringify(HARDWARE_MANAGERS)}, versions used by ironic: ${JSON.stringify(provided)}`,
    );
  }
}

const shutDown =
  (how: 'poweroff' | 'reboot'): AgentCommand['run'] =>
  (_, { host }) => {
    setTimeout(() => host.end(how, `${how} by the agent`), SHUTDOWN_MS);
    return null;
  };

const stopApi: AgentCommand['run'] = (_, session) => {
  session.servesApi = false;
  return null;
};

/** The agent's command API: what Ironic 39 asks of agent 13, as `<extension>.<command>`. */
export const AGENT_EXTENSIONS: AgentExtensions = {
  clean: stepExtension('clean'),
  deploy: stepExtension('deploy'),
  service: stepExtension('service'),
  standby: {
    prepare_image: {
      mode: 'async',
      check: (params) => {
        validateImageInfo(params['image_info'] as Partial<ImageInfo>);
      },
      run: prepareImage,
    },
    get_partition_uuids: { mode: 'sync', run: (_, session) => session.partitionUuids ?? {} },
    sync: { mode: 'sync', run: () => null },
    power_off: { mode: 'async', run: shutDown('poweroff') },
    run_image: { mode: 'async', run: shutDown('reboot') },
  },
  image: {
    install_bootloader: {
      mode: 'async',
      run: (_, session) => {
        rootDevice(session); // what the image brings is enough for a whole disk; a missing disk is an error
        return null;
      },
    },
  },
  system: { lockdown: { mode: 'sync', run: stopApi } },
  rescue: { finalize_rescue: { mode: 'sync', run: stopApi } },
  poll: { get_hardware_info: { mode: 'sync', run: (_, session) => session.inventory } },
  log: {
    collect_system_logs: {
      mode: 'sync',
      run: () => ({ system_logs: gzipSync('a simulated machine keeps no logs\n').toString('base64') }),
    },
  },
};
