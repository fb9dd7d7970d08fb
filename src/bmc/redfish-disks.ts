import type { DiskDescription } from './bmc.ts';
import { compare, type JsonObject, nameOf, objectAt, objectsAt, positiveAt, textAt } from './redfish-json.ts';
import { isAbsent, type RedfishWalk } from './redfish-walk.ts';

/**
 * Physical drives: of the system's Storage, else of its SimpleStorage (names and sizes only), else of HPE's
 * SmartStorage (iLO 5, where Storage is empty), else of the chassis.
 */
export async function describeDisks(
  system: JsonObject,
  chassis: readonly JsonObject[],
  walk: RedfishWalk,
): Promise<readonly DiskDescription[]> {
  for (const find of [disksOfStorage, disksOfSimpleStorage, disksOfSmartStorage]) {
    const disks = await find(system, walk);
    if (disks.length > 0) return withoutTwins(disks);
  }
  const disks = await disksOfChassis(chassis, walk);
  if (disks.length === 0) walk.note('disks', 'no drive is shown anywhere');
  return withoutTwins(disks);
}

async function disksOfStorage(system: JsonObject, walk: RedfishWalk): Promise<readonly DiskDescription[]> {
  const disks: DiskDescription[] = [];
  for (const storage of (await walk.membersAt(system, 'Storage', 'disks')) ?? []) {
    const drives = Array.isArray(storage['Drives'])
      ? await walk.each(storage['Drives'] as unknown[], 'disks')
      : [];
    disks.push(...drives.filter((drive) => !isAbsent(drive)).map(describeDrive));
  }
  return disks;
}

async function disksOfSimpleStorage(
  system: JsonObject,
  walk: RedfishWalk,
): Promise<readonly DiskDescription[]> {
  if (!('SimpleStorage' in system)) return [];
  const controllers = (await walk.membersAt(system, 'SimpleStorage', 'disks')) ?? [];
  const devices = controllers.flatMap((controller) => {
    const shown = objectsAt(controller, 'Devices').filter((device) => !isAbsent(device));
    return shown.map((device) => ({
      ...describeDrive(device),
      id: textAt(device, 'Name') ?? nameOf(controller),
    }));
  });
  if (devices.length > 0) walk.note('disks', 'SimpleStorage gives no serial numbers');
  return devices;
}

/** iLO 5: Systems/1 → Oem.Hpe.Links.SmartStorage → ArrayControllers → PhysicalDrives, sizes in MiB. */
async function disksOfSmartStorage(
  system: JsonObject,
  walk: RedfishWalk,
): Promise<readonly DiskDescription[]> {
  const links = objectAt(objectAt(objectAt(system, 'Oem'), 'Hpe'), 'Links');
  const smart = await walk.at(links, 'SmartStorage', 'disks');
  const disks: DiskDescription[] = [];
  for (const kind of ['ArrayControllers', 'HostBusAdapters']) {
    const list = smart && objectAt(smart, 'Links')[kind] !== undefined ? objectAt(smart, 'Links') : null;
    for (const controller of (list && (await walk.membersAt(list, kind, 'disks'))) ?? []) {
      const drives = await walk.membersAt(objectAt(controller, 'Links'), 'PhysicalDrives', 'disks');
      disks.push(...(drives ?? []).map(describeDrive));
    }
  }
  return disks;
}

async function disksOfChassis(
  chassis: readonly JsonObject[],
  walk: RedfishWalk,
): Promise<readonly DiskDescription[]> {
  const disks: DiskDescription[] = [];
  for (const case_ of chassis) {
    const linked = objectAt(case_, 'Links')['Drives'];
    const drives = Array.isArray(linked)
      ? await walk.each(linked, 'disks')
      : 'Drives' in case_
        ? await walk.membersAt(case_, 'Drives', 'disks')
        : [];
    disks.push(...(drives ?? []).filter((drive) => !isAbsent(drive)).map(describeDrive));
  }
  return disks;
}

function describeDrive(drive: JsonObject): DiskDescription {
  const mebibytes = positiveAt(drive, 'CapacityMiB');
  const media = textAt(drive, 'MediaType')?.toLowerCase();
  return {
    id: nameOf(drive),
    model: textAt(drive, 'Model'),
    serial: textAt(drive, 'SerialNumber'),
    sizeBytes: positiveAt(drive, 'CapacityBytes') ?? (mebibytes === null ? null : mebibytes * 1024 * 1024),
    media: media === 'ssd' || media === 'hdd' ? media : null,
    protocol: textAt(drive, 'Protocol') ?? textAt(drive, 'InterfaceType'),
  };
}

/** In a stable order; a drive behind two controllers is shown by both, and told once. */
function withoutTwins(disks: readonly DiskDescription[]): readonly DiskDescription[] {
  const bySerial = new Map(disks.map((disk) => [disk.serial ?? disk, disk] as const));
  return [...bySerial.values()].sort((a, b) => compare(a.id, b.id));
}
