import fc from 'fast-check';
import { expect, test } from 'vitest';
import { discoveryId, readInventory } from '../../src/core/inventory.ts';

const inventory = {
  interfaces: [
    { name: 'lo' },
    { name: 'eth0', mac_address: '52:54:00:AA:BB:01' },
    { name: 'eth1', mac_address: '52:54:00:aa:bb:00' },
  ],
  system_vendor: { manufacturer: 'QEMU', product_name: 'rack', serial_number: ' SN1 ' },
  cpu: { count: 2 },
  memory: { physical_mb: 2048 },
  disks: [{ name: '/dev/vda', serial: 'D1', size: 8_589_934_592 }],
  bmc_address: '0.0.0.0',
  boot: { current_boot_mode: 'uefi' },
};

test('an agent’s inventory becomes an identity and what the machine has', () => {
  const read = readInventory({ inventory }, 'aaaa-bbbb');
  expect(read).toMatchObject({
    ok: true,
    value: {
      identity: {
        systemUuid: 'aaaa-bbbb',
        serial: 'SN1',
        macs: ['52:54:00:aa:bb:00', '52:54:00:aa:bb:01'],
        bmcAddress: null,
        bmcMac: null,
      },
      memoryMib: 2048,
      bootMode: 'uefi',
      disks: [{ name: '/dev/vda', serial: 'D1', sizeBytes: 8_589_934_592 }],
    },
  });
});

test('without a UUID the first NIC names the machine', () => {
  const read = readInventory({ inventory }, null);
  expect(read.ok && discoveryId(read.value.identity)).toBe('52:54:00:aa:bb:00');
});

test('an inventory without a NIC is refused with the reason', () => {
  expect(readInventory({ inventory: {} }, null)).toEqual({
    ok: false,
    reason: 'the inventory names no network interface with a MAC address',
  });
});

test('no body makes it throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (body, part) => {
      readInventory(body, null);
      readInventory({ inventory: part }, null);
      readInventory(
        { inventory: { ...inventory, interfaces: part, disks: part, system_vendor: part } },
        null,
      );
    }),
  );
});

test.each([
  ['479E3C88-1B0C-4C12-9D58-AAAAAAAAAAAA', '479e3c88-1b0c-4c12-9d58-aaaaaaaaaaaa'],
  ['00000000-0000-0000-0000-000000000000', 'by-dhcp'],
  ['ffffffff-ffff-ffff-ffff-ffffffffffff', 'by-dhcp'],
  [null, 'by-dhcp'],
])('our collector’s UUID %s makes the machine %s', (product_uuid, systemUuid) => {
  const read = readInventory({ inventory, blackstart: { dmi: { product_uuid } } }, 'by-dhcp');
  expect(read).toMatchObject({ ok: true, value: { identity: { systemUuid } } });
});
