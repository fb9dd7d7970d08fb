import type { Machine } from '../machine.ts';
import type { Resource } from './resource.ts';
import { SESSION_SECONDS } from './session.ts';
import { link, WELL } from './system.ts';

const ROOT = '/redfish/v1';
/** The virtual BMC's own version; raised when what it answers changes. */
const BMC_VERSION = '1.0.0';

/** What surrounds the system: the service root, the case, the BMC itself and its firmware. */
export const surroundings = (machine: Machine, nowMs: number): readonly Resource[] => [
  { '@odata.id': '/redfish', v1: `${ROOT}/` },
  root(machine),
  ...collection('Systems', 'ComputerSystemCollection', ['1']),
  ...collection('Chassis', 'ChassisCollection', ['1']),
  ...collection('Managers', 'ManagerCollection', ['1']),
  ...collection('Managers/1/EthernetInterfaces', 'EthernetInterfaceCollection', ['1']),
  ...collection('UpdateService/FirmwareInventory', 'SoftwareInventoryCollection', ['BMC', 'BIOS']),
  sessionService,
  chassis(machine),
  manager(machine, nowMs),
  managerNic(machine),
  updateService,
  firmware('BMC', BMC_VERSION),
  firmware('BIOS', machine.spec.firmware === 'uefi' ? 'OVMF' : 'SeaBIOS'),
];

const root = (machine: Machine): Resource => ({
  '@odata.id': `${ROOT}/`,
  '@odata.type': '#ServiceRoot.v1_16_0.ServiceRoot',
  Id: 'RootService',
  Name: 'Blackstart Virtual BMC',
  RedfishVersion: '1.18.0',
  UUID: machine.spec.uuid,
  Product: 'Blackstart Virtual BMC',
  Vendor: 'Blackstart',
  ProtocolFeaturesSupported: { FilterQuery: false, SelectQuery: false, OnlyMemberQuery: false },
  Systems: link(`${ROOT}/Systems`),
  Chassis: link(`${ROOT}/Chassis`),
  Managers: link(`${ROOT}/Managers`),
  SessionService: link(`${ROOT}/SessionService`),
  UpdateService: link(`${ROOT}/UpdateService`),
  Links: { Sessions: link(`${ROOT}/SessionService/Sessions`) },
});

const collection = (path: string, type: string, ids: readonly string[]): readonly Resource[] => [
  {
    '@odata.id': `${ROOT}/${path}`,
    '@odata.type': `#${type}.${type}`,
    Name: path,
    'Members@odata.count': ids.length,
    Members: ids.map((id) => link(`${ROOT}/${path}/${id}`)),
  },
];

const sessionService: Resource = {
  '@odata.id': `${ROOT}/SessionService`,
  '@odata.type': '#SessionService.v1_1_8.SessionService',
  Id: 'SessionService',
  Name: 'Session Service',
  ServiceEnabled: true,
  SessionTimeout: SESSION_SECONDS,
  Sessions: link(`${ROOT}/SessionService/Sessions`),
};

const chassis = (machine: Machine): Resource => ({
  '@odata.id': `${ROOT}/Chassis/1`,
  '@odata.type': '#Chassis.v1_25_0.Chassis',
  Id: '1',
  Name: machine.spec.name,
  ChassisType: 'RackMount',
  Manufacturer: 'Blackstart',
  Model: 'Virtual Rack Server',
  SerialNumber: machine.spec.serial,
  PowerState: machine.powerState(),
  Status: WELL,
  Links: {
    ComputerSystems: [link(`${ROOT}/Systems/1`)],
    ManagedBy: [link(`${ROOT}/Managers/1`)],
  },
});

const manager = ({ spec }: Machine, nowMs: number): Resource => ({
  '@odata.id': `${ROOT}/Managers/1`,
  '@odata.type': '#Manager.v1_19_0.Manager',
  Id: '1',
  Name: `BMC of ${spec.name}`,
  ManagerType: 'BMC',
  Manufacturer: 'Blackstart',
  Model: 'Virtual BMC',
  FirmwareVersion: BMC_VERSION,
  DateTime: new Date(nowMs).toISOString(),
  PowerState: 'On',
  Status: WELL,
  EthernetInterfaces: link(`${ROOT}/Managers/1/EthernetInterfaces`),
  Links: {
    ManagerForServers: [link(`${ROOT}/Systems/1`)],
    ManagerForChassis: [link(`${ROOT}/Chassis/1`)],
  },
});

const managerNic = ({ spec: { bmc } }: Machine): Resource => ({
  '@odata.id': `${ROOT}/Managers/1/EthernetInterfaces/1`,
  '@odata.type': '#EthernetInterface.v1_9_0.EthernetInterface',
  Id: '1',
  Name: 'Management NIC',
  MACAddress: bmc.mac,
  PermanentMACAddress: bmc.mac,
  InterfaceEnabled: true,
  LinkStatus: 'LinkUp',
  IPv4Addresses: [{ Address: bmc.address, AddressOrigin: 'Static' }],
  Status: WELL,
});

/** Shows versions; takes no updates. */
const updateService: Resource = {
  '@odata.id': `${ROOT}/UpdateService`,
  '@odata.type': '#UpdateService.v1_14_0.UpdateService',
  Id: 'UpdateService',
  Name: 'Update Service',
  ServiceEnabled: false,
  FirmwareInventory: link(`${ROOT}/UpdateService/FirmwareInventory`),
  Actions: {}, // sushy 5.14 demands it
};

const firmware = (id: string, version: string): Resource => ({
  '@odata.id': `${ROOT}/UpdateService/FirmwareInventory/${id}`,
  '@odata.type': '#SoftwareInventory.v1_10_0.SoftwareInventory',
  Id: id,
  Name: id,
  Version: version,
  Updateable: false,
  Status: WELL,
});
