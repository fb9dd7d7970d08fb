import type { Machine } from '../machine.ts';
import type { Resource } from './resource.ts';
import { link, SYSTEM, WELL } from './system.ts';

const BYTES_PER_GIB = 1024 ** 3;

/** What is in the box, by path: processors, memory, the NIC, the disk. */
export const inventory = (machine: Machine): readonly Resource[] => [
  ...collection('Processors', 'ProcessorCollection', [processor(machine)]),
  ...collection('Memory', 'MemoryCollection', [memory(machine)]),
  ...collection('EthernetInterfaces', 'EthernetInterfaceCollection', [nic(machine)]),
  ...collection('SimpleStorage', 'SimpleStorageCollection', [simpleStorage(machine)]),
  ...collection('Storage', 'StorageCollection', [storage()]),
  ...collection('Storage/1/Volumes', 'VolumeCollection', []),
  drive(machine),
];

/** A collection with its members after it. */
const collection = (path: string, type: string, members: readonly Resource[]): readonly Resource[] => [
  {
    '@odata.id': `${SYSTEM}/${path}`,
    '@odata.type': `#${type}.${type}`,
    Name: path,
    'Members@odata.count': members.length,
    Members: members.map((member) => link(String(member['@odata.id']))),
  },
  ...members,
];

/** QEMU puts all virtual CPUs as cores into one socket. */
const processor = ({ spec }: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/Processors/CPU0`,
  '@odata.type': '#Processor.v1_18_0.Processor',
  Id: 'CPU0',
  Name: 'CPU0',
  Socket: 'CPU 0',
  ProcessorType: 'CPU',
  ProcessorArchitecture: 'x86',
  InstructionSet: 'x86-64',
  Manufacturer: 'QEMU',
  Model: 'QEMU TCG CPU',
  TotalCores: spec.cpus,
  TotalThreads: spec.cpus,
  Status: WELL,
});

const memory = ({ spec }: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/Memory/DIMM0`,
  '@odata.type': '#Memory.v1_17_0.Memory',
  Id: 'DIMM0',
  Name: 'DIMM 0',
  MemoryType: 'DRAM',
  CapacityMiB: spec.memoryMib,
  Status: WELL,
});

const nic = (machine: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/EthernetInterfaces/NIC1`,
  '@odata.type': '#EthernetInterface.v1_9_0.EthernetInterface',
  Id: 'NIC1',
  Name: 'Provisioning NIC',
  MACAddress: machine.spec.mac,
  PermanentMACAddress: machine.spec.mac,
  InterfaceEnabled: true,
  LinkStatus: machine.powerState() === 'On' ? 'LinkUp' : 'LinkDown',
  Status: WELL,
});

const simpleStorage = ({ spec }: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/SimpleStorage/1`,
  '@odata.type': '#SimpleStorage.v1_3_1.SimpleStorage',
  Id: '1',
  Name: 'Disks',
  Devices: [{ Name: 'Disk 0', CapacityBytes: spec.diskGib * BYTES_PER_GIB, Status: WELL }],
  Status: WELL,
});

const storage = (): Resource => ({
  '@odata.id': `${SYSTEM}/Storage/1`,
  '@odata.type': '#Storage.v1_15_0.Storage',
  Id: '1',
  Name: 'Disk Controller',
  StorageControllers: [
    { MemberId: '0', Name: 'virtio-blk', SupportedDeviceProtocols: ['PCIe'], Status: WELL },
  ],
  Drives: [link(`${SYSTEM}/Storage/1/Drives/0`)],
  'Drives@odata.count': 1,
  Volumes: link(`${SYSTEM}/Storage/1/Volumes`),
  Status: WELL,
});

const drive = ({ spec }: Machine): Resource => ({
  '@odata.id': `${SYSTEM}/Storage/1/Drives/0`,
  '@odata.type': '#Drive.v1_18_0.Drive',
  Id: '0',
  Name: 'Disk 0',
  Manufacturer: 'QEMU',
  Model: 'virtio-blk',
  SerialNumber: spec.diskSerial,
  CapacityBytes: spec.diskGib * BYTES_PER_GIB,
  BlockSizeBytes: 512,
  MediaType: 'SSD',
  Protocol: 'PCIe',
  Status: WELL,
});
