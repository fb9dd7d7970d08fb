import { z } from 'zod';
import { localDisk } from './boot.ts';
import { rootDeviceSchema } from './root-device.ts';
import { bootMode, kernelArgs, nounName, optional, patterned } from './vocabulary.ts';

/** Ironic and Placement: upper case; a site's own begin with CUSTOM_. */
export const trait = patterned('a trait like CUSTOM_GPU_A100', /^[A-Z][A-Z0-9_]{0,254}$/);

/** What machines of one kind have in common. */
export const roleSchema = z.strictObject({
  image: nounName.describe('Image that is written to them, one of images.'),
  rootDevice: optional(rootDeviceSchema).describe(
    'Which disk is written. All hints that are given must hold.',
  ),
  bootMode: optional(bootMode).describe('Their firmware; whatever they boot with when absent.'),
  resourceClass: patterned('a resource class of 80 characters at most', /^[A-Za-z0-9_.-]{1,80}$/)
    .default('baremetal')
    .describe("Ironic's resource class: what kind of machine a request gets."),
  traits: z.array(trait).max(50).default([]).describe('Traits that Ironic shows for them.'),
  kernelArgs: kernelArgs
    .default('')
    .describe('Kernel arguments that the ramdisk gets on these machines besides.'),
  localDisk: localDisk
    .default('auto')
    .describe(
      'How iPXE or GRUB hands over to the local disk: auto (sanboot on BIOS, exit on UEFI), sanboot (iPXE), exit (with an error code), exit-0 (with success), or chainload (GRUB starts the loader on the disk).',
    ),
  secureBoot: optional(z.boolean()).describe(
    'Whether they have Secure Boot on, where it is not as boot.secureBoot says.',
  ),
  addressing: z
    .enum(['dhcp', 'static'])
    .default('dhcp')
    .describe(
      'How the deployed system gets its address: dhcp, or static (written into it; the node needs an address).',
    ),
  playbooks: z
    .array(nounName)
    .default([])
    .describe('Playbooks that are run on them once they are up, by name, in this order.'),
});

export type SiteRole = z.output<typeof roleSchema>;
