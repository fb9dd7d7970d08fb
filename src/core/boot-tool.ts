/** Files that a machine can be started with, by their paths on the boot server: the same by HTTP and by TFTP. */
export type BootFiles =
  | { readonly kind: 'efi'; readonly path: string }
  | {
      readonly kind: 'kernel';
      readonly path: string;
      readonly initrd: string | null;
      readonly args: string;
    }
  | { readonly kind: 'iso'; readonly path: string };

/** A program of the site's own, such as a vendor's firmware update: what it does to a disk is not known here. */
export interface BootTool {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi' | 'any';
  readonly cpu: 'x86_64' | 'arm64';
  readonly files: BootFiles;
}

interface ToolClient {
  readonly firmware: 'bios' | 'uefi' | 'other';
  readonly cpu: string;
  /** GRUB starts it, not iPXE. */
  readonly grub: boolean;
}

/** Why a machine cannot start this tool; null when it can. */
export function whyNotTool(tool: BootTool, { firmware, cpu, grub }: ToolClient): string | null {
  const named = `the tool "${tool.name}"`;
  if (tool.cpu !== cpu) return `${named} is for ${tool.cpu}, the machine is ${cpu}`;
  if (tool.firmware !== 'any' && tool.firmware !== firmware)
    return `${named} is for ${tool.firmware}, the machine has ${firmware}`;
  if (tool.files.kind === 'efi' && firmware !== 'uefi') return `${named} is an EFI program`;
  if (tool.files.kind === 'iso' && grub)
    return `${named} is an ISO image, which GRUB cannot boot from a network`;
  return null;
}
