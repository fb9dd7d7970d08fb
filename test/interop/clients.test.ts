import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bare, configured, DHCP_PROGRAMS, FETCH_PROGRAMS, sameFile } from './clients.ts';
import { LOSSES, programsAt } from './matrix.ts';
import { report } from './report.ts';
import { InteropSeed } from './seed.ts';
import { Segment } from './segment.ts';

const FILE = 'snponly.efi';
const ORIGINAL = `/usr/lib/ipxe/${FILE}`;

describe('authoritative', () => {
  const segment = new Segment('authoritative');
  const dir = mkdtempSync(join(tmpdir(), 'bs-interop-'));
  const place = { segment, dir };
  const seed = new InteropSeed(segment, join(dir, 'seed'));
  beforeAll(async () => {
    await segment.open();
    await seed.start();
  });
  afterAll(async () => {
    await seed.stop();
    await segment.close();
    if (process.env['BLACKSTART_KEEP_LAB'] === undefined) rmSync(dir, { recursive: true });
  });
  describe.each(LOSSES)('with a loss of %i percent', (percent) => {
    beforeAll(() => segment.lose(percent));
    afterAll(() => segment.lose(0));
    test.each(programsAt(DHCP_PROGRAMS, percent))('$name gets an address', async (client) => {
      await bare(place);
      const startedAtMs = Date.now();
      expect(await client.lease(place)).toMatch(/^10\.91\.0\.1\d\d$/);
      report(client.name, `authoritative, ${percent} % loss`, (Date.now() - startedAtMs) / 1000);
    });
    test.each(programsAt(FETCH_PROGRAMS, percent))('$name gets the whole file', async (client) => {
      await configured(place);
      const into = join(dir, 'got');
      rmSync(into, { force: true });
      const startedAtMs = Date.now();
      const { exitCode, stderr } = await client.fetch(place, seed.address, FILE, into);
      expect([exitCode, sameFile(into, ORIGINAL)], stderr).toEqual([0, true]);
      report(client.name, `authoritative, ${percent} % loss`, (Date.now() - startedAtMs) / 1000);
    });
  });
});
