// `npm run bench -- NAME [--json FILE] [--quick] [--runs N]`: measures the servers against those they replace.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import type { Report } from './findings.ts';
import { describeMachine, noteOnLoad } from './machine.ts';
import { printReport } from './print-report.ts';

const BENCHES: Readonly<Record<string, () => Promise<{ bench: Bench }>>> = {
  dhcp: () => import('./dhcp/bench.ts'),
  http: () => import('./http/bench.ts'),
  tftp: () => import('./tftp/bench.ts'),
  storm: () => import('./storm/bench.ts'),
};

const RUNS = 5;
const QUICK_RUNS = 1;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, quick: { type: 'boolean' }, runs: { type: 'string' } },
  });
  const [name = ''] = positionals;
  const found = BENCHES[name];
  if (!found || process.getuid?.() !== 0) {
    const why = found ? 'it must run as root: it makes network namespaces' : `no benchmark "${name}"`;
    process.stderr.write(
      `bench: ${why}\n  npm run bench -- ${Object.keys(BENCHES).join('|')} [--json FILE] [--quick] [--runs N]\n`,
    );
    return 2;
  }
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  const quick = values.quick ?? false;
  const loadNotes = noteOnLoad();
  const { bench } = await found();
  const findings = await bench.run({
    quick,
    runs: Number(values.runs ?? (quick ? QUICK_RUNS : RUNS)),
    say: (line) => process.stderr.write(`${line}\n`),
    signal: interrupted.signal,
  });
  const report: Report = {
    bench: name,
    machine: describeMachine(),
    ...findings,
    notes: [...loadNotes, ...findings.notes],
  };
  process.stdout.write(printReport(report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  return 0;
}

process.exit(await main());
