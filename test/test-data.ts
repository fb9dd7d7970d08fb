import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Third-party test data: read where it lies, beside the checkout unless told otherwise; never copied. */
export const TEST_DATA =
  process.env['BLACKSTART_TEST_DATA'] ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

/** A folder of the test data, or null with a line that says so when it is absent. */
export function testDataFolder(name: string): string | null {
  const folder = join(TEST_DATA, name);
  if (existsSync(folder)) return folder;
  console.log(`skipped: no test data at ${folder}; set BLACKSTART_TEST_DATA`);
  return null;
}
