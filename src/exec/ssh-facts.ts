import { BlackstartError, reasonOf } from '../errors.ts';
import type { SshSession } from './ssh.ts';

export interface MachineFacts {
  readonly hostname: string;
  /** SMBIOS system UUID in lower case; null where the firmware has none. */
  readonly systemUuid: string | null;
  /** The disk that holds `/`; null for a system that runs from memory or the network. */
  readonly rootDisk: RootDisk | null;
  readonly kernel: string;
  readonly osRelease: string;
  /** Whether cloud-init has come to its end in this boot; its errors are in `cloudInitErrors`. */
  readonly cloudInitDone: boolean;
  readonly cloudInitErrors: readonly string[];
}

export interface RootDisk {
  readonly name: string;
  readonly serial: string | null;
  readonly sizeBytes: number;
}

/** What is asked of a machine that was just deployed: nothing that Debian, Ubuntu and Rocky do not all have. */
export const FACT_COMMANDS = {
  hostname: 'hostname',
  systemUuid: 'cat /sys/class/dmi/id/product_uuid 2>/dev/null || sudo -n cat /sys/class/dmi/id/product_uuid', // mode 0400
  disks:
    'lsblk -J -b -o NAME,TYPE,SERIAL,SIZE,MOUNTPOINTS 2>/dev/null || lsblk -J -b -o NAME,TYPE,SERIAL,SIZE,MOUNTPOINT', // util-linux < 2.37
  kernel: 'uname -r',
  osRelease: 'cat /etc/os-release',
  cloudInit: 'cat /run/cloud-init/result.json',
} as const;

/** Reads who a machine says it is, to be compared with the record. Throws what `SshSession.exec` throws, or E_MACHINE_FACTS. */
export async function readMachineFacts(ssh: Pick<SshSession, 'exec'>): Promise<MachineFacts> {
  const ask = async (name: keyof typeof FACT_COMMANDS) => {
    const { exitCode, stdout } = await ssh.exec(FACT_COMMANDS[name]);
    return exitCode === 0 ? stdout.trim() : null;
  };
  const hostname = await ask('hostname');
  if (!hostname) throw factMissing('hostname');
  const uuid = await ask('systemUuid');
  const disks = await ask('disks');
  const kernel = await ask('kernel');
  const release = await ask('osRelease');
  const cloudInit = await ask('cloudInit');
  return {
    hostname,
    systemUuid: uuid ? uuid.toLowerCase() : null,
    rootDisk: disks ? parseRootDisk(disks) : null,
    kernel: kernel ?? '',
    osRelease: release ? parseOsRelease(release) : '',
    cloudInitDone: cloudInit !== null,
    cloudInitErrors: cloudInit ? parseCloudInitErrors(cloudInit) : [],
  };
}

interface BlockDevice {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly serial?: unknown;
  readonly size?: unknown;
  readonly mountpoint?: unknown;
  readonly mountpoints?: unknown;
  readonly children?: unknown;
}

/** The disk under `/` in lsblk's JSON, through partitions, LVM, crypt and RAID (then the first member). */
export function parseRootDisk(json: string): RootDisk | null {
  const tree = parseObject(json)?.['blockdevices'];
  const disk = devicesOf(tree).find((device) => device.type === 'disk' && holdsRoot(device));
  if (!disk || typeof disk.name !== 'string') return null;
  const serial = typeof disk.serial === 'string' ? disk.serial.trim() : '';
  const sizeBytes = Number(disk.size); // a string before util-linux 2.33
  return Number.isSafeInteger(sizeBytes) ? { name: disk.name, serial: serial || null, sizeBytes } : null;
}

const holdsRoot = (device: BlockDevice): boolean =>
  device.mountpoint === '/' ||
  (Array.isArray(device.mountpoints) && device.mountpoints.includes('/')) ||
  devicesOf(device.children).some(holdsRoot);

const devicesOf = (value: unknown): BlockDevice[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];

/** os-release(5)'s PRETTY_NAME, or what there is of its name. */
export function parseOsRelease(text: string): string {
  const read = (key: string) =>
    text
      .match(new RegExp(`^${key}=(.*)$`, 'm'))?.[1]
      ?.trim()
      .replace(/^(["'])(.*)\1$/, '$2');
  return read('PRETTY_NAME') ?? read('NAME') ?? read('ID') ?? '';
}

/** The errors that cloud-init recorded of this boot; text that is not its JSON is itself the error. */
export function parseCloudInitErrors(json: string): string[] {
  const v1 = parseObject(json)?.['v1'];
  if (typeof v1 !== 'object' || v1 === null || !('errors' in v1))
    return ['cloud-init left an unreadable result'];
  return Array.isArray(v1.errors) ? v1.errors.map(reasonOf) : [];
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const factMissing = (name: keyof typeof FACT_COMMANDS) =>
  new BlackstartError('E_MACHINE_FACTS', `the machine does not answer "${FACT_COMMANDS[name]}"`, {
    remedy: 'Log in and run it by hand; the image may lack the program.',
  });
