import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../exec/run.ts';
import type { Report } from './cache.ts';

/** Packs a root as a newc cpio, compressed by lz4 in the legacy format that the kernel's unpacker reads. */
export async function packInitramfs(
  root: string,
  target: string,
  report: Report,
  signal?: AbortSignal,
): Promise<void> {
  report('packing the initramfs');
  for (const folder of [
    'var/log',
    'var/cache',
    'var/lib/ironic-python-agent',
    'proc',
    'sys',
    'run',
    'tmp',
    'dev',
  ])
    await mkdir(join(root, folder), { recursive: true });
  const pack =
    'cd "$1" && find . -print0 | sort -z | cpio --null --create --format=newc --quiet --reproducible | lz4 -l -9 -f -q - "$2"';
  await run('bash', ['-o', 'pipefail', '-c', pack, 'pack', root, target], signal ? { signal } : {});
}
