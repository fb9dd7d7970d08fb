import type { BootStage } from '../core/boot-stages.ts';

/** Ironic names its files by what they are: `<uuid>/deploy_kernel`, `pxelinux.cfg/<mac>`, `<uuid>/config`. */
export function ironicStage(path: string): BootStage {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/(^|_)kernel$/.test(name)) return 'kernel';
  if (/(^|_)ramdisk$/.test(name)) return 'ramdisk';
  if (path.startsWith('pxelinux.cfg/') || name === 'config' || name.endsWith('.ipxe')) return 'script';
  return path.startsWith('agent_images/') ? 'image' : 'http file';
}
