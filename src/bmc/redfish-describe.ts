import type {
  BootDescription,
  ControllerDescription,
  FirmwareDescription,
  SystemDescription,
  SystemIdentity,
} from './bmc.ts';
import { keepsOverride, offersOverride, readBoot, settingsPathOf } from './redfish-boot.ts';
import { describeMemoryGib, describeProcessors } from './redfish-compute.ts';
import { describeDisks } from './redfish-disks.ts';
import { compare, type JsonObject, nameOf, objectAt, textAt } from './redfish-json.ts';
import { describeNics, macsOf } from './redfish-nics.ts';
import { readPowerState, readResetTypes } from './redfish-power.ts';
import type { RedfishWalk } from './redfish-walk.ts';

/** Everything that a BMC tells about one system; what it does not tell is noted in the walk. */
export async function describeSystem(
  root: JsonObject,
  system: JsonObject,
  walk: RedfishWalk,
): Promise<SystemDescription> {
  const manager = await findManager(root, system, walk);
  const chassis = await walk.each(linksOf(system, 'Chassis'), 'chassis');
  const power = readPowerState(system);
  if (power === 'unknown') walk.note('power', `PowerState is given ${given(system, 'PowerState')}`);
  const resetTypes = await readResetTypes(system, walk);
  if (resetTypes === null) walk.note('power', 'the system does not say how it can be reset');
  const boot = await describeBoot(system, walk);
  const description = {
    identity: describeIdentity(system, walk),
    power,
    resetTypes,
    boot,
    processors: await describeProcessors(system, walk),
    memoryGib: await describeMemoryGib(system, walk),
    nics: await describeNics(system, chassis, walk),
    disks: await describeDisks(system, chassis, walk),
    firmware: await describeFirmware(root, system, walk),
    bmc: await describeController(manager, walk),
  };
  return { ...description, missing: walk.missing };
}

/** The override as it will serve the next boot: the pending one where settings are kept apart. */
async function describeBoot(system: JsonObject, walk: RedfishWalk): Promise<BootDescription> {
  const path = settingsPathOf(system);
  const settings = path === null ? null : await walk.follow(path, 'boot');
  const boot = readBoot(system, settings && keepsOverride(settings) ? settings : null);
  if (!offersOverride(boot)) walk.note('boot', 'the system has no boot override');
  return boot;
}

/** A description of nothing, for a BMC that shows no system; its walk says why. */
export function describeNothing(walk: RedfishWalk): SystemDescription {
  return {
    identity: { systemId: null, uuid: null, serial: null, sku: null, manufacturer: null, model: null },
    power: 'unknown',
    resetTypes: null,
    boot: { overrideEnabled: null, overrideTarget: null, overrideMode: null, allowedTargets: null },
    processors: [],
    memoryGib: null,
    nics: [],
    disks: [],
    firmware: [],
    bmc: { model: null, firmwareVersion: null, macs: [] },
    missing: walk.missing,
  };
}

const linksOf = (resource: JsonObject, key: string): readonly unknown[] => {
  const links = objectAt(resource, 'Links')[key];
  return Array.isArray(links) ? links : [];
};

function describeIdentity(system: JsonObject, walk: RedfishWalk): SystemIdentity {
  const identity = {
    systemId: nameOf(system),
    uuid: uuidOf(system),
    serial: textAt(system, 'SerialNumber'),
    sku: textAt(system, 'SKU'),
    manufacturer: textAt(system, 'Manufacturer'),
    model: textAt(system, 'Model'),
  };
  for (const [key, property] of IDENTITY_PROPERTIES) {
    if (identity[key] !== null) continue;
    walk.note('identity', `${property} is given ${given(system, property)}`);
  }
  return identity;
}

const given = (resource: JsonObject, property: string): string =>
  property in resource ? `as ${JSON.stringify(resource[property])}` : 'not at all';

const IDENTITY_PROPERTIES = [
  ['uuid', 'UUID'],
  ['serial', 'SerialNumber'],
  ['sku', 'SKU'],
  ['manufacturer', 'Manufacturer'],
  ['model', 'Model'],
] as const;

/** Null too for the UUIDs of nothing: all zeros, all ones. */
function uuidOf(system: JsonObject): string | null {
  const uuid = textAt(system, 'UUID')?.toLowerCase() ?? null;
  return uuid === null || /^[0-]+$|^[f-]+$/.test(uuid) ? null : uuid;
}

/** Versions by the update service's inventory, with the BIOS from the system where that has none. */
async function describeFirmware(
  root: JsonObject,
  system: JsonObject,
  walk: RedfishWalk,
): Promise<readonly FirmwareDescription[]> {
  const service = await walk.at(root, 'UpdateService', 'firmware');
  if (!service) walk.note('firmware', 'there is no update service that lists it');
  const items = service ? await walk.membersAt(service, 'FirmwareInventory', 'firmware') : null;
  const found = new Map<string, FirmwareDescription>();
  const bios = textAt(system, 'BiosVersion');
  if (bios !== null) found.set(`BIOS ${bios}`, { name: 'BIOS', version: bios });
  for (const item of items ?? []) {
    const version = textAt(item, 'Version');
    // iDRAC keeps what it could roll back to as `Previous-…`; that does not run.
    if (version === null || nameOf(item).startsWith('Previous-')) continue;
    const name = nameOfFirmware(item);
    found.set(`${name} ${version}`, { name, version });
  }
  return [...found.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/** OpenBMC calls every item "Software Inventory"; there the id says more. */
function nameOfFirmware(item: JsonObject): string {
  const name = textAt(item, 'Name');
  return name === null || /^(software|firmware) inventory/i.test(name) ? nameOf(item) : name;
}

/** The BMC that manages this system, by the system's own link, else the first one. */
async function findManager(
  root: JsonObject,
  system: JsonObject,
  walk: RedfishWalk,
): Promise<JsonObject | null> {
  const [linked] = await walk.each(linksOf(system, 'ManagedBy').slice(0, 1), 'bmc');
  if (linked) return linked;
  const [first] = (await walk.membersAt(root, 'Managers', 'bmc')) ?? [];
  return first ?? null;
}

async function describeController(
  manager: JsonObject | null,
  walk: RedfishWalk,
): Promise<ControllerDescription> {
  if (!manager) return { model: null, firmwareVersion: null, macs: [] };
  const interfaces = (await walk.membersAt(manager, 'EthernetInterfaces', 'bmc')) ?? [];
  const macs = new Set(interfaces.flatMap((item) => macsOf(item)));
  return {
    model: textAt(manager, 'Model'),
    firmwareVersion: textAt(manager, 'FirmwareVersion'),
    macs: [...macs],
  };
}
