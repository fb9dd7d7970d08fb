import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Boot, bootMachine, kernelFetched } from './boot-machine.ts';
import { FIRMWARES } from './firmware.ts';
import { type FirmwareCase, firmwareCases, MODES } from './matrix.ts';
import { NeighbourDhcp } from './neighbour-dhcp.ts';
import { report } from './report.ts';
import { InteropSeed } from './seed.ts';
import { type Mode, Segment } from './segment.ts';

const cannot = process.getuid?.() === 0 ? null : 'network namespaces need root';
if (cannot) console.log(`skipped: ${cannot}`);

describe.skipIf(cannot !== null).each(MODES)('%s DHCP', (mode) => {
  const groups = Map.groupBy(firmwareCases(mode), ({ secureBoot, byGrub }) =>
    secureBoot ? 'with boot.secureBoot' : byGrub ? 'by GRUB' : 'by iPXE',
  );
  for (const [name, cases] of groups) describe(name, () => boots(mode, cases));
});

function boots(mode: Mode, cases: readonly FirmwareCase[]): void {
  const secureBoot = cases.some((one) => one.secureBoot);
  const segment = new Segment(mode);
  const dir = mkdtempSync(join(tmpdir(), 'bs-interop-'));
  const seed = new InteropSeed(segment, join(dir, 'seed'));
  const neighbour = new NeighbourDhcp(segment, dir, { namesSeed: cases.some((one) => one.byGrub) });
  beforeAll(async () => {
    await segment.open();
    await seed.start(`boot: { secureBoot: ${secureBoot} }\n`);
    await neighbour.start();
  });
  afterAll(async () => {
    await neighbour.stop();
    await seed.stop();
    await segment.close();
    if (process.env['BLACKSTART_KEEP_LAB'] === undefined) rmSync(dir, { recursive: true });
  });

  for (const { title, firmware, loss, expected } of cases) {
    const machine = FIRMWARES[firmware];
    const missing = machine.needs.filter((file) => !existsSync(file));
    if (missing.length > 0) console.log(`skipped: ${title}: there is no ${missing.join(', ')}`);
    test.skipIf(missing.length > 0)(title, { timeout: machine.limitMs + 60_000 }, async () => {
      await segment.lose(loss);
      const name = `${mode}-${firmware}${loss > 0 ? '-loss' : ''}${secureBoot ? '-signed' : ''}`;
      const boot = await bootMachine(machine, segment, seed, join(dir, name), ENDS[expected]);
      await segment.lose(0);
      report(title, `${mode}, ${loss} % loss`, boot.seconds);
      expect(stages(boot), story(boot)).toEqual(expect.arrayContaining(STAGES[expected]));
      if (expected === 'refused') expect(stages(boot)).not.toContain('script');
    });
  }
}

const REFUSED = /Access Denied|Security Violation/;

const ENDS = {
  kernel: kernelFetched,
  script: (trace) => trace.some(({ stage }) => stage === 'script'),
  refused: (_trace, console) => REFUSED.test(console),
} satisfies Record<FirmwareCase['expected'], Parameters<typeof bootMachine>[4]>;

/** What the trace, and for a refusal the console, must have. */
const STAGES = {
  kernel: ['dhcp', 'script', 'kernel completed'],
  script: ['dhcp', 'tftp program completed', 'script'],
  refused: ['dhcp', 'tftp program completed', 'refused by the firmware'],
} satisfies Record<FirmwareCase['expected'], readonly string[]>;

const stages = ({ trace, console }: Boot): string[] => [
  ...trace.flatMap(({ stage, decision }) => [stage.split(' ')[0] ?? '', stage, `${stage} ${decision}`]),
  ...(REFUSED.test(console) ? ['refused by the firmware'] : []),
];

const story = ({ trace, console }: Boot): string =>
  [
    ...trace.map(({ stage, decision, reason }) => `${stage}: ${decision}: ${reason}`),
    console.slice(-2000),
  ].join('\n');
