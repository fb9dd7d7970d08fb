import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RackSpec } from './machine.ts';

const fileIn = (rackDir: string): string => join(rackDir, 'rack.json');

/** Leaves the rack's description for the rack process; 0600, since BMC passwords are in it. */
export async function writeRackSpec(spec: RackSpec): Promise<void> {
  await mkdir(spec.dir, { recursive: true, mode: 0o700 });
  const file = fileIn(spec.dir);
  await writeFile(`${file}.new`, JSON.stringify(spec, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** What `writeRackSpec` wrote. */
export const readRackSpec = async (rackDir: string): Promise<RackSpec> =>
  JSON.parse(await readFile(fileIn(rackDir), 'utf8'));
