import { resolve } from 'node:path';
import type { BootTool } from '../core/boot-tool.ts';
import { bootPath } from '../core/boot-urls.ts';
import type { SiteTool } from '../site/boot.ts';
import type { LoadedSite } from '../site/load-site.ts';

/** Where Debian keeps the network boot programs, by the name that machines ask for. */
export const BOOT_PROGRAMS = {
  'undionly.kpxe': { file: '/usr/lib/ipxe/undionly.kpxe', debianPackage: 'ipxe' },
  'snponly.efi': { file: '/usr/lib/ipxe/snponly.efi', debianPackage: 'ipxe' },
} as const;

/** Debian's iPXE, what was fetched besides, and the site's own, which stands in for either. */
export function bootPrograms(
  { site, dir }: Pick<LoadedSite, 'site' | 'dir'>,
  fetched: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = Object.entries(site.boot.programs).map(([name, file]) => [name, resolve(dir, file)]);
  return Object.fromEntries([
    ...Object.entries(BOOT_PROGRAMS).map(([name, { file }]) => [name, file]),
    ...Object.entries(fetched),
    ...own,
  ]);
}

const CPUS = { x86_64: 'x86_64', aarch64: 'arm64' } as const;

/** A tool's files by what they are, and the names they are served under. */
const toolFiles = (name: string, tool: SiteTool): Record<string, string> =>
  Object.fromEntries(
    (['efi', 'kernel', 'initrd', 'iso'] as const).flatMap((part) => {
      const file = tool[part];
      return file === undefined ? [] : [[`${name}.${part}`, file]];
    }),
  );

/** The site's tools as the boot decision knows them. */
export const bootTools = ({ site }: Pick<LoadedSite, 'site'>): Record<string, BootTool> =>
  Object.fromEntries(
    Object.entries(site.boot.tools).map(([name, tool]) => [name, bootTool(name, tool)] as const),
  );

function bootTool(name: string, tool: SiteTool): BootTool {
  const path = (part: string) => bootPath.tool(`${name}.${part}`);
  const cpu = CPUS[tool.architecture];
  if (tool.efi !== undefined)
    return { name, cpu, firmware: 'uefi', files: { kind: 'efi', path: path('efi') } };
  if (tool.iso !== undefined)
    return { name, cpu, firmware: tool.firmware, files: { kind: 'iso', path: path('iso') } };
  const initrd = tool.initrd === undefined ? null : path('initrd');
  const files = { kind: 'kernel', path: path('kernel'), initrd, args: tool.args ?? '' } as const;
  return { name, cpu, firmware: tool.firmware, files };
}

/** Where the files of all tools are, by the names they are served under. */
export const toolPaths = ({ site, dir }: Pick<LoadedSite, 'site' | 'dir'>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(site.boot.tools).flatMap(([name, tool]) =>
      Object.entries(toolFiles(name, tool)).map(([served, file]) => [served, resolve(dir, file)]),
    ),
  );
