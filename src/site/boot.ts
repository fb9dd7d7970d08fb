import { z } from 'zod';
import { kernelArgs, nounName, optional, patterned } from './vocabulary.ts';

const file = patterned('a file', /^[^\0\n]+$/);

/** How a machine is sent to its own disk, by whatever boot loader it has at that moment. */
export const localDisk = z.enum(['auto', 'sanboot', 'exit', 'exit-0', 'chainload']);

const toolSchema = z
  .strictObject({
    efi: file.optional().describe('EFI program, relative to the folder of site.yaml.'),
    kernel: file.optional().describe('Kernel, or anything that a BIOS boots like one.'),
    initrd: file.optional().describe("The kernel's initial ramdisk."),
    args: kernelArgs.optional().describe("The kernel's command line."),
    iso: file.optional().describe('ISO image that iPXE reads as it needs it; not for Secure Boot.'),
    firmware: z
      .enum(['bios', 'uefi', 'any'])
      .default('any')
      .describe('What firmware it is for; an EFI program is for uefi whatever stands here.'),
    architecture: z.enum(['x86_64', 'aarch64']).default('x86_64').describe('What processors it runs on.'),
  })
  .superRefine((tool, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const sources = [tool.efi, tool.kernel, tool.iso].filter((source) => source !== undefined);
    if (sources.length !== 1)
      wrong([], `want exactly one of efi, kernel and iso, got ${sources.length || 'none'}`);
    for (const key of ['initrd', 'args'] as const)
      if (tool[key] !== undefined && tool.kernel === undefined) wrong([key], `only a kernel has ${key}`);
  });

export type SiteTool = z.output<typeof toolSchema>;

/** What machines boot besides the agent, and how. */
export const bootSchema = z.strictObject({
  secureBoot: z
    .boolean()
    .default(false)
    .describe(
      'Whether UEFI machines get the signed chain (shim, GRUB, Debian kernel) by PXE; their firmware does not tell.',
    ),
  menuSeconds: optional(z.int().min(1).max(600)).describe(
    'How long the menu for people at a console waits before it goes on by itself; no menu when absent.',
  ),
  tools: z
    .record(nounName, toolSchema)
    .default({})
    .describe('Programs of your own that "blackstart nodes boot NODE --once TOOL" starts, by name.'),
  raspberryPi: optional(file).describe(
    'Folder with the boot files of Raspberry Pis: in SERIAL/ for one of them, at its top for all.',
  ),
  programs: z
    .record(patterned('a name like snponly-arm64.efi', /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), file)
    .default({})
    .describe('Network boot programs of your own, under the names that machines ask for.'),
});
