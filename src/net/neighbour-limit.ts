import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FAMILIES = ['ipv4', 'ipv6'] as const;
/** Below the first none is forgotten; above the second old ones are; the third is the most there may be. */
const LEVELS = ['gc_thresh1', 'gc_thresh2', 'gc_thresh3'] as const;
/** An entry takes some 400 bytes of the kernel's memory, and only once there is one. */
const MOST_ADDRESSES = 16_384;

/** What `sysctl` calls a limit, what it was, and what it is now. */
export interface RaisedLimit {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Makes room for so many machines in the kernel's table of neighbours if it has less than twice that; tells what was raised.
 * Linux keeps 1,024 for all interfaces and namespaces together. Once it is full, nothing more is sent to further
 * machines, DHCP's broadcasts included, and no program is told: measured by `npm run bench -- storm`, 880 of 1,000
 * machines did not boot. Empty where the limits cannot be seen, which is so in a network namespace.
 */
export function makeRoomForNeighbours(addresses: number, root = '/proc/sys/net'): RaisedLimit[] {
  const wanted = Math.min(addresses, MOST_ADDRESSES);
  return FAMILIES.flatMap((family) => {
    const folder = join(root, family, 'neigh/default');
    if ((readLimit(join(folder, 'gc_thresh3')) ?? 0) >= 2 * wanted) return [];
    return LEVELS.flatMap((level, index) => {
      const file = join(folder, level);
      const from = readLimit(file);
      const to = wanted * 2 ** index;
      if (from === null || from >= to) return [];
      writeFileSync(file, `${to}\n`);
      return [{ name: `net.${family}.neigh.default.${level}`, from, to }];
    });
  });
}

function readLimit(file: string): number | null {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
