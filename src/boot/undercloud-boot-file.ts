import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BootIntent } from '../core/boot-node.ts';
import { hyphenMac } from '../wire/mac.ts';

/**
 * The intent that Ironic's own boot file for a MAC stands for; null while there is none. Ironic writes it when it
 * wants the machine booted (deploying, cleaning, inspecting) and removes it at the end. One stat, fit for the packet
 * loop.
 */
export function findUndercloudBootFile(httpRoot: string, mac: string): BootIntent | null {
  const path = `pxelinux.cfg/${hyphenMac(mac)}`;
  if (!existsSync(join(httpRoot, path))) return null;
  return { kind: 'undercloud', path, reason: 'Ironic has written a boot file for it' };
}
