import { bootTargetsOf } from '../boot-override.ts';
import { type Machine, type MachineSpec, RESET_TYPES } from '../machine.ts';
import type { Resource } from './resource.ts';

export const SYSTEM = '/redfish/v1/Systems/1';
export const RESET_ACTION = `${SYSTEM}/Actions/ComputerSystem.Reset`;
export const CONSOLE_PATH = '/console0';
export const WELL = { State: 'Enabled', Health: 'OK' };

export const link = (path: string): Resource => ({ '@odata.id': path });

export const bootModeOf = (spec: MachineSpec): string => (spec.firmware === 'uefi' ? 'UEFI' : 'Legacy');

/** The server itself, as DSP2046's ComputerSystem. */
export function system(machine: Machine): Resource {
  const { spec } = machine;
  return {
    '@odata.id': SYSTEM,
    '@odata.type': '#ComputerSystem.v1_22_0.ComputerSystem',
    Id: '1',
    Name: spec.name,
    SystemType: 'Physical',
    Manufacturer: 'Blackstart',
    Model: 'Virtual Rack Server',
    SerialNumber: spec.serial,
    UUID: spec.uuid,
    BiosVersion: spec.firmware === 'uefi' ? 'OVMF' : 'SeaBIOS',
    PowerState: machine.powerState(),
    Status: WELL,
    Boot: boot(machine),
    ProcessorSummary: { Count: 1, CoreCount: spec.cpus, LogicalProcessorCount: spec.cpus, Status: WELL },
    MemorySummary: { TotalSystemMemoryGiB: spec.memoryMib / 1024, Status: WELL },
    SerialConsole: {
      MaxConcurrentSessions: 8,
      WebSocket: { ServiceEnabled: true, Interactive: true, ConsoleURI: CONSOLE_PATH },
    },
    ...systemLinks,
    Actions: { '#ComputerSystem.Reset': resetAction },
  };
}

const systemLinks = {
  Bios: link(`${SYSTEM}/Bios`),
  Processors: link(`${SYSTEM}/Processors`),
  Memory: link(`${SYSTEM}/Memory`),
  EthernetInterfaces: link(`${SYSTEM}/EthernetInterfaces`),
  SimpleStorage: link(`${SYSTEM}/SimpleStorage`),
  Storage: link(`${SYSTEM}/Storage`),
  Links: { Chassis: [link('/redfish/v1/Chassis/1')], ManagedBy: [link('/redfish/v1/Managers/1')] },
};

/** The firmware is what it is: a BIOS machine cannot be told to boot by UEFI. */
const boot = ({ spec, boot: { enabled, target } }: Machine): Resource => ({
  BootSourceOverrideEnabled: enabled,
  'BootSourceOverrideEnabled@Redfish.AllowableValues': ['Disabled', 'Once', 'Continuous'],
  BootSourceOverrideTarget: target,
  'BootSourceOverrideTarget@Redfish.AllowableValues': bootTargetsOf(spec.firmware),
  BootSourceOverrideMode: bootModeOf(spec),
  'BootSourceOverrideMode@Redfish.AllowableValues': [bootModeOf(spec)],
});

const resetAction = {
  target: RESET_ACTION,
  'ResetType@Redfish.AllowableValues': RESET_TYPES,
  '@Redfish.ActionInfo': `${SYSTEM}/ResetActionInfo`,
};

export const resetActionInfo: Resource = {
  '@odata.id': `${SYSTEM}/ResetActionInfo`,
  '@odata.type': '#ActionInfo.v1_4_0.ActionInfo',
  Id: 'ResetActionInfo',
  Name: 'Reset Action Info',
  Parameters: [{ Name: 'ResetType', Required: true, DataType: 'String', AllowableValues: RESET_TYPES }],
};

export const bios = ({ spec }: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/Bios`,
  '@odata.type': '#Bios.v1_2_0.Bios',
  Id: 'Bios',
  Name: 'BIOS Settings',
  Attributes: { BootMode: spec.firmware === 'uefi' ? 'Uefi' : 'Bios' },
});
