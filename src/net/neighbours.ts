import { readFileSync } from 'node:fs';

const TABLE = '/proc/net/arp';
/** ATF_COM: the neighbour answered. */
const COMPLETE = 0x2;

/** The MAC that answers for an IPv4 address on an interface's wire, as the kernel knows; null when it knows none. */
export function neighbourMac(address: string, device: string, table = readTable()): string | null {
  for (const line of table.split('\n')) {
    const [ip, , flags, mac, , on] = line.split(/\s+/);
    if (ip === address && on === device && Number(flags) & COMPLETE) return mac?.toLowerCase() ?? null;
  }
  return null;
}

function readTable(): string {
  try {
    return readFileSync(TABLE, 'latin1');
  } catch {
    return ''; // no IPv4, or no /proc
  }
}
