import type { FakeBehaviour } from './fake-behaviour.ts';
import type { MachineSpec } from './machine.ts';

/** A disk as the agent's `list_block_devices` serialises it; only what the virtual rack has. */
export interface AgentDisk {
  readonly name: string;
  readonly model: string;
  readonly size: number;
  readonly rotational: boolean;
  readonly serial: string | null;
  readonly vendor: string | null;
  readonly wwn: string | null;
  readonly by_path: string | null;
}

const BYTES_PER_GIB = 1024 ** 3;
/** What the kernel keeps for itself before it counts. */
const RESERVED_MIB = 48;

/** The disk that the machine's virtio controller shows. */
export const agentDisk = (spec: MachineSpec, behaviour: FakeBehaviour): AgentDisk => ({
  name: '/dev/vda',
  model: '',
  size: (behaviour.wrongInventory ? Math.ceil(spec.diskGib / 2) : spec.diskGib) * BYTES_PER_GIB,
  rotational: false,
  serial: behaviour.wrongInventory ? `${spec.diskSerial}-other` : spec.diskSerial,
  vendor: '0x1af4',
  wwn: null,
  by_path: '/dev/disk/by-path/pci-0000:00:03.0',
});

/** `GenericHardwareManager.list_hardware_info` of ironic-python-agent 13.0.0: the keys and their order. */
export const agentInventory = (
  spec: MachineSpec,
  behaviour: FakeBehaviour,
  address: string,
  bootif: string | null,
) => ({
  interfaces: [
    {
      name: 'eth0',
      mac_address: spec.mac,
      ipv4_address: address,
      ipv6_address: null,
      has_carrier: true,
      lldp: [],
      vendor: '0x1af4',
      product: '0x0001',
      client_id: null,
      biosdevname: null,
      speed_mbps: null,
      pci_address: '0000:00:02.0',
      driver: 'virtio_net',
    },
  ],
  cpu: {
    model_name: 'Simulated CPU',
    frequency: '2000',
    count: spec.cpus,
    architecture: 'x86_64',
    flags: ['fpu', 'lm', 'nx', 'sse2'],
    socket_count: 1,
  },
  disks: [
    {
      ...agentDisk(spec, behaviour),
      wwn_with_extension: null,
      wwn_vendor_extension: null,
      hctl: null,
      logical_sectors: 512,
      physical_sectors: 512,
      tran: 'virtio',
    },
  ],
  memory: memoryOf(behaviour.wrongInventory ? Math.floor(spec.memoryMib / 2) : spec.memoryMib),
  bmc_address: spec.bmc.address,
  bmc_v6address: '::/0',
  system_vendor: {
    product_name: 'Virtual Rack Server',
    serial_number: behaviour.wrongInventory ? `${spec.serial}-other` : spec.serial,
    manufacturer: 'Blackstart',
    firmware: { vendor: 'Blackstart', version: '1', build_date: '01/01/2026' },
  },
  boot: { current_boot_mode: spec.firmware, pxe_interface: bootif },
  hostname: 'localhost.localdomain',
  bmc_mac: spec.bmc.mac,
});

const memoryOf = (physicalMib: number) => ({
  total: (physicalMib - RESERVED_MIB) * 1024 ** 2,
  physical_mb: physicalMib,
});

/** What the agent posts to `ipa-inspection-callback-url` (its `inspector.collect_default`); `logs` is left out. */
export function inspectionData(inventory: ReturnType<typeof agentInventory>, collectors: string) {
  return {
    inventory,
    root_disk: inventory.disks[0],
    boot_interface: inventory.boot.pxe_interface,
    configuration: {
      collectors: collectors.split(','),
      managers: [{ name: 'generic_hardware_manager', version: '1.2' }],
    },
    error: null,
  };
}
