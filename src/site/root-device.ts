import { z } from 'zod';
import { optional, patterned } from './vocabulary.ts';

const hint = patterned(
  'a text, or one with an operator of Ironic like "s== ABC" or ">= 100"',
  /^[\x20-\x7e]{1,255}$/,
);

/**
 * Which disk is written: Ironic's root device hints, in this file's spelling. All given ones must hold; with none,
 * Ironic takes the smallest disk of 4 GiB or more.
 */
export const rootDeviceSchema = z.strictObject({
  name: optional(hint).describe(
    'Device name like /dev/vda. Names may change between boots: prefer serial or wwn.',
  ),
  serial: optional(hint).describe("The disk's serial number."),
  wwn: optional(hint).describe("The disk's unique storage identifier."),
  wwnWithExtension: optional(hint).describe('The same with its vendor extension.'),
  model: optional(hint).describe("The disk's model."),
  vendor: optional(hint).describe("The disk's vendor."),
  sizeGib: optional(z.union([z.int().min(1), hint])).describe(
    'Its size in GiB, or a comparison like ">= 100".',
  ),
  hctl: optional(hint).describe('SCSI address host:channel:target:lun.'),
  byPath: optional(hint).describe('Link below /dev/disk/by-path.'),
  rotational: optional(z.boolean()).describe('true for spinning disks, false for solid ones.'),
});

export type RootDevice = z.output<typeof rootDeviceSchema>;

/** Ironic's names of the hints, as `properties.root_device` takes them. */
const IRONIC_NAMES: Readonly<Record<keyof RootDevice, string>> = {
  name: 'name',
  serial: 'serial',
  wwn: 'wwn',
  wwnWithExtension: 'wwn_with_extension',
  model: 'model',
  vendor: 'vendor',
  sizeGib: 'size',
  hctl: 'hctl',
  byPath: 'by_path',
  rotational: 'rotational',
};

/** The hints as Ironic's `properties.root_device` takes them; empty when the site gives none. */
export function ironicRootDevice(hints: RootDevice): Record<string, string | number | boolean> {
  const given: Record<string, string | number | boolean> = {};
  for (const [key, name] of Object.entries(IRONIC_NAMES) as [keyof RootDevice, string][]) {
    const value = hints[key];
    if (value !== null) given[name] = value;
  }
  return given;
}
