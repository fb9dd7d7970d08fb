import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CapturedUdp, udpPayloads } from '../pcap.ts';
import { testDataFolder } from '../test-data.ts';

const OWN = fileURLToPath(new URL('../captures', import.meta.url));

/** Payloads of captured datagrams: the project's own captures, and those of others where they are at hand. */
export function capturedPayloads(isWanted: (datagram: CapturedUdp) => boolean): Uint8Array[] {
  const folders = [
    OWN,
    ...['2-packets', '6-firmware-captures'].flatMap((name) => testDataFolder(name) ?? []),
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.pcap(ng)?$/.test(name))
      .map((name) => join(folder, name)),
  );
  return files
    .flatMap((file) => udpPayloads(readFileSync(file)))
    .filter(isWanted)
    .map(({ payload }) => new Uint8Array(payload));
}
