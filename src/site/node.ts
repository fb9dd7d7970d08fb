import { z } from 'zod';
import { bmcSchema } from './bmc.ts';
import { localDisk } from './boot.ts';
import { trait } from './role.ts';
import { rootDeviceSchema } from './root-device.ts';
import {
  bootMode,
  bootQuirks,
  hostName,
  ipv4,
  ipv6,
  kernelArgs,
  mac,
  nounName,
  optional,
  patterned,
  uuid,
} from './vocabulary.ts';

const label = patterned('a text', /^[\x20-\x7e]{0,255}$/);

const portId = patterned('a text, or bytes in hexadecimal', /^[\x20-\x7e]{1,255}$/);

const switchPort = z.strictObject({
  circuitId: portId.describe('The port, as text like "Ethernet1/7" or as bytes like "00:04:00:64:01:07".'),
  remoteId: optional(portId).describe('The switch; needed where several switches have such a port.'),
});

/** A physical server. Any of serial, uuid, macs, switchPort and bmc tells which machine it is. */
export const nodeSchema = z.strictObject({
  name: hostName.describe('Its name, which becomes its host name.'),
  role: nounName.describe('What it is for, one of roles.'),
  rack: optional(nounName).describe('Where it stands, one of racks.'),
  unit: optional(z.int().min(1).max(99)).describe('Lowest rack unit it fills, counted from the bottom.'),
  serial: optional(patterned('a serial number', /^[\x21-\x7e]([\x20-\x7e]{0,126}[\x21-\x7e])?$/)).describe(
    'Serial number, as on its label and in its firmware.',
  ),
  uuid: optional(uuid).describe("The firmware's system UUID."),
  macs: z
    .array(mac)
    .max(64)
    .default([])
    .describe('MAC addresses of its network cards, those that netboot first.'),
  switchPort: optional(switchPort).describe(
    'The switch port that it netboots by, as option 82 says it: a machine there is this node, whatever its MAC.',
  ),
  bmc: optional(bmcSchema).describe(
    'Its BMC: a host or URL alone, or a mapping. Without one it is switched on by hand.',
  ),
  address: optional(ipv4).describe('Address reserved for it in a provisioning network.'),
  address6: optional(ipv6).describe('IPv6 address reserved for it in a provisioning network.'),
  bootMode: optional(bootMode).describe("Its firmware, where it is not its role's."),
  rootDevice: optional(rootDeviceSchema).describe(
    "Which of its disks is written, instead of its role's hints.",
  ),
  traits: z.array(trait).max(50).default([]).describe("Traits besides its role's."),
  kernelArgs: kernelArgs
    .default('')
    .describe("Kernel arguments that the ramdisk gets on it, after its role's."),
  localDisk: optional(localDisk).describe(
    "How iPXE or GRUB hands over to its local disk, where it is not its role's way.",
  ),
  secureBoot: optional(z.boolean()).describe(
    'Whether it has Secure Boot on, where it is not as its role says.',
  ),
  quirks: bootQuirks.describe(
    'What its firmware cannot take: uefi-without-43 leaves option 43 out of ProxyDHCP offers to UEFI.',
  ),
  protected: z.boolean().default(false).describe('Nothing may wipe it, whoever asks.'),
  labels: z
    .record(nounName, label)
    .default({})
    .describe('Words of your own; selectors find them as label.NAME=VALUE.'),
});

export type WrittenNode = z.output<typeof nodeSchema>;
