import { parseMac } from '../wire/mac.ts';
import type { NicDescription } from './bmc.ts';
import {
  compare,
  type JsonObject,
  nameOf,
  numberAt,
  objectAt,
  positiveAt,
  textAt,
  textsAt,
} from './redfish-json.ts';
import type { RedfishWalk } from './redfish-walk.ts';

/** One resource's word about one network port. */
interface Sighting {
  readonly id: string;
  readonly mac: string;
  readonly permanentMac: string | null;
  readonly linkUp: boolean | null;
  readonly speedMbps: number | null;
}

/**
 * Network ports by MAC, from wherever a vendor shows them: the system's EthernetInterfaces (Dell, HPE, AMI), the
 * adapters behind its NetworkInterfaces (Supermicro's add-on cards), the chassis' NetworkAdapters (BlueField).
 */
export async function describeNics(
  system: JsonObject,
  chassis: readonly JsonObject[],
  walk: RedfishWalk,
): Promise<readonly NicDescription[]> {
  const members = (await walk.membersAt(system, 'EthernetInterfaces', 'nics')) ?? [];
  const interfaces = members.flatMap((nic) => sight(nic, nic, walk));
  for (const { mac, ids } of mergeByMac(interfaces)) {
    if (ids.length > 1)
      walk.note('nics', `${ids.join(' and ')} show one MAC, ${mac}: another port is not told`);
  }
  const adapters = await findAdapters(system, chassis, walk);
  const nics = mergeByMac([...interfaces, ...(await sightAdapters(adapters, walk))]);
  if (nics.length === 0) walk.note('nics', 'no MAC address is shown anywhere');
  return nics;
}

/** Adapters by the system's NetworkInterfaces; by the chassis where the system has none. */
async function findAdapters(
  system: JsonObject,
  chassis: readonly JsonObject[],
  walk: RedfishWalk,
): Promise<readonly JsonObject[]> {
  const adapters: JsonObject[] = [];
  if ('NetworkInterfaces' in system) {
    for (const nic of (await walk.membersAt(system, 'NetworkInterfaces', 'nics')) ?? []) {
      const adapter =
        (await walk.at(objectAt(nic, 'Links'), 'NetworkAdapter', 'nics')) ??
        (await walk.at(nic, 'NetworkAdapter', 'nics')); // Supermicro
      if (adapter) adapters.push(adapter);
    }
  }
  if (adapters.length > 0) return adapters;
  for (const case_ of chassis) {
    if ('NetworkAdapters' in case_)
      adapters.push(...((await walk.membersAt(case_, 'NetworkAdapters', 'nics')) ?? []));
  }
  return adapters;
}

async function sightAdapters(
  adapters: readonly JsonObject[],
  walk: RedfishWalk,
): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = [];
  for (const adapter of adapters) {
    for (const key of ['NetworkDeviceFunctions', 'NetworkPorts', 'Ports']) {
      if (!(key in adapter)) continue;
      for (const item of (await walk.membersAt(adapter, key, 'nics')) ?? []) {
        sightings.push(...sight(item, adapter, walk));
      }
    }
  }
  return sightings;
}

function sight(item: JsonObject, owner: JsonObject, walk: RedfishWalk): readonly Sighting[] {
  const name = nameOf(item);
  // The host's end of the link to its own BMC: nothing boots from it, and no switch sees it.
  if (/to-?manager/i.test(`${name} ${textAt(item, 'Name') ?? ''}`)) {
    walk.note('nics', `${name} leads to the BMC itself and is left out`);
    return [];
  }
  const id = item === owner ? name : `${nameOf(owner)}/${name}`;
  const [mac, permanentMac = null] = macsOf(item);
  if (mac === undefined) {
    const given = objectAt(item, 'Ethernet')['MACAddress'] ?? item['MACAddress'];
    if (given !== undefined) walk.note('nics', `${id} gives its MAC as ${JSON.stringify(given)}`);
    return [];
  }
  return [{ id, mac, permanentMac, linkUp: linkOf(item), speedMbps: speedOf(item) }];
}

/** The MACs that a resource shows, the one in use first; none of nothing but zeros. */
export function macsOf(item: JsonObject): readonly string[] {
  const ethernet = objectAt(item, 'Ethernet'); // of a NetworkDeviceFunction
  const shown = [
    textAt(item, 'MACAddress'),
    textAt(item, 'PermanentMACAddress'),
    textAt(ethernet, 'MACAddress'),
    textAt(ethernet, 'PermanentMACAddress'),
    ...(textsAt(item, 'AssociatedNetworkAddresses') ?? []), // of a NetworkPort
    ...(textsAt(ethernet, 'AssociatedMACAddresses') ?? []), // of a Port
  ];
  const macs = shown.flatMap((text) => (text === null ? [] : (parseMac(text) ?? [])));
  return [...new Set(macs)].filter((mac) => !/^(00:){5}00$|^(ff:){5}ff$/.test(mac));
}

function linkOf(item: JsonObject): boolean | null {
  const status = textAt(item, 'LinkStatus')?.toLowerCase() ?? '';
  if (/^(linkup|up)$/.test(status)) return true;
  return /^(linkdown|down|nolink)$/.test(status) ? false : null;
}

function speedOf(item: JsonObject): number | null {
  const gigabits = numberAt(item, 'CurrentSpeedGbps');
  const speed = positiveAt(item, 'SpeedMbps') ?? positiveAt(item, 'CurrentLinkSpeedMbps');
  return speed ?? (gigabits !== null && gigabits > 0 ? gigabits * 1000 : null);
}

/** One port has several resources, and some BMCs show one MAC on two ports: each MAC is told once. */
function mergeByMac(sightings: readonly Sighting[]): readonly NicDescription[] {
  const nics = new Map<string, NicDescription>();
  for (const { id, mac, permanentMac, linkUp, speedMbps } of sightings) {
    const known = nics.get(mac);
    nics.set(mac, {
      mac,
      permanentMac: known?.permanentMac ?? permanentMac,
      ids: [...new Set([...(known?.ids ?? []), id])],
      linkUp: known?.linkUp ?? linkUp,
      speedMbps: known?.speedMbps ?? speedMbps,
    });
  }
  return [...nics.values()].sort((a, b) => compare(a.mac, b.mac));
}
