// `npm test`: sets this machine up, checks the code by its tools, runs every tier of the tests, and ends with one line.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runProgram } from './run-program.mjs';
import { ROOT, setUp } from './setup.mjs';
import { runScript, SetupError } from './setup-error.mjs';
import { failWrongSkips, lastLine } from './tally.mjs';

/** Each counts as one test: it says nothing, or what is wrong. */
const CHECKS = [
  { name: 'types', args: ['tsc', '--noEmit'] },
  { name: 'format and lint', args: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'promises and switches', args: ['eslint', 'src', 'test'] },
  { name: 'imports point one way', args: ['depcruise', '--config', '.dependency-cruiser.cjs', 'src'] },
  { name: 'dead code', args: ['knip'] },
];
const TIERS = ['unit', 'host', 'interop', 'faults', 'rack'];
const say = (line) => process.stdout.write(`${line}\n`);

function readTier(args) {
  if (args.length === 0) return null;
  const [option, tier] = args;
  if (option === '--tier' && TIERS.includes(tier) && args.length === 2) return tier;
  throw new SetupError(
    `these are no arguments of npm test: ${args.join(' ')}`,
    `Use "npm test" or "npm test -- --tier ${TIERS.join('|')}".`,
  );
}

/** Our Node first, whatever started this; and CI, so that a missing golden file fails and is not written. */
const testEnvironment = () => ({
  ...process.env,
  PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
  CI: 'true',
});

async function timed(name, running) {
  const startedAtMs = Date.now();
  const part = await running;
  return { ...part, name, seconds: (Date.now() - startedAtMs) / 1000 };
}

async function runCheck({ name, args: [program, ...args] }, env) {
  const { exitCode, output } = await runProgram(program, args, { env, cwd: ROOT });
  if (exitCode !== 0) say(`${output.trimEnd()}\n`);
  return exitCode === 0
    ? { passed: 1, failures: [], skips: [] }
    : { passed: 0, failures: [`${name}: "${[program, ...args].join(' ')}" says no`], skips: [] };
}

async function runTier(tier, env) {
  const dir = mkdtempSync(join(tmpdir(), 'bs-tally-'));
  const file = join(dir, 'tally.json');
  const { exitCode } = await runProgram('node', ['scripts/run-vitest.mjs', tier, file], {
    env,
    cwd: ROOT,
    show: true,
  });
  const tally = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { passed: 0, failures: [`${tier}: vitest ended without a result`], skips: [] };
  rmSync(dir, { recursive: true, force: true });
  if (exitCode !== 0 && tally.failures.length === 0)
    tally.failures.push(`${tier}: vitest ended with exit code ${exitCode}`);
  return tally;
}

function conclude(parts) {
  const sum = {
    passed: parts.reduce((total, { passed }) => total + passed, 0),
    failures: parts.flatMap(({ failures }) => failures),
    skips: parts.flatMap(({ skips }) => skips),
  };
  const data = process.env.BLACKSTART_TEST_DATA ?? resolve(ROOT, '../shared/data');
  const result = failWrongSkips(sum, existsSync(data));
  say('');
  for (const { name, seconds } of parts) say(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
  for (const { name, reason } of result.skips) say(`skipped: ${name}${reason ? ` (${reason})` : ''}`);
  for (const failure of result.failures) say(`failed: ${failure}`);
  say(lastLine(result));
  return result.failures.length === 0 ? 0 : 1;
}

await runScript('test', async () => {
  const tier = readTier(process.argv.slice(2));
  const tiers = tier ? [tier] : TIERS;
  const parts = [];
  await setUp(tiers.join() === 'unit' ? 'unit' : 'test');
  const env = testEnvironment();
  if (tiers.includes('unit'))
    parts.push(...(await Promise.all(CHECKS.map((check) => timed(check.name, runCheck(check, env))))));
  for (const name of tiers) parts.push(await timed(`tier ${name}`, runTier(name, env)));
  return conclude(parts);
});
