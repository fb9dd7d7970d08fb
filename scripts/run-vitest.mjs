// Runs one tier of the tests and writes its tally as JSON: `node scripts/run-vitest.mjs TIER FILE`. Needs Node 24.
import { writeFileSync } from 'node:fs';
import { startVitest } from 'vitest/node';
import { tallyRun } from './tally.mjs';

const [tier = '', file = ''] = process.argv.slice(2);
const tally = {
  onTestRunEnd: (modules, errors) => writeFileSync(file, JSON.stringify(tallyRun(tier, modules, errors))),
};
const vitest = await startVitest([], {
  run: true,
  watch: false,
  project: [tier],
  reporters: ['default', tally],
});
await vitest.close();
