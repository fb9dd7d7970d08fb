import type { BootClient } from './boot-decision.ts';

/** Raspberry Pi (Trading) Ltd and the Foundation in IEEE's registry: boards' own network cards. */
const OUIS: ReadonlySet<string> = new Set([
  'b8:27:eb',
  'dc:a6:32',
  'e4:5f:01',
  '28:cd:c1',
  'd8:3a:dd',
  '2c:cf:67',
  '88:a2:9e',
]);

/** Option 97 of a Pi 4's and 5's boot ROM begins with "RPi4" or "RPi5", in the order of its bytes. */
const UUID_STARTS = ['52506934', '52506935'];

/** A Pi's ROM reports architecture 0, as an x86 BIOS does: only its MAC address or its UUID tells. */
export const isRaspberryPi = ({ kind, arch, mac, uuid }: BootClient): boolean =>
  kind === 'PXEClient' &&
  arch === 0 &&
  (OUIS.has(mac.slice(0, 8)) || UUID_STARTS.some((start) => uuid?.startsWith(start) === true));

/** The file a Pi asks for: `SERIAL/start4.elf`, its serial number being 8 hexadecimal digits; null for other names. */
export function parsePiPath(path: string): { serial: string; file: string } | null {
  const parts = /^([0-9a-f]{8})\/([A-Za-z0-9][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9][A-Za-z0-9._+-]*)*)$/.exec(path);
  return parts?.[1] && parts[2] ? { serial: parts[1], file: parts[2] } : null;
}
