import { expect, test } from 'vitest';
import { diskLayout } from '../../src/artefacts/disk-image.ts';
import { bootSector, withBlockList } from '../../src/artefacts/grub.ts';

test("the boot sector is GRUB's code over the disk's own partition table", () => {
  const boot = Buffer.alloc(512, 0xaa);
  const mbr = Buffer.alloc(512, 0x55);
  const sector = bootSector(boot, mbr, 2048);
  expect(sector.readBigUInt64LE(0x5c)).toBe(2048n);
  expect(sector.readUInt16LE(0x66)).toBe(0x9090);
  expect(sector.subarray(0, 0x5c)).toEqual(boot.subarray(0, 0x5c));
  expect(sector.subarray(440)).toEqual(mbr.subarray(440));
});

test("the core image's first sector names the rest of it", () => {
  const core = Buffer.alloc(3 * 512 - 7, 0xaa);
  const image = withBlockList(core, 2048, 3);
  expect(image.length).toBe(core.length);
  expect(image.readBigUInt64LE(500)).toBe(2049n);
  expect(image.readUInt16LE(508)).toBe(2);
  expect(image.readUInt16LE(510)).toBe(0x820);
  expect(image.subarray(0, 500)).toEqual(core.subarray(0, 500));
  expect(image.subarray(512)).toEqual(core.subarray(512));
});

test('the disk has room for its root, the partitions before it and the table after it', () => {
  const { fileSystemMib, diskMib } = diskLayout(400);
  expect(fileSystemMib).toBeGreaterThan(400 * 1.05 + 256);
  expect(diskMib - fileSystemMib).toBe(67);
});
