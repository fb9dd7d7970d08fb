import { bad, ok, type Result } from '../result.ts';
import type { MachineIdentity } from './match.ts';

/** What the agent's inventory tells beside the identity, for lists and for checks. */
export interface MachineInventory {
  readonly identity: MachineIdentity;
  readonly manufacturer: string | null;
  readonly productName: string | null;
  readonly cpus: number | null;
  readonly memoryMib: number | null;
  readonly disks: readonly {
    readonly name: string;
    readonly serial: string | null;
    readonly sizeBytes: number | null;
  }[];
  /** The firmware it booted by, as the agent saw it. */
  readonly bootMode: 'bios' | 'uefi' | null;
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const listOf = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.slice(0, MAX_ENTRIES).map(objectOf) : [];
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

/** Boards without a UUID say all zeros or all ones. */
const uuidOf = (value: unknown): string | null => {
  const text = textOf(value)?.toLowerCase() ?? null;
  return text === null || /^[0-]+$|^[f-]+$/.test(text) ? null : text;
};

/** More NICs or disks than any server has; the endpoint is open, so a body is not believed to be sane. */
const MAX_ENTRIES = 512;

/** An IPv4 or IPv6 address that ipmitool really learned: it says 0.0.0.0 or :: where there is none. */
const addressOf = (value: unknown): string | null => {
  const text = textOf(value);
  return text === null || text === '0.0.0.0' || text === '::' || text === '::/0' ? null : text;
};

/**
 * Reads what ironic-python-agent posts after looking at its machine (`inventory` as in its hardware manager's
 * `list_hardware_info`). That has no system UUID: our ramdisk's collector adds it (`blackstart.dmi`), and for another
 * ramdisk `systemUuid` is what the machine told DHCP in option 97.
 */
export function readInventory(body: unknown, systemUuid: string | null): Result<MachineInventory> {
  const inventory = objectOf(objectOf(body)['inventory']);
  const macs = listOf(inventory['interfaces'])
    .map((nic) => textOf(nic['mac_address'])?.toLowerCase() ?? '')
    .filter((mac) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && mac !== '00:00:00:00:00:00');
  if (macs.length === 0) return bad('the inventory names no network interface with a MAC address');
  const vendor = objectOf(inventory['system_vendor']);
  const dmi = objectOf(objectOf(objectOf(body)['blackstart'])['dmi']);
  const bootMode = textOf(objectOf(inventory['boot'])['current_boot_mode']);
  return ok({
    identity: {
      systemUuid: uuidOf(dmi['product_uuid']) ?? uuidOf(vendor['uuid']) ?? systemUuid,
      serial: textOf(vendor['serial_number']),
      macs: [...new Set(macs)].sort(),
      bmcAddress: addressOf(inventory['bmc_address']),
      bmcMac: textOf(inventory['bmc_mac'])?.toLowerCase() ?? null,
    },
    manufacturer: textOf(vendor['manufacturer']),
    productName: textOf(vendor['product_name']),
    cpus: countOf(objectOf(inventory['cpu'])['count']),
    memoryMib: countOf(objectOf(inventory['memory'])['physical_mb']),
    disks: listOf(inventory['disks']).map((disk) => ({
      name: textOf(disk['name']) ?? '?',
      serial: textOf(disk['serial']),
      sizeBytes: countOf(disk['size']),
    })),
    bootMode: bootMode === 'bios' || bootMode === 'uefi' ? bootMode : null,
  });
}

/** What a discovered machine is called until it is a node: its UUID, or its first NIC where it has none. */
export const discoveryId = (identity: MachineIdentity): string =>
  identity.systemUuid ?? identity.macs[0] ?? 'unknown';
